-- A single-flight latch. One task, the opener, fetches something. The other tasks that need the result wait until the
-- opener opens the latch.

local core = require "dataworks.core"
local tasks = require "dataworks.concurrency.task"

local M = {}

---@class dataworks.Latch
---@field wait fun(seconds: number): boolean|nil, table|nil returns whether the latch is open. Returns nil if the
--- caller can't wait here, or if the opener has ended and has not opened the latch. The error says why a wait was cut
--- short.
---@field open fun()
---@field run_detached? fun(fn: fun()): boolean|nil runs fn soon, and lets fn continue when the caller ends. Returns
--- nil if fn can't be started.

--- Waits until the latch is open, the opener ends, or `seconds` pass.
local function await(waiters, opener, task, seconds)
  local timers = task.loop.timers
  waiters[task], opener.joiners[task] = true, true
  local timer = timers:add(core.clock() + seconds, task.wake, task)
  task:suspend()
  timers:remove(timer)
  waiters[task], opener.joiners[task] = nil, nil
end

--- Creates a latch that the running task opens.
---@return dataworks.Latch|nil latch nil outside tasks
function M.new()
  local opener, open, waiters = tasks.current(), false, {}
  if not opener then
    return nil
  end
  return {
    wait = function(seconds)
      local task = tasks.current()
      if open then
        return true
      elseif not task or task.loop ~= opener.loop then -- the opener can't run while the caller blocks the thread
        return nil
      elseif not task.is_cancelled and not opener:is_completed() and seconds > 0 then
        await(waiters, opener, task, seconds)
      end
      if not open and task.is_cancelled then
        return false, tasks.cancelled_error()
      elseif not open and opener:is_completed() then
        return nil
      end
      return open
    end,
    open = function()
      open = true
      for task in pairs(waiters) do
        task:wake()
      end
    end,
  }
end

return M
