-- Runs tasks to their end in timers, so that no request waits for one.

local carriers = require "carriers"
local dataworks = require "dataworks"
local tasks = require "tasks"

local M = {}

local MAX_RUNNING = 500 -- tasks of one worker; the others wait
local INTERVAL = 1      -- seconds between searches for tasks that no worker runs

local running, count = {}, 0
local client

--- The worker's client, with the keys and the endpoint of the environment.
function M.client()
  client = client or dataworks.new { limit = { qps = 20, dict = "limits" } }
  return client
end

local PROGRESS = { begun = 0, generated = 0.25, configured = 0.75, created = 1 }

--- The number of polls is not known in advance: each poll comes a little closer to the next step.
local function polling_progress(attempt)
  return 0.7 - 0.45 * 0.8 ^ attempt
end

--- Ids are sent as text, because JavaScript rounds large ones.
local function id_text(id)
  return type(id) == "number" and ("%.0f"):format(id) or id
end

local function record_progress(task, event)
  task.step = event.step
  task.progress = math.max(task.progress, PROGRESS[event.step] or polling_progress(event.attempt or 0))
  task.attempt = event.attempt
  task.ProcessId = id_text(event.ProcessId) or task.ProcessId
  task.FileId = id_text(event.FileId) or task.FileId
  tasks.update(task)
end

local SHOWN = { "kind", "message", "advice", "path", "code", "action", "request_id" }

local function shown_error(err)
  local fields = {}
  for _, name in ipairs(SHOWN) do
    fields[name] = err[name]
  end
  return fields
end

--- Ends the flow when the lease is lost: another worker runs the task.
local function check_lease(run)
  run.is_lost = not tasks.renew(run.task.id, ngx.worker.pid())
  if run.is_lost then
    error("another worker runs the task", 0)
  end
end

--- Ends the flow when this worker exits: another worker resumes it.
local function check_exiting(run)
  run.is_lost = ngx.worker.exiting()
  if run.is_lost then
    error("the worker exits", 0)
  end
end

--- Runs the task from its state, to the end or until another worker has to run it.
local function resume(task, state)
  local run = { task = task, is_lost = false }
  local created, err = M.client():create_sync_task({}, {
    resume = state,
    on_step = function(now)
      check_lease(run)
      if not tasks.save_state(task.id, now) then
        ngx.log(ngx.WARN, "lua_shared_dict sync_states is full; a task that is resumed will repeat a step")
      end
      check_exiting(run)
    end,
    on_progress = function(event)
      check_lease(run)
      record_progress(task, event)
      check_exiting(run)
    end,
  })
  -- The lease may have expired during the last call: then the result of the other worker counts.
  if run.is_lost or not tasks.renew(task.id, ngx.worker.pid()) then
    return
  end
  if created then
    task.step, task.progress, task.FileId = "created", 1, id_text(created.FileId)
  else
    task.error = shown_error(err)
  end
  tasks.finish(task, err and err.state)
end

local function run_task(premature, id)
  local task, state = tasks.get(id), tasks.state(id)
  if not premature and task and state then
    tasks.complete_add(task)
    task.ended, task.error = nil, nil
    local ok, message = xpcall(function() resume(task, state) end, debug.traceback)
    if not ok then
      ngx.log(ngx.ERR, message)
      task.error = { kind = "internal", message = "the service failed; its log says where" }
      tasks.finish(task)
    end
  end
  running[id], count = nil, count - 1
  tasks.release(id, ngx.worker.pid())
end

--- Starts the task, unless some worker runs it already, or this one runs as many as it may.
---@param id string
function M.run(id)
  if running[id] or count >= MAX_RUNNING or not tasks.lease(id, ngx.worker.pid()) then
    return
  end
  running[id], count = true, count + 1
  local ok, message = carriers.run(run_task, id)
  if not ok then
    running[id], count = nil, count - 1
    tasks.release(id, ngx.worker.pid())
    ngx.log(ngx.WARN, "a task has to wait: ", message)
  end
end

--- Renews this worker's leases, and runs tasks that no worker runs: after a reload, or when a worker has died.
local function search(premature)
  if premature or ngx.worker.exiting() then
    return
  end
  carriers.check()
  for id in pairs(running) do
    tasks.renew(id, ngx.worker.pid())
  end
  if count < MAX_RUNNING then
    for _, id in ipairs(tasks.unfinished()) do
      M.run(id)
    end
  end
end

--- For init_worker.
function M.start()
  assert(ngx.timer.at(0, search))
  assert(ngx.timer.every(INTERVAL, search))
end

return M
