-- Trims, cuts and escapes text in linear time. The usual pattern "^%s*(.-)%s*$" takes quadratic time on many blanks.

local M = {}

--- Returns a text without the blanks at its end.
function M.trim_end(text)
  return text:match "^.*%S" or ""
end

--- Returns a text without the blanks at its beginning and end.
function M.trim(text)
  local first = text:find "%S"
  return first and text:match("^.*%S", first) or ""
end

--- Returns the length to which a text can be cut: at most `max_bytes`, and not inside of a UTF-8 character.
function M.cut_length(text, max_bytes)
  local length = math.min(#text, max_bytes)
  while length > max_bytes - 4 and (text:byte(length + 1) or 0) >= 0x80 and (text:byte(length + 1) or 0) < 0xc0 do
    length = length - 1
  end
  return length
end

local ESCAPES = setmetatable({ ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }, {
  __index = function(_, byte) return ("\\x%02x"):format(byte:byte()) end,
})

-- Ranges of code points: the control characters above ASCII, the direction marks, and the line separators.
local UNSAFE = { { 0x80, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 } }

-- The lead bytes of UTF-8 sequences: the first byte after each range, the length, and the smallest code point.
local LEADS = { { 0xc2, 0 }, { 0xe0, 2, 0x80 }, { 0xf0, 3, 0x800 }, { 0xf5, 4, 0x10000 } }

--- Returns the length of a sequence and its smallest code point; 0 for a byte that begins no sequence.
local function sequence(lead)
  for _, range in ipairs(LEADS) do
    if lead < range[1] then
      return range[2], range[3]
    end
  end
  return 0
end

--- Returns the code point of a sequence, or nil if the sequence is not UTF-8.
local function decode(bytes, smallest)
  local code = bytes:byte() % 2 ^ (7 - #bytes)
  for i = 2, #bytes do
    code = code * 64 + bytes:byte(i) % 64
  end
  local is_surrogate = code >= 0xd800 and code <= 0xdfff
  return code >= smallest and code <= 0x10ffff and not is_surrogate and code or nil
end

--- Returns whether a code point is in one of the ranges.
---@param ranges integer[][] the first and the last code point of each range
function M.is_in(ranges, code)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then
      return true
    end
  end
  return false
end

--- Escapes a byte above ASCII and the continuation bytes after it.
local function escape_run(run)
  local length, smallest = sequence(run:byte())
  local code = length > 0 and #run >= length and decode(run:sub(1, length), smallest)
  if not code then
    return (run:gsub(".", ESCAPES))
  end
  local char = run:sub(1, length)
  return (M.is_in(UNSAFE, code) and ("\\u{%x}"):format(code) or char) .. run:sub(length + 1):gsub(".", ESCAPES)
end

--- Returns a text as one line. Escapes what a terminal or a log viewer would obey instead of showing: control
--- characters, marks that change the direction or the lines of a text, and bytes that are not UTF-8.
---@param text string
---@return string
function M.escape(text)
  text = text:gsub("[%z\1-\31\127]", ESCAPES)
  if not text:find("[\128-\255]") then
    return text
  end
  return (text:gsub("[\128-\255][\128-\191]*", escape_run))
end

--- Does the same as escape for a text of several lines, which may be indented with tabs.
---@param text string
---@return string
function M.escape_lines(text)
  return (text:gsub("[^\n\t]+", M.escape))
end

return M
