-- A single-flight latch for the requests of a worker: one request does some work, and the others wait until that
-- request opens the latch.

local ngx = rawget(_G, "ngx")

local M = {}

--- Runs the function in a timer of nginx, which continues when the request ends. Returns nil if nginx has no free
--- timer.
local function run_detached(fn)
  return (ngx.timer.at(0, fn))
end

--- Creates a latch that is not open.
---@return dataworks.Latch|nil latch nil if lua-resty-core is missing
function M.new()
  local has_semaphores, semaphores = pcall(require, "ngx.semaphore")
  local semaphore, is_open = has_semaphores and semaphores.new(0), false
  if not semaphore then
    return nil
  end
  return {
    wait = function(seconds)
      if not is_open and seconds > 0 and semaphore:wait(seconds) then
        -- The post wakes only one waiter. It is repeated here, so that the next waiter wakes.
        semaphore:post(1)
      end
      return is_open
    end,
    open = function()
      is_open = true
      semaphore:post(1)
    end,
    run_detached = run_detached,
  }
end

return M
