-- A token bucket whose tokens are numbered: whoever comes takes the next number, and may go once the bucket's level has
-- risen to it. So all are served in the order they came, without a queue. Pure functions over a table of numbers.

local M = {}

---@class dataworks.Bucket
---@field rate number|nil tokens a second; nil while nothing is limited
---@field level number as it was at `since`
---@field since number in the time to come while a pause lasts: the level stands still until then
---@field next number|nil the number of the next token
---@field hole_from number|nil the newest run of tokens that were given back
---@field hole_to number|nil where that ends, exclusive

---@return dataworks.Bucket without a limit
function M.new()
  return { level = 0, since = 0 }
end

local function level(state, now)
  return state.level + math.max(0, now - state.since) * (state.rate or 0)
end

local function settle(state, now)
  state.level, state.since = level(state, now), math.max(state.since, now)
end

--- Those who wait already go by the new rate too.
---@param state dataworks.Bucket
---@param now number
---@param rate number|nil
function M.set_rate(state, now, rate)
  if state.rate ~= rate then
    settle(state, now)
    state.rate = rate
  end
end

--- Nobody goes until then; the bucket does not fill meanwhile.
---@param state dataworks.Bucket
---@param now number
---@param seconds number
function M.pause(state, now, seconds)
  settle(state, now)
  state.since = math.max(state.since, now + seconds)
end

--- Takes the next token.
---@param state dataworks.Bucket
---@param now number
---@param burst integer how many tokens the bucket holds
---@return number token
function M.take(state, now, burst)
  local fullest = level(state, now) - (burst - 1)
  local token = math.max(state.next or fullest, fullest)
  state.next = token + 1
  return token
end

--- A token that will not be used. Those that were taken after it keep their times; once they are given back too, all
--- of them are to be had again.
---@param state dataworks.Bucket
---@param token number
function M.give_back(state, token)
  if state.hole_to == token then
    state.hole_to = token + 1
  else
    state.hole_from, state.hole_to = token, token + 1
  end
  if state.hole_to == state.next then
    state.next, state.hole_from, state.hole_to = state.hole_from, nil, nil
  end
end

--- When the holder of a token may go, by what is known now.
---@param state dataworks.Bucket
---@param token number|nil without one only a pause holds up
---@return number time
function M.due(state, token)
  if not token or not state.rate then
    return state.since
  end
  return state.since + math.max(0, token - state.level) / state.rate
end

return M
