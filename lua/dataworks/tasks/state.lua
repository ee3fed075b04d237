-- The state of a flow: a table of texts, with a version and a digest of the texts, that a program can store anywhere. A
-- state that was cut or edited is refused, because a flow that resumes from it could create a second task.

local core = require "dataworks.core"
local tables = require "dataworks.util.tables"

local M = {}

M.VERSION = 2

--- The function that computes the digest, by version. Earlier releases stored states of version 1, whose digest is the
--- signature of a fixed request.
local DIGESTS = {
  function(text)
    local fields = { method = "POST", access_key_id = "state", access_key_secret = "state", body = text }
    return core.sign(fields).signature
  end,
  core.digest,
}

--- Joins all names and values into one text, in the order of the names. Each name and each value follows its length.
local function serialize(fields)
  local parts = {}
  for _, name in ipairs(tables.sorted_keys(fields)) do
    parts[#parts + 1] = #name .. ":" .. name .. #fields[name] .. ":" .. fields[name]
  end
  return table.concat(parts)
end

--- The state that on_step gets and the option resume takes. It also has the parameters of the flow, as texts.
---@class dataworks.State
---@field version integer
---@field flow string
---@field step string the last completed step, or "begun"
---@field digest string

--- Returns a copy of the fields, with a version and a digest.
function M.seal(fields)
  return tables.merge(fields, { version = M.VERSION, digest = DIGESTS[M.VERSION](serialize(fields)) })
end

local CHANGED = "was changed since it was stored"

--- Returns the fields of a sealed state, in a new table.
---@return table<string, string>|nil fields
---@return string|nil message says why the state is refused
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
