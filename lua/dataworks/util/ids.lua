-- 64-bit ids: as text that every JSON writer keeps, and as the best number that this Lua has.

local M = {}

local MAX_EXACT = 2 ^ 53

--- The decimal text of an integer, an integral float, a text or LuaJIT's int64.
---@param id any
---@return string
function M.text(id)
  if type(id) == "number" then
    return ((math.type and math.type(id) == "integer") and "%d" or "%.0f"):format(id)
  end
  return (tostring(id):gsub("U?LL$", ""))
end

--- A copy with each id as text, to be stored.
---@param fields table<string, any> ids and texts
---@return table<string, string>
function M.texts(fields)
  local texts = {}
  for name, value in pairs(fields) do
    texts[name] = M.text(value)
  end
  return texts
end

--- An integer where this Lua represents it exactly, otherwise the decimal text.
---@param digits string
---@return integer|string
function M.native(digits)
  local number = tonumber(digits)
  if math.type then
    return math.type(number) == "integer" and number or digits
  end
  return number and math.abs(number) < MAX_EXACT and number or digits
end

return M
