-- Finds a rate that the service bears: free until it throttles, then half of the rate measured just then, then slowly
-- more with each call that is not throttled. Pure functions over the bucket's table.

local bucket = require "dataworks.limit.bucket"

local M = {}

-- INCREASE is what the rate gains in each second in which it is used to the full, in calls a second.
local DECREASE, INCREASE, LOWEST = 0.5, 0.5, 0.5

-- A rate is measured over this, and halved once in it, in seconds.
local WINDOW = 1

---@class dataworks.Adaptive: dataworks.Bucket
---@field window number|nil when the second that is being counted began
---@field count number|nil attempts in it
---@field before number|nil attempts in the second before it
---@field cut number|nil when the rate was halved last

local function turn_over(state, now)
  local passed = now - (state.window or -math.huge)
  if passed >= 2 * WINDOW then
    state.window, state.before, state.count = now, 0, 0
  elseif passed >= WINDOW then
    state.window, state.before, state.count = state.window + WINDOW, state.count, 0
  end
end

--- Attempts in the last second, as far as two counts tell.
local function measured(state, now)
  turn_over(state, now)
  return (state.count + state.before * (1 - (now - state.window) / WINDOW)) / WINDOW
end

--- An attempt goes onto the wire.
---@param state dataworks.Adaptive
---@param now number
---@return number pace attempts in the second that ends with this one
function M.sent(state, now)
  turn_over(state, now)
  state.count = state.count + 1
  return measured(state, now)
end

--- Calls that were under way together are refused together, and quotas are counted by the second: that counts once.
---@param state dataworks.Adaptive
---@param now number
---@param sent number when the attempt that was refused went out
---@param pace number what `sent` gave it: its reply may have come long after
function M.throttled(state, now, sent, pace)
  if state.cut and (sent <= state.cut or now - state.cut < WINDOW) then
    return
  end
  local rate = math.min(math.max(measured(state, now), pace), state.rate or math.huge)
  bucket.set_rate(state, now, math.max(LOWEST, rate * DECREASE))
  state.cut = now
end

--- A reply that did not throttle.
---@param state dataworks.Adaptive
---@param now number
---@param highest number|nil
function M.passed(state, now, highest)
  if state.rate then
    bucket.set_rate(state, now, math.min(state.rate + INCREASE / state.rate, highest or math.huge))
  end
end

return M
