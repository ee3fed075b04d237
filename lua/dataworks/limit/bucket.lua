-- A token bucket whose tokens are numbered: whoever comes takes the next number, and may go once the bucket's level has
-- risen to it. So all are served in the order they came, without a queue. Pure functions over a table of numbers.

local M = {}

---@class dataworks.Bucket
---@field rate number|nil tokens a second; nil while nothing is limited
---@field level number as it was at `since`
---@field since number in the time to come while a pause lasts: the level stands still until then
---@field next number|nil the number of the next token
---@field holes table<number, number>|nil runs of tokens that were given back: where each ends, exclusive, and begins

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

--- Holes whose time has passed.
local function forget(state, risen)
  for to in pairs(state.holes) do
    if to <= risen then
      state.holes[to] = nil
    end
  end
end

--- Takes the next token.
---@param state dataworks.Bucket
---@param now number
---@param burst integer how many tokens the bucket holds
---@return number token
function M.take(state, now, burst)
  local risen = level(state, now)
  if state.holes then
    forget(state, risen)
  end
  local fullest = risen - (burst - 1)
  local token = math.max(state.next or fullest, fullest)
  state.next = token + 1
  return token
end

--- A token that will not be used. Those that were taken after it keep their times; once they are given back too, in
--- whatever order, all of them are to be had again.
---@param state dataworks.Bucket
---@param token number
function M.give_back(state, token)
  local holes = state.holes or {}
  holes[token + 1], holes[token] = holes[token] or token, nil
  local last = state.next
  while holes[last] do
    last, holes[last] = holes[last], nil
  end
  state.next, state.holes = last, next(holes) and holes or nil
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
