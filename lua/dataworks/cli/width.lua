-- The number of columns that a text takes on a terminal: 2 for an East Asian wide character, 0 for a combining one.

local texts = require "dataworks.util.text"

local M = {}

-- Ranges of code points, from the property East_Asian_Width (W and F) and the categories Mn and Cf of Unicode.
local WIDE = {
  { 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf }, { 0xa960, 0xa97c }, { 0xac00, 0xd7a3 },
  { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f },
  { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
}
local NO_WIDTH = { { 0x300, 0x36f }, { 0x200b, 0x200f }, { 0xfe00, 0xfe0f } }

local function code_point(char)
  local lead = char:byte()
  local code = lead < 0xe0 and lead % 0x20 or lead < 0xf0 and lead % 0x10 or lead % 0x08
  for i = 2, #char do
    code = code * 64 + char:byte(i) % 64
  end
  return code
end

---@param text string one line of UTF-8
---@return integer columns
function M.of(text)
  local columns = #text:gsub("[\128-\255]+", "")
  for char in text:gmatch "[\194-\244][\128-\191]+" do
    local code = code_point(char)
    columns = columns + (texts.is_in(NO_WIDTH, code) and 0 or texts.is_in(WIDE, code) and 2 or 1)
  end
  return columns
end

--- Appends blanks, so that the text takes a number of columns.
function M.pad(text, columns)
  return text .. (" "):rep(columns - M.of(text))
end

return M
