-- Encodes Lua values as JSON text.

local tables = require "dataworks.util.tables"
local values = require "dataworks.emulator.json.values"

local REPLACEMENT = "\239\191\189" -- U+FFFD

local ESCAPES = setmetatable({
  ['"'] = '\\"',
  ["\\"] = "\\\\",
  ["\n"] = "\\n",
  ["\r"] = "\\r",
  ["\t"] = "\\t",
}, {
  __index = function(_, char) return ("\\u%04x"):format(char:byte()) end,
})

--- Patterns of all valid UTF-8 sequences that have more than one byte.
local SEQUENCES = {
  "^[\194-\223][\128-\191]",
  "^\224[\160-\191][\128-\191]",
  "^[\225-\236\238\239][\128-\191][\128-\191]",
  "^\237[\128-\159][\128-\191]",
  "^\240[\144-\191][\128-\191][\128-\191]",
  "^[\241-\243][\128-\191][\128-\191][\128-\191]",
  "^\244[\128-\143][\128-\191][\128-\191]",
}

--- Replaces each byte that is not part of a valid UTF-8 sequence with U+FFFD. A request can contain any bytes, and a
--- reply that repeats these bytes must be valid JSON.
local function to_valid_utf8(run)
  local out, at = {}, 1
  while at <= #run do
    local sequence
    for _, pattern in ipairs(SEQUENCES) do
      sequence = sequence or run:match(pattern, at)
    end
    out[#out + 1] = sequence or REPLACEMENT
    at = at + #(sequence or " ")
  end
  return table.concat(out)
end

local function quote(text)
  if not text:find('[%c"\\\128-\255]') then
    return '"' .. text .. '"'
  end
  text = text:gsub('[%c"\\]', ESCAPES)
  if text:find("[\128-\255]") then
    text = text:gsub("[\128-\255]+", to_valid_utf8)
  end
  return '"' .. text .. '"'
end

-- Each of the following functions appends its text to the list `out`. The list becomes one text at the end, so that the
-- text of an inner value is not copied once for each level.

local write

local function write_list(list, out)
  local opening = "["
  for i = 1, #list do
    out[#out + 1] = opening
    write(list[i], out)
    opening = ","
  end
  out[#out + 1] = opening == "[" and "[]" or "]"
end

--- The names of the members of objects that values.object created, as they are written. The names are in the code.
local WRITTEN_NAMES = setmetatable({}, {
  __index = function(written, name)
    written[name] = quote(name) .. ":"
    return written[name]
  end,
})

--- Writes an object that values.object created. Its members keep their order.
local function write_object(object, out)
  local opening = "{"
  for i = 1, object.count, 2 do
    if object[i + 1] ~= nil then
      out[#out + 1] = opening
      out[#out + 1] = WRITTEN_NAMES[object[i]]
      write(object[i + 1], out)
      opening = ","
    end
  end
  out[#out + 1] = opening == "{" and "{}" or "}"
end

local function write_map(map, out)
  local opening = "{"
  for _, key in ipairs(tables.sorted_keys(map)) do
    out[#out + 1] = opening
    out[#out + 1] = quote(key)
    out[#out + 1] = ":"
    write(map[key], out)
    opening = ","
  end
  out[#out + 1] = opening == "{" and "{}" or "}"
end

local function write_table(value, out)
  local mt = getmetatable(value)
  if mt == values.object_mt then
    return write_object(value, out)
  elseif mt == values.integer_mt then
    out[#out + 1] = value.digits
  elseif mt == values.written_mt then
    out[#out + 1] = value.written
  elseif value == values.null then
    out[#out + 1] = "null"
  elseif mt == values.list_mt or value[1] ~= nil then
    return write_list(value, out)
  else
    return write_map(value, out)
  end
end

--- Returns the shortest text that is read as the same number.
local function format_number(value)
  if value % 1 == 0 and math.abs(value) < 2 ^ 53 then
    return ("%d"):format(value)
  end
  local text = ("%.15g"):format(value)
  if tonumber(text) ~= value then
    text = ("%.16g"):format(value)
  end
  return tonumber(text) == value and text or ("%.17g"):format(value)
end

function write(value, out)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = quote(value)
  elseif kind == "table" then
    return write_table(value, out)
  elseif kind == "number" then
    out[#out + 1] = format_number(value)
  else
    out[#out + 1] = tostring(value)
  end
end

local M = {}

--- Encodes a value as JSON, and returns a list of texts that have to be joined.
function M.pieces(value)
  local out = {}
  write(value, out)
  return out
end

--- Encodes a value as JSON text. A plain table with a value at 1 becomes a list. Any other plain table becomes an
--- object with sorted keys. An empty list must be created by values.list.
function M.text(value)
  return table.concat(M.pieces(value))
end

return M
