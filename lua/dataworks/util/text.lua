-- Trims and cuts text, in linear time: "^%s*(.-)%s*$" takes quadratic time on a run of blanks.

local M = {}

--- The text without blanks at its end.
---@param text string
---@return string
function M.trim_end(text)
  return text:match "^.*%S" or ""
end

--- The text without blanks around it.
---@param text string
---@return string
function M.trim(text)
  local first = text:find "%S"
  return first and text:match("^.*%S", first) or ""
end

--- The length of the longest beginning of a text that has at most `max_bytes` and ends between two characters of UTF-8.
---@param text string
---@param max_bytes integer
---@return integer
function M.cut_length(text, max_bytes)
  local length = math.min(#text, max_bytes)
  while length > max_bytes - 4 and (text:byte(length + 1) or 0) >= 0x80 and (text:byte(length + 1) or 0) < 0xc0 do
    length = length - 1
  end
  return length
end

return M
