-- Recovers a loop after an error in the loop itself, such as the one that Ctrl-C raises. Ctrl-C can interrupt the loop
-- anywhere, so a task may have lost its place in the queue, its timer or its results.

local tasks = require "dataworks.concurrency.task"
local timers = require "dataworks.concurrency.timers"

local M = {}

--- Queues each task that is not queued. Marks tasks whose coroutines have ended as failed.
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

--- Cancels all tasks after an error in the loop, and queues all of them, so that each task can end.
---@param loop dataworks.Loop
---@param err any the error
---@return any err the error; if it is text, with a line for each task that had failed before
function M.recover(loop, err)
  local full = loop.failed_tasks:append_to(err)
  tasks.forget_running()
  loop.timers = timers.new()
  loop:cancel_all()
  requeue(loop, err)
  return full
end

--- Runs a loop until all tasks have ended, and closes the loop. A first interruption, such as Ctrl-C, cancels all tasks
--- and lets them end. A second interruption drops the tasks. The first error is returned: the second often follows from
--- it.
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
