-- Finds the rate of requests that a service accepts. There is no limit until the service throttles a request. Each
-- throttle lowers the rate to a little below the accepted rate. The rate then grows along a cubic curve, which is flat
-- near the accepted rate and steep after it. The functions change only the table of a bucket.

local bucket = require "dataworks.limit.bucket"

local M = {}

-- A throttle lowers the rate by DECREASE, as a part of the accepted rate. After RECOVERY seconds, the curve reaches the
-- accepted rate again.
local DECREASE, RECOVERY = 0.1, 6

-- Seconds. The length of a window, over which a rate is measured.
local WINDOW = 1

-- Seconds. A throttle within this time after a decrease does not lower the rate again, because the request was sent at
-- the old rate.
local SETTLING = 1.2

-- Calls per second. The rate never falls below this value.
local MIN_RATE = 0.5

-- The rate is at most this many times the rate at which requests are actually sent.
local MAX_GROWTH = 2

---@class dataworks.Adaptive: dataworks.Bucket
---@field window_start number|nil the time at which the present window began
---@field count number|nil the number of requests in the present window
---@field previous_count number|nil the number of requests in the previous window
---@field refused number|nil the number of throttled replies in the present window
---@field previous_refused number|nil the number of throttled replies in the previous window
---@field peak number|nil the accepted rate, measured when the rate was last lowered
---@field lowered_at number|nil the time at which the rate was last lowered
---@field is_first_lowering number|nil 1 if the rate was lowered only once and there was no rate before; else nil

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

--- Estimates the events per second from their counts in the present and in the previous window.
local function measure(state, now, count, before)
  return (count + before * (1 - (now - state.window_start) / WINDOW)) / WINDOW
end

local function sent_rate(state, now)
  return measure(state, now, state.count, state.previous_count)
end

--- Counts a request.
---@return number pace the number of requests in the last second, including this request
function M.count_attempt(state, now)
  move_windows(state, now)
  state.count = state.count + 1
  return sent_rate(state, now)
end

local function lower_to(state, now, accepted)
  state.peak = math.max(MIN_RATE, accepted)
  bucket.set_rate(state, now, math.max(MIN_RATE, state.peak * (1 - DECREASE)))
end

--- Lowers the rate after a throttle. Requests that are in flight at the same time are often throttled together, and
--- such a group lowers the rate only once. The first lowering is an exception: each of these requests lowers the rate,
--- because each shows that the service accepted one request less.
---@param sent_at number the time at which the throttled request was sent
---@param pace number the result of `count_attempt` for the throttled request
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

--- Raises the rate along the curve, after a reply that is not a throttle.
function M.raise(state, now, max_rate)
  if not state.peak then
    return
  end
  local distance = (now - state.lowered_at) / RECOVERY - 1
  local rate = state.peak * (1 + DECREASE * distance ^ 3)
  -- A rate that is much higher than the rate of sent requests has not been tried, so the growth is limited.
  move_windows(state, now)
  local limit = math.min(MAX_GROWTH * math.max(state.peak, sent_rate(state, now)), max_rate or math.huge)
  bucket.set_rate(state, now, math.max(MIN_RATE, math.min(rate, limit)))
end

return M
