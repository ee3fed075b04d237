-- Runs the tasks in timers of nginx, so that no request has to wait for a task.

local carriers = require "carriers"
local dataworks = require "dataworks"
local tasks = require "tasks"

local M = {}

local MAX_RUNNING = 500 -- tasks that a worker runs at once; other tasks wait
local INTERVAL = 1      -- seconds between searches for tasks that no worker runs

local running, count = {}, 0
local client

--- Returns the client of this worker. Its access key and endpoint come from the environment.
function M.client()
  client = client or dataworks.new { limit = { qps = 20, dict = "limits" } }
  return client
end

local PROGRESS = { begun = 0, generated = 0.25, configured = 0.75, created = 1 }

--- Returns a progress that comes closer to the next step with each poll. The number of polls is not known in advance.
local function polling_progress(attempt)
  return 0.7 - 0.45 * 0.8 ^ attempt
end

--- Converts an id to text, because JavaScript rounds large numbers.
local function id_text(id)
  return type(id) == "number" and ("%.0f"):format(id) or id
end

--- Stores the progress that an event of the client reports.
local function record_progress(task, event)
  task.step = event.step
  task.progress = math.max(task.progress, PROGRESS[event.step] or polling_progress(event.attempt or 0))
  task.attempt = event.attempt
  task.ProcessId = id_text(event.ProcessId) or task.ProcessId
  task.FileId = id_text(event.FileId) or task.FileId
  tasks.update(task)
end

local SHOWN = { "kind", "message", "advice", "path", "code", "action", "request_id" }

--- Returns the fields of an error that the service shows to its clients.
local function shown_error(err)
  local fields = {}
  for _, name in ipairs(SHOWN) do
    fields[name] = err[name]
  end
  return fields
end

--- Renews the lease. If the lease is lost, another worker runs the task: raises an error, which ends the flow.
local function check_lease(run)
  run.is_lost = not tasks.renew(run.task.id, ngx.worker.pid())
  if run.is_lost then
    error("another worker runs the task", 0)
  end
end

--- If this worker exits, raises an error, which ends the flow. Another worker resumes the flow.
local function check_exiting(run)
  run.is_lost = ngx.worker.exiting()
  if run.is_lost then
    error("the worker exits", 0)
  end
end

--- Runs the task from a stored state, until the task ends or another worker has to run it.
local function resume(task, state)
  local run = { task = task, is_lost = false }
  local created, err = M.client():create_sync_task({}, {
    resume = state,
    on_step = function(now)
      check_lease(run)
      if not tasks.save_state(task.id, now) then
        ngx.log(ngx.WARN, "lua_shared_dict sync_states is full; a task that is resumed will repeat one call")
      end
      check_exiting(run)
    end,
    on_progress = function(event)
      check_lease(run)
      record_progress(task, event)
      check_exiting(run)
    end,
  })
  -- If the lease expired during the last call, another worker has the task now, and its result counts.
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

--- Runs a task that this worker has leased, and ends the lease.
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

--- Starts the task. Does nothing if a worker runs the task already, or if this worker runs its maximum of tasks.
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
    ngx.log(ngx.WARN, "a task has to wait, because nginx starts no timer: ", message)
  end
end

--- Renews the leases of this worker. Starts the tasks that no worker runs, for example after a worker has died.
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

--- Starts the background work of this worker. Called in the phase init_worker.
function M.start()
  assert(ngx.timer.at(0, search))
  assert(ngx.timer.every(INTERVAL, search))
end

return M
