-- What a flow has to remember, as a table that can be stored anywhere: texts, a version and a digest over them.
-- What was cut or edited on its way is refused, since obeying it could create a second task.

local core = require "dataworks.core"

local M = {}

M.VERSION = 1

--- The digest inside a signature; under a key that everybody knows it is a checksum.
local function digest(fields)
  local names, parts = {}, {}
  for name in pairs(fields) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    parts[#parts + 1] = #name .. ":" .. name .. #fields[name] .. ":" .. fields[name]
  end
  return core.sign({
    method = "POST", access_key_id = "state", access_key_secret = "state", body = table.concat(parts),
  }).signature
end

---@class dataworks.State what on_step is given and resume takes; besides these, the flow's parameters as texts
---@field version integer
---@field flow string
---@field step string the last one done, or "begun"
---@field digest string

--- A copy to be handed out.
---@param fields table<string, string>
---@return dataworks.State
function M.seal(fields)
  local state = {}
  for name, value in pairs(fields) do
    state[name] = value
  end
  state.digest = digest(fields)
  state.version = M.VERSION
  return state
end

--- The fields of a state that was sealed, in a table of its own.
---@param state table
---@return table<string, string>|nil
---@return string|nil message
function M.open(state)
  if type(state.version) ~= "number" or type(state.digest) ~= "string" or type(state.flow) ~= "string" then
    return nil, "is no state of a flow"
  elseif state.version ~= M.VERSION then
    return nil, ("is of version %g, and this release reads version %d"):format(state.version, M.VERSION)
  end
  local fields = {}
  for name, value in pairs(state) do
    if name ~= "version" and name ~= "digest" then
      if type(name) ~= "string" or type(value) ~= "string" then
        return nil, "was changed since it was handed over"
      end
      fields[name] = value
    end
  end
  if digest(fields) ~= state.digest then
    return nil, "was changed since it was handed over"
  end
  return fields
end

return M
