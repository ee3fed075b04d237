-- For tasks that wait until another one has done something for all.

local core = require "dataworks.core"

local M = {}

---@class dataworks.Gate
---@field wait fun(seconds: number): boolean|nil, table|nil is it open? nil: here it can't be waited for. And what cut
---  the wait short
---@field open fun()
---@field apart? fun(fn: fun()): boolean|nil runs it soon, where it outlives whoever asked; nil: no room for that

--- Until it is opened, or the opener has ended without that.
local function pass(waiters, opener, task, seconds)
  local timers = task.loop.timers
  waiters[task], opener.joiners[task] = true, true
  local timer = timers:add(core.clock() + seconds, task.wake, task)
  task:suspend()
  timers:remove(timer)
  waiters[task], opener.joiners[task] = nil, nil
end

---@param opener dataworks.Task
---@param current fun(): dataworks.Task|nil
---@param cancelled fun(): dataworks.Error
---@return dataworks.Gate
function M.new(opener, current, cancelled)
  local open, waiters = false, {}
  return {
    wait = function(seconds)
      local task = current()
      if open then
        return true
      elseif not task or task.loop ~= opener.loop then -- whose turn can't come meanwhile
        return nil
      elseif not task.is_cancelled and not opener.over and seconds > 0 then
        pass(waiters, opener, task, seconds)
      end
      if not open and task.is_cancelled then
        return false, cancelled()
      elseif not open and opener.over then
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
