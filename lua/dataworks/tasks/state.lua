-- What a flow remembers, as a table that can be stored anywhere: texts, a version and a digest of the texts. A state
-- that was cut or edited is refused, because resuming from it could create a second task.

local core = require "dataworks.core"
local tables = require "dataworks.util.tables"

local M = {}

M.VERSION = 2

-- Hexadecimal digits of SHA-256.
local DIGEST_LENGTH = 64

--- The signature of a fixed request with this body, under a fixed key.
local function sign_state(text)
  return core.sign {
    method = "POST", access_key_id = "state", access_key_secret = "state", body = text,
  }
end

--- The digest of each version. Earlier releases stored states of version 1.
local DIGESTS = {
  function(text) return sign_state(text).signature end,
  core.digest or function(text) return sign_state(text).canonical_request:sub(-DIGEST_LENGTH) end,
}

--- The fields in one text: in order of their names, each behind its length.
local function serialize(fields)
  local parts = {}
  for _, name in ipairs(tables.sorted_keys(fields)) do
    parts[#parts + 1] = #name .. ":" .. name .. #fields[name] .. ":" .. fields[name]
  end
  return table.concat(parts)
end

---@class dataworks.State given to on_step, taken by resume; besides these fields, the flow's parameters as texts
---@field version integer
---@field flow string
---@field step string the last completed step, or "begun"
---@field digest string

--- A copy of the fields, with their digest.
---@param fields table<string, string>
---@return dataworks.State
function M.seal(fields)
  return tables.merge(fields, { version = M.VERSION, digest = DIGESTS[M.VERSION](serialize(fields)) })
end

local CHANGED = "was changed since it was stored"

--- The fields of a sealed state, in a new table.
---@param state table
---@return table<string, string>|nil
---@return string|nil message
function M.open(state)
  if type(state.version) ~= "number" or type(state.digest) ~= "string" or type(state.flow) ~= "string" then
    return nil, "is not a state of a flow"
  elseif not DIGESTS[state.version] then
    return nil, ("is of version %s, and this release reads versions 1 to %d"):format(
      core.decimal(state.version), M.VERSION)
  end
  local fields = {}
  for name, value in pairs(state) do
    if name ~= "version" and name ~= "digest" then
      if type(name) ~= "string" or type(value) ~= "string" then
        return nil, CHANGED
      end
      fields[name] = value
    end
  end
  if DIGESTS[state.version](serialize(fields)) ~= state.digest then
    return nil, CHANGED
  end
  return fields
end

return M
