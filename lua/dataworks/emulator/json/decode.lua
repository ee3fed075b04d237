-- Decodes JSON text. Each function takes the text and the position of a value, and returns the value and the position
-- after it.

local values = require "dataworks.emulator.json.values"

local MAX_DEPTH = 200
local MAX_NATIVE_DIGITS = 15

--- Ends the decoding with a message. `decode` catches the error.
local function fail(at, problem)
  error({ json = ("%s at byte %d"):format(problem, at) }, 0)
end

--- Returns the UTF-8 bytes of a Unicode character. Each byte after the first one holds six bits of the character. The
--- first byte holds the other bits.
local function utf8_char(code)
  if code < 0x80 then
    return string.char(code)
  end
  local tail, room = "", 0x40
  repeat
    tail = string.char(0x80 + code % 0x40) .. tail
    code, room = math.floor(code / 0x40), room / 2
  until code < room
  return string.char(0x100 - 2 * room + code) .. tail
end

local UNESCAPES = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

--- Decodes the escape \uXXXX, or two of them that form a surrogate pair. The position is that of the first "u".
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

local QUOTE, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT = ('",:[]{}'):byte(1, -1)

--- Decodes a string from the first character that needs work.
local function decode_escapes(text, at, stop)
  local out, from = {}, at + 1
  while true do
    out[#out + 1] = text:sub(from, stop - 1)
    local char = text:sub(stop, stop)
    if char == '"' then
      return table.concat(out), stop + 1
    elseif char == "\127" then
      out[#out + 1], from = char, stop + 1
    elseif char ~= "\\" then
      fail(stop, "control character in a string")
    else
      local plain = UNESCAPES[text:sub(stop + 1, stop + 1)]
      if plain then
        out[#out + 1], from = plain, stop + 2
      else
        out[#out + 1], from = decode_unicode(text, stop + 1)
      end
    end
    stop = text:find('[%c"\\]', from) or fail(at, "unfinished string")
  end
end

local function decode_string(text, at)
  local stop = text:find('[%c"\\]', at + 1) or fail(at, "unfinished string")
  if text:byte(stop) == QUOTE then
    return text:sub(at + 1, stop - 1), stop + 1
  end
  return decode_escapes(text, at, stop)
end

local function decode_number(text, at)
  local integer = text:match("^-?[1-9]%d*", at) or text:match("^-?0", at) or fail(at, "unexpected character")
  local stop = at + #integer
  local rest = text:match("^%.%d+", stop) or ""
  rest = rest .. (text:match("^[eE][+-]?%d+", stop + #rest) or "")
  if rest == "" and #integer > MAX_NATIVE_DIGITS then
    return values.integer(integer), stop
  end
  local number = tonumber(integer .. rest)
  if math.abs(number) == math.huge then
    fail(at, "number out of range")
  end
  return number, stop + #rest
end

local decode_value

--- Returns the position of the next character that is not white space, and the character.
local function skip_space(text, at)
  local char = text:byte(at)
  while char == 32 or char == 10 or char == 13 or char == 9 do
    at = at + 1
    char = text:byte(at)
  end
  return at, char
end

--- Returns the position of the next item, or nil after the closing bracket, and the position after that.
local function next_item(text, at, closing)
  local char
  at, char = skip_space(text, at)
  if char == COMMA then
    return (skip_space(text, at + 1))
  elseif char ~= closing then
    fail(at, "expected , or " .. string.char(closing))
  end
  return nil, at + 1
end

local function decode_list(text, at, depth)
  local list, count, stop, char = values.list({}), 0
  at, char = skip_space(text, at + 1)
  if char == CLOSE_LIST then
    return list, at + 1
  end
  repeat
    count = count + 1
    list[count], at = decode_value(text, at, depth)
    at, stop = next_item(text, at, CLOSE_LIST)
  until stop
  return list, stop
end

local function decode_object(text, at, depth)
  local object, stop, key, char = {}
  at, char = skip_space(text, at + 1)
  if char == CLOSE_OBJECT then
    return object, at + 1
  end
  repeat
    if text:byte(at) ~= QUOTE then
      fail(at, "expected a key")
    end
    key, at = decode_string(text, at)
    at, char = skip_space(text, at)
    if char ~= COLON then
      fail(at, "expected :")
    end
    object[key], at = decode_value(text, (skip_space(text, at + 1)), depth)
    at, stop = next_item(text, at, CLOSE_OBJECT)
  until stop
  return object, stop
end

local WORDS = { { "true", true }, { "false", false }, { "null", values.null } }

function decode_value(text, at, depth)
  local char = text:byte(at)
  if depth > MAX_DEPTH then
    fail(at, "nested too deeply")
  elseif char == QUOTE then
    return decode_string(text, at)
  elseif char == OPEN_OBJECT then
    return decode_object(text, at, depth + 1)
  elseif char == OPEN_LIST then
    return decode_list(text, at, depth + 1)
  end
  for _, word in ipairs(WORDS) do
    if text:sub(at, at + #word[1] - 1) == word[1] then
      return word[2], at + #word[1]
    end
  end
  return decode_number(text, at)
end

--- Decodes one JSON value. A list becomes a table for which is_list returns true. null becomes values.null. An integer
--- of more than 15 digits becomes a table that values.integer creates.
---@param text string
---@return any value nil if the text is not JSON
---@return string|nil message why the text is not JSON
local function decode(text)
  local ok, value, stop = pcall(decode_value, text, (skip_space(text, 1)), 1)
  if not ok then
    if type(value) ~= "table" then
      error(value, 0)
    end
    return nil, value.json
  elseif skip_space(text, stop) <= #text then
    return nil, ("unexpected text at byte %d"):format((skip_space(text, stop)))
  end
  return value
end

return decode
