-- Trims and cuts text in linear time. The usual pattern "^%s*(.-)%s*$" takes quadratic time on a text with many blanks.

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

return M
