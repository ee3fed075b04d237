-- JSON for the emulator alone: replies keep the order they are built in, integers of any length stay exact,
-- and nothing has to be installed for the Lua inside nginx.

local M = {}

local MAX_DEPTH = 200

local object_mt, integer_mt, list_mt = {}, {}, {}
integer_mt.__tostring = function(self)
  return self.digits
end
integer_mt.__eq = function(a, b)
  return a.digits == b.digits
end

M.null = setmetatable({}, {
  __tostring = function()
    return "null"
  end,
})

--- An object whose members are written in the order given; a member whose value is nil is left out.
---@param ... any key, value, key, value
---@return table
function M.object(...)
  return setmetatable({ count = select("#", ...), ... }, object_mt)
end

--- An integer that may be longer than a Lua number can hold.
---@param digits string
---@return table
function M.integer(digits)
  return setmetatable({ digits = digits }, integer_mt)
end

--- Marks a table as a JSON list, also when it is empty.
---@param items table
---@return table
function M.list(items)
  return setmetatable(items, list_mt)
end

---@param value any
---@return boolean
function M.is_list(value)
  return getmetatable(value) == list_mt
end

--- True for a decoded JSON object: a table that is neither a list, null nor a long integer.
---@param value any
---@return boolean
function M.is_object(value)
  return type(value) == "table" and getmetatable(value) == nil
end

local escapes = setmetatable({
  ['"'] = '\\"',
  ["\\"] = "\\\\",
  ["\n"] = "\\n",
  ["\r"] = "\\r",
  ["\t"] = "\\t",
}, {
  __index = function(_, char)
    return ("\\u%04x"):format(char:byte())
  end,
})

local function sequence_length(text, at)
  local lead, second = text:byte(at, at + 1)
  local length = lead >= 0xC2 and lead < 0xE0 and 2 or lead >= 0xE0 and lead < 0xF0 and 3
    or lead >= 0xF0 and lead < 0xF5 and 4
  if not length or not text:find("^" .. ("[\128-\191]"):rep(length - 1), at + 1) then
    return nil
  end
  local wrong = lead == 0xE0 and second < 0xA0 or lead == 0xED and second > 0x9F
    or lead == 0xF0 and second < 0x90 or lead == 0xF4 and second > 0x8F
  return not wrong and length or nil
end

--- Requests may hold any bytes; what is echoed has to be valid JSON, so stray bytes become U+FFFD.
local function valid_utf8(run)
  local out, at = {}, 1
  while at <= #run do
    local length = sequence_length(run, at)
    out[#out + 1] = length and run:sub(at, at + length - 1) or "\239\191\189"
    at = at + (length or 1)
  end
  return table.concat(out)
end

local function quote(text)
  text = text:gsub('[%c"\\]', escapes)
  if text:find("[\128-\255]") then
    text = text:gsub("[\128-\255]+", valid_utf8)
  end
  return '"' .. text .. '"'
end

local encode

local function encode_number(number)
  if number % 1 == 0 and number > -2 ^ 53 and number < 2 ^ 53 then
    return ("%d"):format(number)
  end
  return ("%.14g"):format(number)
end

local function encode_list(list)
  local out = {}
  for i = 1, #list do
    out[i] = encode(list[i])
  end
  return "[" .. table.concat(out, ",") .. "]"
end

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
  local keys, out = {}, {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    out[i] = quote(key) .. ":" .. encode(map[key])
  end
  return "{" .. table.concat(out, ",") .. "}"
end

local function encode_table(value)
  local mt = getmetatable(value)
  if mt == object_mt then
    return encode_object(value)
  elseif mt == integer_mt then
    return value.digits
  elseif value == M.null then
    return "null"
  elseif mt == list_mt or value[1] ~= nil then
    return encode_list(value)
  end
  return encode_map(value)
end

function encode(value)
  local kind = type(value)
  if kind == "string" then
    return quote(value)
  elseif kind == "table" then
    return encode_table(value)
  elseif kind == "number" then
    return encode_number(value)
  end
  return tostring(value)
end

--- Writes a value: tables made by object and list, plain sequences, and maps (keys sorted; an empty one is
--- {}).
---@param value any
---@return string
function M.encode(value)
  return encode(value)
end

local function fail(at, what)
  error({ json = ("%s at byte %d"):format(what, at) }, 0)
end

local function utf8_char(code)
  if code < 0x80 then
    return string.char(code)
  elseif code < 0x800 then
    return string.char(0xC0 + math.floor(code / 0x40), 0x80 + code % 0x40)
  elseif code < 0x10000 then
    return string.char(0xE0 + math.floor(code / 0x1000), 0x80 + math.floor(code / 0x40) % 0x40,
      0x80 + code % 0x40)
  end
  return string.char(0xF0 + math.floor(code / 0x40000), 0x80 + math.floor(code / 0x1000) % 0x40,
    0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
end

local unescapes = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

local function decode_unicode(text, at)
  local high = tonumber(text:match("^u(%x%x%x%x)", at) or fail(at, "bad escape"), 16)
  if high < 0xD800 or high > 0xDFFF then
    return utf8_char(high), at + 5
  end
  local low = tonumber(text:match("^\\u(%x%x%x%x)", at + 5) or fail(at, "lone surrogate"), 16)
  if high > 0xDBFF or low < 0xDC00 or low > 0xDFFF then
    fail(at, "lone surrogate")
  end
  return utf8_char(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00), at + 11
end

local function decode_string(text, at)
  local out, from = {}, at + 1
  while true do
    local stop = text:find('[%c"\\]', from) or fail(at, "unfinished string")
    out[#out + 1] = text:sub(from, stop - 1)
    local char = text:sub(stop, stop)
    if char == '"' then
      return table.concat(out), stop + 1
    elseif char == "\127" then
      out[#out + 1], from = char, stop + 1
    elseif char ~= "\\" then
      fail(stop, "control character in a string")
    else
      local plain = unescapes[text:sub(stop + 1, stop + 1)]
      if plain then
        out[#out + 1], from = plain, stop + 2
      else
        out[#out + 1], from = decode_unicode(text, stop + 1)
      end
    end
  end
end

local function decode_number(text, at)
  local integer = text:match("^-?[1-9]%d*", at) or text:match("^-?0", at) or fail(at, "unexpected character")
  local stop = at + #integer
  local rest = text:match("^%.%d+", stop) or ""
  rest = rest .. (text:match("^[eE][+-]?%d+", stop + #rest) or "")
  if rest == "" and #integer > 15 then
    return M.integer(integer), stop
  end
  return tonumber(integer .. rest), stop + #rest
end

local decode_value

local function skip(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local function decode_list(text, at, depth)
  local list, count = M.list({}), 0
  at = skip(text, at + 1)
  if text:sub(at, at) == "]" then
    return list, at + 1
  end
  while true do
    count = count + 1
    list[count], at = decode_value(text, at, depth)
    at = skip(text, at)
    local char = text:sub(at, at)
    if char == "]" then
      return list, at + 1
    elseif char ~= "," then
      fail(at, "expected , or ]")
    end
    at = skip(text, at + 1)
  end
end

local function decode_object(text, at, depth)
  local object = {}
  at = skip(text, at + 1)
  if text:sub(at, at) == "}" then
    return object, at + 1
  end
  while true do
    if text:sub(at, at) ~= '"' then
      fail(at, "expected a key")
    end
    local key
    key, at = decode_string(text, at)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then
      fail(at, "expected :")
    end
    object[key], at = decode_value(text, skip(text, at + 1), depth)
    at = skip(text, at)
    local char = text:sub(at, at)
    if char == "}" then
      return object, at + 1
    elseif char ~= "," then
      fail(at, "expected , or }")
    end
    at = skip(text, at + 1)
  end
end

local words = { { "true", true }, { "false", false }, { "null", M.null } }

function decode_value(text, at, depth)
  local char = text:sub(at, at)
  if depth > MAX_DEPTH then
    fail(at, "nested too deeply")
  elseif char == "{" then
    return decode_object(text, at, depth + 1)
  elseif char == "[" then
    return decode_list(text, at, depth + 1)
  elseif char == '"' then
    return decode_string(text, at)
  end
  for _, word in ipairs(words) do
    if text:sub(at, at + #word[1] - 1) == word[1] then
      return word[2], at + #word[1]
    end
  end
  return decode_number(text, at)
end

--- Reads one JSON value. Lists are marked (see is_list), null is M.null, integers over 15 digits are
--- M.integer.
---@param text string
---@return any value
---@return string|nil message when the text is not JSON; value is nil then
function M.decode(text)
  local ok, value, stop = pcall(decode_value, text, skip(text, 1), 1)
  if not ok then
    if type(value) ~= "table" then
      error(value, 0)
    end
    return nil, value.json
  elseif skip(text, stop) <= #text then
    return nil, ("unexpected text at byte %d"):format(skip(text, stop))
  end
  return value
end

return M
