-- Two steps of the gateway: read the parameters of a request, and check them against the row of its action.

local query = require "dataworks.emulator.query"
local refusal = require "dataworks.emulator.gateway.refusal"
local tables = require "dataworks.util.tables"

local M = {}

--- Parameters of the protocol. All others belong to the action.
local COMMON = tables.set_of [[
  Action Version Format Timestamp AccessKeyId SecurityToken Signature SignatureMethod SignatureNonce SignatureVersion
  SignatureType BearerToken
]]

--- Sets call.pairs to all parameters in the order sent, and call.common and call.params to the values by name. Of
--- parameters with the same name, the first counts.
---@param request table
---@param call table
function M.read(_, request, call)
  call.pairs, call.common, call.params = query.parse(request.query), {}, {}
  local has_form = (request.headers["content-type"] or ""):lower():find("^application/x%-www%-form%-urlencoded")
  for _, pair in ipairs(has_form and query.parse(request.body) or {}) do
    table.insert(call.pairs, pair)
  end
  for _, pair in ipairs(call.pairs) do
    local name, value = pair[1], pair[2]
    local group = COMMON[name] and call.common or call.params
    group[name] = group[name] or value
  end
end

--- The largest absolute values of each type, above and below zero.
local INTEGER_LIMITS = {
  long = { "9223372036854775807", "9223372036854775808" }, int32 = { "2147483647", "2147483648" },
}

local function is_integer(text, limits)
  local sign, digits = text:match("^(%-?)(%d+)$")
  if not digits then
    return false
  end
  digits = digits:match("^0*(.*)$")
  local limit = sign == "-" and limits[2] or limits[1]
  return #digits < #limit or #digits == #limit and digits <= limit
end

local function fits(value, kind)
  if INTEGER_LIMITS[kind] then
    return is_integer(value, INTEGER_LIMITS[kind])
  end
  return kind ~= "boolean" or value:lower() == "true" or value:lower() == "false"
end

--- Checks the action's parameters. An empty one counts as absent.
---@param call table
---@return dataworks.emulator.Refusal|nil
function M.check(_, _, call)
  for _, spec in ipairs(call.row.params) do
    local name, value = spec[1], call.params[spec[1]]
    if (value or "") == "" then
      if spec.required then
        return refusal.missing(name)
      end
      call.params[name] = nil
    elseif not fits(value, spec[2]) then
      return refusal.invalid(name)
    end
  end
end

return M
