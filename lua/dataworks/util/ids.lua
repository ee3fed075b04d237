-- Ids of 64 bits: as text that survives any JSON writer, and as the best number this Lua has for them.

local M = {}

local EXACT = 2 ^ 53

--- Decimal text of an id: of an integer, an integral float, text, or LuaJIT's int64.
---@param id any
---@return string
function M.text(id)
  if type(id) == "number" then
    return ((math.type and math.type(id) == "integer") and "%d" or "%.0f"):format(id)
  end
  return (tostring(id):gsub("U?LL$", ""))
end

--- An integer where this Lua has it exactly, else the decimal text.
---@param digits string
---@return integer|string
function M.native(digits)
  local number = tonumber(digits)
  if math.type then
    return math.type(number) == "integer" and number or digits
  end
  return number and math.abs(number) < EXACT and number or digits
end

return M
