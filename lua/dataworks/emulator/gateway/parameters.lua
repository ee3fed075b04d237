-- Two steps of the gateway. One reads the parameters of a request. The other checks the parameters against the catalog
-- row of the action.

local query = require "dataworks.emulator.query"
local refusal = require "dataworks.emulator.gateway.refusal"
local tables = require "dataworks.util.tables"

local M = {}

--- The parameters of the protocol. All other parameters belong to the action.
local COMMON = tables.set_of [[
  Action Version Format Timestamp AccessKeyId SecurityToken Signature SignatureMethod SignatureNonce SignatureVersion
  SignatureType BearerToken
]]

--- Reads the parameters from the query and from the form. Sets call.pairs to a list of {name, value} in the order of
--- the request, call.query to the list of all in the query, and call.common and call.params to tables of values by
--- name. If a name occurs several times, only the first value counts: some official SDKs send each parameter in the
--- query and in the form, and sign it once.
function M.read(_, request, call)
  call.query = query.parse(request.query)
  local sent = call.query
  if (request.headers["content-type"] or ""):lower():find("^application/x%-www%-form%-urlencoded") then
    sent = query.parse(request.body, tables.merge(call.query))
  end
  call.pairs, call.common, call.params = {}, {}, {}
  for _, pair in ipairs(sent) do
    local group = COMMON[pair[1]] and call.common or call.params
    if group[pair[1]] == nil then
      group[pair[1]] = pair[2]
      call.pairs[#call.pairs + 1] = pair
    end
  end
end

--- The largest absolute values of positive and of negative integers, by type.
local INTEGER_LIMITS = {
  long = { "9223372036854775807", "9223372036854775808" }, int32 = { "2147483647", "2147483648" },
}

--- Returns true if the text is an integer within the limits. Compares digits as text, since numbers are not exact.
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

--- Checks the parameters of the action. Removes empty parameters, because an empty parameter counts as missing.
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
