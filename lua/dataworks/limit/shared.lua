-- The state of a limit in a lua_shared_dict, for all workers of an nginx.

local M = {}

-- All that is kept, in the order in which it is written; behind it some of the holes.
local FIELDS = { "rate", "level", "since", "next", "window", "count", "before", "cut" }
local HOLES = 4

-- The lock is held without yielding, for some microseconds. It outlasts a worker that was killed meanwhile by no more
-- than this, in seconds.
local LOCK_TIME = 1
local TRIES = 100

---@class dataworks.SharedState
---@field dict table
---@field key string
local Shared = {}
Shared.__index = Shared

--- Why there is no such dict.
---@param name string
---@return string|nil
function M.wrong(name)
  local ngx = rawget(_G, "ngx")
  if type(ngx) ~= "table" or not ngx.shared then
    return "dict is for nginx, whose workers share a lua_shared_dict; leave it out elsewhere"
  elseif not ngx.shared[name] then
    return ("nginx has no lua_shared_dict %s; add \"lua_shared_dict %s 64k;\" to its http block"):format(name, name)
  end
end

---@param name string of the lua_shared_dict
---@param key string of the limit in it
---@return dataworks.SharedState
function M.new(name, key)
  local dict = rawget(_G, "ngx").shared[name]
  return setmetatable({ dict = dict, name = name, key = "limit:" .. key, lock = "lock:" .. key }, Shared)
end

local function full(self, message)
  return { kind = "invalid", path = "limit.dict", sent = false,
    message = ("the lua_shared_dict %s can't be written: %s"):format(self.name, tostring(message)),
    advice = "Make it larger, and leave it to the limits alone" }
end

local function decode(text)
  local values = {}
  for word in (text or ""):gmatch("[^ ]+") do
    values[#values + 1] = tonumber(word) or false
  end
  local state = { level = 0, since = 0 }
  for i, name in ipairs(FIELDS) do
    state[name] = values[i] or state[name]
  end
  for i = #FIELDS + 1, #values, 2 do
    state.holes = state.holes or {}
    state.holes[values[i]] = values[i + 1]
  end
  return state
end

local function encode(state)
  local words = {}
  for i, name in ipairs(FIELDS) do
    words[i] = state[name] and ("%.17g"):format(state[name]) or "-"
  end
  local to, from
  for _ = 1, HOLES do
    to, from = next(state.holes or {}, to)
    if not to then
      break
    end
    words[#words + 1] = ("%.17g %.17g"):format(to, from)
  end
  return table.concat(words, " ")
end

--- The state, for this worker alone until it is closed.
---@return dataworks.Adaptive|nil nil when another worker has it: try again in a moment
---@return table|nil err
function Shared:open()
  for _ = 1, TRIES do
    local ok, message = self.dict:safe_add(self.lock, true, LOCK_TIME)
    if ok then
      return decode(self.dict:get(self.key))
    elseif message ~= "exists" then
      return nil, full(self, message)
    end
  end
end

---@param state dataworks.Adaptive
---@return true|nil
---@return table|nil err
function Shared:close(state)
  local ok, message = self.dict:safe_set(self.key, encode(state))
  self.dict:delete(self.lock)
  if not ok then
    return nil, full(self, message)
  end
  return true
end

return M
