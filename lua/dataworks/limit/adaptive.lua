-- Finds the rate that the service accepts: no limit until the service throttles, then half of the measured rate, then a
-- slow rise with each reply that is not throttled. Pure functions over the table of a bucket.

local bucket = require "dataworks.limit.bucket"

local M = {}

-- INCREASE is the growth of the rate, in calls a second, during each second of full use.
local DECREASE, INCREASE, MIN_RATE = 0.5, 0.5, 0.5

-- Seconds over which the rate is measured, and in which it is halved at most once.
local WINDOW = 1

---@class dataworks.Adaptive: dataworks.Bucket
---@field window_start number|nil
---@field count number|nil attempts in the present window
---@field previous_count number|nil attempts in the window before
---@field lowered_at number|nil when the rate was last halved

local function move_window(state, now)
  local passed = now - (state.window_start or -math.huge)
  if passed >= 2 * WINDOW then
    state.window_start, state.previous_count, state.count = now, 0, 0
  elseif passed >= WINDOW then
    state.window_start, state.previous_count, state.count = state.window_start + WINDOW, state.count, 0
  end
end

--- Attempts in the last second, estimated from the counts of two windows.
local function measure(state, now)
  move_window(state, now)
  return (state.count + state.previous_count * (1 - (now - state.window_start) / WINDOW)) / WINDOW
end

--- Counts an attempt that is sent now.
---@param state dataworks.Adaptive
---@param now number
---@return number pace attempts in the second that ends now
function M.count_attempt(state, now)
  move_window(state, now)
  state.count = state.count + 1
  return measure(state, now)
end

--- Halves the rate after a throttled reply. Calls in flight together are throttled together, and quotas count by the
--- second: such replies halve the rate once.
---@param state dataworks.Adaptive
---@param now number
---@param sent_at number when the throttled attempt was sent
---@param pace number as measured at `sent_at`, since the reply may be late
function M.lower(state, now, sent_at, pace)
  if state.lowered_at and (sent_at <= state.lowered_at or now - state.lowered_at < WINDOW) then
    return
  end
  local rate = math.min(math.max(measure(state, now), pace), state.rate or math.huge)
  bucket.set_rate(state, now, math.max(MIN_RATE, rate * DECREASE))
  state.lowered_at = now
end

--- Raises the rate a little after a reply that is not throttled.
---@param state dataworks.Adaptive
---@param now number
---@param max_rate number|nil
function M.raise(state, now, max_rate)
  if state.rate then
    bucket.set_rate(state, now, math.min(state.rate + INCREASE / state.rate, max_rate or math.huge))
  end
end

return M
