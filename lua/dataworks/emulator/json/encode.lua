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
  text = text:gsub('[%c"\\]', ESCAPES)
  if text:find("[\128-\255]") then
    text = text:gsub("[\128-\255]+", to_valid_utf8)
  end
  return '"' .. text .. '"'
end

local encode

local function encode_list(list)
  local out = {}
  for i = 1, #list do
    out[i] = encode(list[i])
  end
  return "[" .. table.concat(out, ",") .. "]"
end

--- Encodes an object that values.object created. Its members keep their order.
local function encode_object(object)
  local out = {}
  for i = 1, object.count, 2 do
    if object[i + 1] ~= nil then
      out[#out + 1] = quote(object[i]) .. ":" .. encode(object[i + 1])
    end
  end
  return "{" .. table.concat(out, ",") .. "}"
end

local function encode_map(map)
  local out = {}
  for i, key in ipairs(tables.sorted_keys(map)) do
    out[i] = quote(key) .. ":" .. encode(map[key])
  end
  return "{" .. table.concat(out, ",") .. "}"
end

local function encode_table(value)
  local mt = getmetatable(value)
  if mt == values.object_mt then
    return encode_object(value)
  elseif mt == values.integer_mt then
    return value.digits
  elseif value == values.null then
    return "null"
  elseif mt == values.list_mt or value[1] ~= nil then
    return encode_list(value)
  end
  return encode_map(value)
end

--- Encodes a value as JSON text. A plain table with a value at 1 becomes a list. Any other plain table becomes an
--- object with sorted keys. An empty list must be created by values.list.
function encode(value)
  local kind = type(value)
  if kind == "string" then
    return quote(value)
  elseif kind == "table" then
    return encode_table(value)
  elseif kind == "number" then
    local is_whole = value % 1 == 0 and math.abs(value) < 2 ^ 53
    return (is_whole and "%d" or "%.14g"):format(value)
  end
  return tostring(value)
end

return encode
