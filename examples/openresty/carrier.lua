-- Carries tasks from their state to their end, each in a timer, so that nobody's request waits for it.

local dataworks = require "dataworks"
local tasks = require "tasks"

local M = {}

local MOST = 500   -- tasks that one worker carries at once; the others wait
local INTERVAL = 1 -- seconds between looks for tasks that nobody carries

local carried, count = {}, 0
local client

--- The worker's client, with the keys and the endpoint of the environment.
function M.client()
  client = client or dataworks.new { limit = { qps = 20, dict = "limits" } }
  return client
end

local PROGRESS = { begun = 0, generated = 0.25, configured = 0.75, created = 1 }

--- Nobody knows how many polls there will be: each comes a little closer to the next step.
local function polled(attempt)
  return 0.7 - 0.45 * 0.8 ^ attempt
end

--- Ids may be larger than a number of JavaScript's: they go out as text.
local function text_of(id)
  return type(id) == "number" and ("%.0f"):format(id) or id
end

local function note(task, event)
  task.step = event.step
  task.progress = math.max(task.progress, PROGRESS[event.step] or polled(event.attempt or 0))
  task.attempt = event.attempt
  task.ProcessId = text_of(event.ProcessId) or task.ProcessId
  task.FileId = text_of(event.FileId) or task.FileId
  tasks.update(task)
end

local TOLD = { "kind", "message", "advice", "path", "code", "action", "request_id" }

local function told(err)
  local fields = {}
  for _, name in ipairs(TOLD) do
    fields[name] = err[name]
  end
  return fields
end

--- Goes on from the state, to the end or until the task is another worker's.
local function go_on(task, state)
  local left = false
  local function stay_if(good)
    left = not good
    if left then
      error("left to another worker", 0)
    end
  end
  local function stay_if_held()
    stay_if(tasks.renew(task.id, ngx.worker.pid()))
  end
  local function stay_if_needed()
    stay_if(not ngx.worker.exiting())
  end
  local created, err = M.client():create_sync_task({}, {
    resume = state,
    on_step = function(now)
      stay_if_held()
      if not tasks.keep(task.id, now) then
        ngx.log(ngx.WARN, "lua_shared_dict sync_states is full; a task that is resumed will repeat a step")
      end
      stay_if_needed()
    end,
    on_progress = function(event)
      stay_if_held()
      note(task, event)
      stay_if_needed()
    end,
  })
  -- A call may have failed after its worker was thought dead: another one's word on the task is the last one then.
  if left or not tasks.renew(task.id, ngx.worker.pid()) then
    return
  end
  if created then
    task.step, task.progress, task.FileId = "created", 1, text_of(created.FileId)
  else
    task.error = told(err)
  end
  tasks.finish(task, err and err.state)
end

local function carry(premature, id)
  local task, state = tasks.get(id), tasks.state(id)
  if not premature and task and state then
    tasks.complete(task)
    task.ended, task.error = nil, nil
    local ok, message = xpcall(function() go_on(task, state) end, debug.traceback)
    if not ok then
      ngx.log(ngx.ERR, message)
      task.error = { kind = "internal", message = "the service failed; its log says where" }
      tasks.finish(task)
    end
  end
  carried[id], count = nil, count - 1
  tasks.let_go(id, ngx.worker.pid())
end

--- Has a timer carry the task, unless another worker does, or this one has enough to do.
---@param id string
function M.take(id)
  if carried[id] or count >= MOST or not tasks.lease(id, ngx.worker.pid()) then
    return
  end
  carried[id], count = true, count + 1
  local ok, message = ngx.timer.at(0, carry, id)
  if not ok then
    carried[id], count = nil, count - 1
    tasks.let_go(id, ngx.worker.pid())
    ngx.log(ngx.WARN, "a task has to wait: ", message)
  end
end

--- Takes what nobody carries: after a reload, and when another worker has died.
local function look(premature)
  if premature or ngx.worker.exiting() then
    return
  end
  for id in pairs(carried) do
    tasks.renew(id, ngx.worker.pid())
  end
  if count < MOST then
    for _, id in ipairs(tasks.open()) do
      M.take(id)
    end
  end
end

--- For init_worker.
function M.start()
  assert(ngx.timer.at(0, look))
  assert(ngx.timer.every(INTERVAL, look))
end

return M
