-- Parses a query or a form body into {name, value} pairs, and writes pairs in the canonical form that is signed.

local encoding = require "dataworks.emulator.encoding"
local tables = require "dataworks.util.tables"

local M = {}

-- A client may send a space as + or %20. Decode both before anything is signed.
local function decode(text)
  return encoding.percent_decode((text:gsub("+", " ")))
end

---@param text string
---@return table[] pairs decoded, in the order sent
function M.parse(text)
  local list = {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=(.*)$")
    list[#list + 1] = { decode(name or pair), decode(value or "") }
  end
  return list
end

---@param list table[]
---@return string
function M.canonical(list)
  local sorted, out = tables.merge(list), {}
  table.sort(sorted, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[2] < b[2] end)
  for i, pair in ipairs(sorted) do
    out[i] = encoding.percent_encode(pair[1]) .. "=" .. encoding.percent_encode(pair[2])
  end
  return table.concat(out, "&")
end

return M
