-- Recovers a loop after an error in the loop's own code. Ctrl-C can raise such an error at any point. Afterwards, any
-- task may have lost its turn, its timer or its results.

local tasks = require "dataworks.concurrency.task"
local timers = require "dataworks.concurrency.timers"

local M = {}

--- Queues each task that is not queued. Marks tasks whose coroutines have ended as failed.
local function requeue(loop, err)
  local queued = {}
  for _, entry in ipairs(loop.ready:values()) do
    queued[entry[1]] = true
  end
  loop:recount()
  loop.transfers:recount()
  for task in pairs(loop.tasks) do
    if coroutine.status(task.thread) == "dead" then
      task:fail(err)
    else
      task.state = (task.state == "new" or task.state == "starting") and "new" or "ready"
      if not queued[task] then
        loop.ready:push { task, 0 }
      end
    end
  end
end

--- Cancels all tasks, and gives each task a turn in which it can end.
---@return any err the given error; if this error is text, a line for each task that failed before is appended
function M.recover(loop, err)
  local full = loop.failed_tasks:append_to(err)
  tasks.forget_running()
  loop.timers = timers.new()
  loop:cancel_all()
  requeue(loop, err)
  return full
end

--- Runs a loop until no task is left, and closes the loop. After the first interruption, all tasks are cancelled and
--- can end. After a second interruption, the remaining tasks are dropped. Returns the first error, because the second
--- error is often a consequence of the first.
function M.drive(loop)
  local ok, err = pcall(loop.drive, loop)
  if not ok then
    local recovered, full = pcall(M.recover, loop, err)
    -- Without a recovery, the tasks could wait for timers that are gone.
    if recovered then
      err = full
      pcall(loop.drive, loop)
    end
  end
  loop:close()
  return ok, err
end

return M
