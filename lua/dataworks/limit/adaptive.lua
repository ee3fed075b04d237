-- Finds the rate that a service accepts: unlimited until the first throttle, then a cubic curve that starts a little
-- below the accepted rate, flattens out there and rises beyond it. Pure functions over the table of a bucket.

local bucket = require "dataworks.limit.bucket"

local M = {}

-- The part of the accepted rate that the curve falls by, and the seconds until it is back.
local DECREASE, RECOVERY = 0.1, 6

-- Seconds. A rate is measured over this.
local WINDOW = 1

-- Seconds after a decrease in which throttles count for the requests that the old rate let pass.
local SETTLING = 1.2

-- Calls per second.
local MIN_RATE = 0.5

-- How many times the rate in use the limit may become.
local GROWTH = 2

---@class dataworks.Adaptive: dataworks.Bucket
---@field window_start number|nil when the present window began
---@field count number|nil requests in it
---@field previous_count number|nil requests in the window before it
---@field refused number|nil throttled replies in the present window
---@field previous_refused number|nil throttled replies in the window before it
---@field peak number|nil the accepted rate when the rate was last lowered
---@field lowered_at number|nil when the rate was last lowered
---@field is_first_lowering number|nil 1: there was no rate before it was last lowered

local function move_windows(state, now)
  local passed = now - (state.window_start or -math.huge)
  if passed >= 2 * WINDOW then
    state.window_start, state.previous_count, state.previous_refused = now, 0, 0
  elseif passed >= WINDOW then
    state.window_start = state.window_start + WINDOW
    state.previous_count, state.previous_refused = state.count, state.refused
  else
    return
  end
  state.count, state.refused = 0, 0
end

--- Events in the last second, estimated from two windows.
local function measure(state, now, count, before)
  return (count + before * (1 - (now - state.window_start) / WINDOW)) / WINDOW
end

local function sent_rate(state, now)
  return measure(state, now, state.count, state.previous_count)
end

--- Counts a request.
---@param state dataworks.Adaptive
---@param now number
---@return number pace requests in the second that ends with this one
function M.count_attempt(state, now)
  move_windows(state, now)
  state.count = state.count + 1
  return sent_rate(state, now)
end

local function lower_to(state, now, accepted)
  state.peak = math.max(MIN_RATE, accepted)
  bucket.set_rate(state, now, math.max(MIN_RATE, state.peak * (1 - DECREASE)))
end

--- Learns from a throttle. Requests that were in flight together are throttled together, and lower the rate once;
--- but without a rate before, each of them is one request less that the service accepted.
---@param state dataworks.Adaptive
---@param now number
---@param sent_at number when the throttled request was sent
---@param pace number that `count_attempt` returned for it: its reply may arrive much later
function M.lower(state, now, sent_at, pace)
  move_windows(state, now)
  state.refused = state.refused + 1
  local refused_rate = measure(state, now, state.refused, state.previous_refused)
  local accepted = math.max(pace, sent_rate(state, now)) - refused_rate
  if not state.lowered_at or sent_at > state.lowered_at and now - state.lowered_at >= SETTLING then
    state.is_first_lowering = not state.rate and 1 or nil
    lower_to(state, now, math.min(state.rate or math.huge, accepted))
    state.lowered_at = now
  elseif state.is_first_lowering then
    lower_to(state, now, math.min(state.peak, accepted))
  end
end

--- Learns from a reply that is not a throttle.
---@param state dataworks.Adaptive
---@param now number
---@param max_rate number|nil
function M.raise(state, now, max_rate)
  if not state.peak then
    return
  end
  local distance = (now - state.lowered_at) / RECOVERY - 1
  local rate = state.peak * (1 + DECREASE * distance ^ 3)
  -- Beyond the rate that is in use the curve is a guess.
  move_windows(state, now)
  local limit = math.min(GROWTH * math.max(state.peak, sent_rate(state, now)), max_rate or math.huge)
  bucket.set_rate(state, now, math.max(MIN_RATE, math.min(rate, limit)))
end

return M
