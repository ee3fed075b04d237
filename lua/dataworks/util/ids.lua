-- Converts 64-bit ids to decimal text, and to numbers where a number of this Lua is exact.

local M = {}

local MAX_EXACT = 2 ^ 53

--- Returns an id as decimal text.
---@param id any an integer, an integral float, a text or an int64 of LuaJIT
function M.text(id)
  if type(id) == "number" then
    return ((math.type and math.type(id) == "integer") and "%d" or "%.0f"):format(id)
  end
  return (tostring(id):gsub("U?LL$", ""))
end

--- Returns the digits of an integer that the numbers of this Lua can't hold; nil for any other value.
---@return string|nil digits
function M.long(value)
  local is_long = type(value) == "userdata" or type(value) == "cdata"
  return is_long and M.text(value):match "^%-?%d+$" or nil
end

--- Returns a copy of a table in which each value is text, so that the table can be stored.
---@param fields table<string, any> values are ids or texts
function M.texts(fields)
  local texts = {}
  for name, value in pairs(fields) do
    texts[name] = M.text(value)
  end
  return texts
end

--- Returns an id as a number if this Lua can represent it exactly; otherwise as decimal text.
function M.native(id)
  if math.type and math.type(id) == "integer" then
    return id
  end
  local digits = M.text(id)
  local number = tonumber(digits)
  if math.type then
    return math.type(number) == "integer" and number or digits
  end
  return number and math.abs(number) < MAX_EXACT and number or digits
end

return M
