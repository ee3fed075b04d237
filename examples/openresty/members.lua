-- Splits the text of a JSON object into the texts of its members. The service passes these texts on. If it decoded them
-- and encoded them again, cjson would round large ids and turn empty lists into objects.

local cjson = require "cjson.safe"

local M = {}

--- Returns the position of the quotation mark that ends the string at `at`.
local function string_end(text, at)
  repeat
    at = text:find('["\\]', at + 1)
    local escapes = text:byte(at) == 92
    at = escapes and at + 1 or at
  until not escapes
  return at
end

--- Returns the text of each member. If a name is repeated, its last member counts.
---@param text string a valid JSON object
---@return table<string, string> texts by name
function M.of(text)
  local members, depth, at = {}, 0, 0
  local name, from
  while true do
    at = text:find('["{}%[%],:]', at + 1)
    if not at then
      return members
    end
    local sign = text:sub(at, at)
    if sign == '"' then
      local first = at
      at = string_end(text, at)
      name = not from and text:sub(first, at) or name
    elseif depth == 1 and sign == ":" then
      from = at + 1
    elseif depth == 1 and from and (sign == "," or sign == "}") then
      local first = text:find("%S", from)
      members[cjson.decode("[" .. name .. "]")[1]] = text:sub(first, at - 1):match("^.*%S")
      from = nil
    end
    depth = depth + (sign:find("[{%[]") and 1 or sign:find("[}%]]") and -1 or 0)
  end
end

return M
