-- A single-flight latch: one task, its opener, fetches something, and the other tasks that need it wait until the latch
-- is open.

local core = require "dataworks.core"
local tasks = require "dataworks.concurrency.task"

local M = {}

---@class dataworks.Latch
---@field wait fun(seconds: number): boolean|nil, table|nil is it open? nil: waiting here is not possible, or the opener
--- has ended without opening it. The error is that of a wait that was cut short
---@field open fun()
---@field run_detached? fun(fn: fun()): boolean|nil runs fn soon, and on when its caller ends; nil: there is no room

--- Waits until the latch is open, the opener ends, or `seconds` pass.
local function await(waiters, opener, task, seconds)
  local timers = task.loop.timers
  waiters[task], opener.joiners[task] = true, true
  local timer = timers:add(core.clock() + seconds, task.wake, task)
  task:suspend()
  timers:remove(timer)
  waiters[task], opener.joiners[task] = nil, nil
end

--- A latch that the running task is to open.
---@return dataworks.Latch|nil nil outside tasks
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
      elseif not task or task.loop ~= opener.loop then -- the opener can't run while this blocks
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
