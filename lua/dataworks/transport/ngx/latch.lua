-- A single-flight latch between requests of a worker: one works, the others wait until it opens the latch.

local ngx = rawget(_G, "ngx")

local M = {}

--- Runs the function in a timer, which outlives the request; nil when nginx has no timer left.
local function run_detached(fn)
  return (ngx.timer.at(0, fn))
end

---@return dataworks.Latch|nil latch nil without lua-resty-core
function M.new()
  local has_semaphores, semaphores = pcall(require, "ngx.semaphore")
  local semaphore, is_open = has_semaphores and semaphores.new(0), false
  if not semaphore then
    return nil
  end
  return {
    wait = function(seconds)
      if not is_open and seconds > 0 and semaphore:wait(seconds) then
        -- Post again, so that the next waiter wakes.
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
