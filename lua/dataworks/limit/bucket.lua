-- A token bucket whose tokens have numbers. Each call takes the next number. The level of the bucket rises with time,
-- and a call may start when the level reaches the number of its token. The numbers keep the calls in order of arrival
-- without a stored queue. The functions change only the table of a bucket.

local M = {}

---@class dataworks.Bucket
---@field rate number|nil tokens per second; without a rate, calls are delayed only by pauses
---@field level number the level at the time `since`
---@field since number monotonic seconds; the level rises from this time on, and during a pause this time is in the
--- future
---@field next number|nil the number of the next token
---@field returned table<number, number>|nil the ranges of returned tokens: the value is the first token of a range, and
--- the key is the token after the last one
---@field next_drop number|nil the level from which on passed ranges are dropped again

function M.new()
  return { level = 0, since = 0 }
end

local function level_at(state, now)
  return state.level + math.max(0, now - state.since) * (state.rate or 0)
end

local function update_level(state, now)
  state.level, state.since = level_at(state, now), math.max(state.since, now)
end

--- Sets the rate. The new rate also applies to tokens that were taken before.
function M.set_rate(state, now, rate)
  if state.rate ~= rate then
    update_level(state, now)
    state.rate = rate
  end
end

--- Starts a pause, which delays all calls. The level does not rise during the pause.
function M.pause(state, now, seconds)
  update_level(state, now)
  state.since = math.max(state.since, now + seconds)
end

--- Lowers the level to a value, if it is above the value.
function M.limit_level(state, now, level)
  update_level(state, now)
  state.level = math.min(state.level, level)
end

--- Drops the ranges that the level has passed. Looks at them only after the level has risen by a token, because there
--- can be as many ranges as waiting calls.
local function drop_returned(state, level)
  if level < (state.next_drop or level) then
    return
  end
  state.next_drop = level + 1
  for range_end in pairs(state.returned or {}) do
    if range_end <= level then
      state.returned[range_end] = nil
    end
  end
end

--- Takes the next token.
---@param burst integer the maximum number of unused tokens in the bucket
function M.take(state, now, burst)
  local level = level_at(state, now)
  drop_returned(state, level)
  local oldest = level - (burst - 1)
  local token = math.max(state.next or oldest, oldest)
  state.next = token + 1
  return token
end

--- Puts an unused token back into the bucket. The calls with later tokens keep their times. The number is used again
--- only when all later tokens are put back too, in any order.
function M.give_back(state, token)
  local returned = state.returned or {}
  returned[token + 1], returned[token] = returned[token] or token, nil
  local last = state.next
  while returned[last] do
    last, returned[last] = returned[last], nil
  end
  state.next, state.returned = last, next(returned) and returned or nil
end

--- Returns the time at which the level reached or reaches the number of a token, according to the present rate. A later
--- token has a later time.
function M.turn(state, token)
  return state.since + (token - state.level) / state.rate
end

--- Returns the time at which the call with this token may start, according to the present rate and pause.
---@param token number|nil nil for a call that only a pause delays
function M.due(state, token)
  if not token or not state.rate then
    return state.since
  end
  return math.max(state.since, M.turn(state, token))
end

return M
