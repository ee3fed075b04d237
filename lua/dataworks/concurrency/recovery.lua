-- Recovery of a loop from an error out of its own steps. Ctrl-C raises one between any two steps, so any task may have
-- lost its turn, its timer or its results.

local tasks = require "dataworks.concurrency.task"
local timers = require "dataworks.concurrency.timers"

local M = {}

--- Queues each task that has lost its turn.
local function requeue(loop, err)
  local queued = {}
  for _, entry in ipairs(loop.ready:values()) do
    queued[entry[1]] = true
  end
  loop.alive = 0
  for _ in pairs(loop.tasks) do
    loop.alive = loop.alive + 1
  end
  for task in pairs(loop.tasks) do
    if coroutine.status(task.thread) == "dead" then
      task:fail(err)
    else
      task.state = task.state == "new" and "new" or "ready"
      if not queued[task] then
        loop.ready:push { task, 0 }
      end
    end
  end
end

--- Cancels all tasks, and makes sure that each has a turn in which it can end.
---@param loop dataworks.Loop
---@param err any
---@return any err with a line for each task that failed before
function M.recover(loop, err)
  local full = loop.failed_tasks:append_to(err)
  tasks.forget_running()
  loop.timers = timers.new()
  loop:cancel_all()
  requeue(loop, err)
  return full
end

--- Drives a loop until no task is left, and closes it. An interruption cancels all tasks and lets them end; a second
--- one drops them. The first error is returned: the second often follows from it.
---@param loop dataworks.Loop
---@return boolean ok
---@return any err
function M.drive(loop)
  local ok, err = pcall(loop.drive, loop)
  if not ok then
    err = M.recover(loop, err)
    pcall(loop.drive, loop)
  end
  loop:close()
  return ok, err
end

return M
