-- Parses the query of a URL or the body of a form. Writes parameters in the canonical form that a signature covers.

local encoding = require "dataworks.emulator.encoding"
local tables = require "dataworks.util.tables"

local M = {}

--- Decodes a name or a value. A client can send a space as "+" or as "%20".
local function decode(text)
  if text:find("+", 1, true) then
    text = text:gsub("+", " ")
  end
  return encoding.percent_decode(text)
end

--- Parses a query or a form.
---@param list? table[] the list to which the parameters are added; default: a new list
---@return table[] list of {name, value}, decoded, in the order of the text
function M.parse(text, list)
  list = list or {}
  for pair in text:gmatch("[^&]+") do
    local equals = pair:find("=", 1, true)
    local name, value = equals and pair:sub(1, equals - 1) or pair, equals and pair:sub(equals + 1) or ""
    list[#list + 1] = { decode(name), decode(value) }
  end
  return list
end

local function comes_first(a, b)
  return a[1] < b[1] or a[1] == b[1] and a[2] < b[2]
end

--- Writes parameters in the canonical form: sorted by name and then by value, and percent-encoded.
---@param list table[] a list of {name, value}
---@return string[] texts that have to be joined with "&"
function M.canonical_pairs(list)
  local sorted, out = tables.merge(list), {}
  table.sort(sorted, comes_first)
  for i, pair in ipairs(sorted) do
    out[i] = encoding.percent_encode(pair[1]) .. "=" .. encoding.percent_encode(pair[2])
  end
  return out
end

function M.canonical(list)
  return table.concat(M.canonical_pairs(list), "&")
end

return M
