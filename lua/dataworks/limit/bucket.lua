-- A token bucket with numbered tokens: each call takes the next number, and may go once the level of the bucket has
-- risen to it. The numbers keep calls in order of arrival, without a stored queue. Pure functions over one table.

local M = {}

---@class dataworks.Bucket
---@field rate number|nil tokens a second; without one, only pauses delay calls
---@field level number at the time `since`
---@field since number monotonic; a pause moves it into the future, and the level does not rise before it
---@field next number|nil number of the next token
---@field returned table<number, number>|nil ranges of returned tokens: from the end (exclusive) to the first token

---@return dataworks.Bucket without a limit
function M.new()
  return { level = 0, since = 0 }
end

local function level_at(state, now)
  return state.level + math.max(0, now - state.since) * (state.rate or 0)
end

local function update_level(state, now)
  state.level, state.since = level_at(state, now), math.max(state.since, now)
end

--- The new rate also applies to tokens that are taken already.
---@param state dataworks.Bucket
---@param now number
---@param rate number|nil
function M.set_rate(state, now, rate)
  if state.rate ~= rate then
    update_level(state, now)
    state.rate = rate
  end
end

--- Delays all calls; the level does not rise during the pause.
---@param state dataworks.Bucket
---@param now number
---@param seconds number
function M.pause(state, now, seconds)
  update_level(state, now)
  state.since = math.max(state.since, now + seconds)
end

local function drop_returned(state, level)
  for range_end in pairs(state.returned or {}) do
    if range_end <= level then
      state.returned[range_end] = nil
    end
  end
end

--- Takes the next token.
---@param state dataworks.Bucket
---@param now number
---@param burst integer how many unused tokens the bucket holds at most
---@return number token
function M.take(state, now, burst)
  local level = level_at(state, now)
  drop_returned(state, level)
  local oldest = level - (burst - 1)
  local token = math.max(state.next or oldest, oldest)
  state.next = token + 1
  return token
end

--- Returns an unused token. Later tokens keep their times; when they are returned too, in any order, the next calls
--- get the numbers again.
---@param state dataworks.Bucket
---@param token number
function M.give_back(state, token)
  local returned = state.returned or {}
  returned[token + 1], returned[token] = returned[token] or token, nil
  local last = state.next
  while returned[last] do
    last, returned[last] = returned[last], nil
  end
  state.next, state.returned = last, next(returned) and returned or nil
end

--- The time at which the holder of a token may go, by the present rate and pause.
---@param state dataworks.Bucket
---@param token number|nil without one, only a pause delays the call
---@return number time
function M.due(state, token)
  if not token or not state.rate then
    return state.since
  end
  return state.since + math.max(0, token - state.level) / state.rate
end

return M
