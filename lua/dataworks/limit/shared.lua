-- Keeps the state of a limit in a lua_shared_dict, for all workers of an nginx.

local inside_nginx = require "dataworks.util.inside_nginx"

local M = {}

-- The stored fields in order. After them come some of the ranges of returned tokens.
local FIELDS = {
  "rate", "level", "since", "next", "window_start", "count", "previous_count", "refused", "previous_refused", "peak",
  "lowered_at", "is_first_lowering",
}
local MAX_RANGES = 4

-- Seconds. A worker holds the lock for microseconds, without yielding; the lock of a killed worker expires after this.
local LOCK_EXPIRES = 1
local MAX_TRIES = 100

---@class dataworks.SharedState
---@field dict table
---@field key string
local Shared = {}
Shared.__index = Shared

--- Says why the dict cannot be used.
---@param option string that names it
---@param name string
---@return string|nil mistake
function M.find_mistake(option, name)
  local ngx = rawget(_G, "ngx")
  if type(ngx) ~= "table" or not ngx.shared then
    return option .. " is for nginx, whose workers share a lua_shared_dict; leave it out elsewhere"
  elseif not ngx.shared[name] then
    return ("nginx has no lua_shared_dict %s; add \"lua_shared_dict %s 64k;\" to its %s"):format(
      name, name, select(2, inside_nginx()))
  end
end

---@param name string of the lua_shared_dict
---@param key string of the limit in it
---@return dataworks.SharedState
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

--- Locks the state for this worker until `close`.
---@return dataworks.Adaptive|nil state nil without an error while another worker holds the lock
---@return table|nil err
function Shared:open()
  for _ = 1, MAX_TRIES do
    local ok, reason = self.dict:safe_add(self.lock, true, LOCK_EXPIRES)
    if ok then
      return decode(self.dict:get(self.key))
    elseif reason ~= "exists" then
      return nil, write_failure(self, reason)
    end
  end
end

---@param state dataworks.Adaptive
---@return true|nil
---@return table|nil err
function Shared:close(state)
  local ok, reason = self.dict:safe_set(self.key, encode(state))
  self.dict:delete(self.lock)
  if not ok then
    return nil, write_failure(self, reason)
  end
  return true
end

return M
