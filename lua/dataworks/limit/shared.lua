-- Keeps the state of a limit in a lua_shared_dict, so that all workers of an nginx share the limit.

local inside_nginx = require "dataworks.util.inside_nginx"

local M = {}

-- The fields of a state, in the order in which they are stored. At most MAX_RANGES ranges of returned tokens follow
-- them.
local FIELDS = {
  "rate", "level", "since", "next", "window_start", "count", "previous_count", "refused", "previous_refused", "peak",
  "lowered_at", "is_first_lowering",
}
local MAX_RANGES = 4

-- Seconds after which the lock of a killed worker expires. A live worker holds the lock for microseconds.
local LOCK_EXPIRES = 1
-- The number of attempts of one lock_and_load to lock the state.
local MAX_TRIES = 100

---@class dataworks.SharedState
---@field dict table
---@field key string
local Shared = {}
Shared.__index = Shared

--- Checks that a lua_shared_dict exists.
---@param option string the option that names the dict, for the message
---@param name string the name of the dict
---@return string|nil mistake the end of a message; nil if the dict can be used
function M.find_mistake(option, name)
  local ngx = rawget(_G, "ngx")
  if type(ngx) ~= "table" or not ngx.shared then
    return option .. " is for nginx, whose workers share a lua_shared_dict; leave it out elsewhere"
  elseif not ngx.shared[name] then
    return ("nginx has no lua_shared_dict %s; add \"lua_shared_dict %s 64k;\" to its %s block"):format(
      name, name, select(2, inside_nginx()))
  end
end

--- Returns the store of a limit.
---@param name string the name of a lua_shared_dict
---@param key string the name of the limit in the dict
function M.new(name, key)
  local dict = rawget(_G, "ngx").shared[name]
  return setmetatable({ dict = dict, name = name, key = "limit2:" .. key, lock = "lock:" .. key }, Shared)
end

local function write_failure(self, reason)
  return { kind = "invalid", path = "limit.dict", sent = false,
    message = ("the lua_shared_dict %s can't be written: %s"):format(self.name, tostring(reason)),
    advice = "Make it larger, and use it for limits only" }
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
    state.returned = state.returned or {}
    state.returned[values[i]] = values[i + 1]
  end
  return state
end

local function encode(state)
  local words = {}
  for i, name in ipairs(FIELDS) do
    words[i] = state[name] and ("%.17g"):format(state[name]) or "-"
  end
  local range_end, first
  for _ = 1, MAX_RANGES do
    range_end, first = next(state.returned or {}, range_end)
    if not range_end then
      break
    end
    words[#words + 1] = ("%.17g %.17g"):format(range_end, first)
  end
  return table.concat(words, " ")
end

--- Locks the state until `save_and_unlock`, and returns it.
---@return dataworks.Adaptive|nil state nil without an error if another worker holds the lock
---@return table|nil err the fields of an error
function Shared:lock_and_load()
  for _ = 1, MAX_TRIES do
    local ok, reason = self.dict:safe_add(self.lock, true, LOCK_EXPIRES)
    if ok then
      return decode(self.dict:get(self.key))
    elseif reason ~= "exists" then
      return nil, write_failure(self, reason)
    end
  end
end

--- Saves and unlocks the state.
---@return true|nil
---@return table|nil err the fields of an error
function Shared:save_and_unlock(state)
  local ok, reason = self.dict:safe_set(self.key, encode(state))
  self.dict:delete(self.lock)
  if not ok then
    return nil, write_failure(self, reason)
  end
  return true
end

return M
