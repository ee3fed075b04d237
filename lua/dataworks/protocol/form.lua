-- Parses and encodes the text of a query or a form: name=value&name=value.

local core = require "dataworks.core"

local M = {}

--- Returns the decoded names and values, in the order of the text.
function M.parse(text)
  local pairs_of_text = {}
  for item in text:gmatch("[^&]+") do
    local name, value = item:match("^([^=]*)=?(.*)$")
    pairs_of_text[#pairs_of_text + 1] = { name = core.percent_decode(name), value = core.percent_decode(value) }
  end
  return pairs_of_text
end

--- Returns the encoded text, in the order of the names.
function M.encode(fields)
  local items = {}
  for name, value in pairs(fields) do
    items[#items + 1] = core.percent_encode(name) .. "=" .. core.percent_encode(value)
  end
  table.sort(items)
  return table.concat(items, "&")
end

return M
