-- How wide the help is: as wide as the terminal, within limits. In a pipe, its form does not depend on the terminal.

local core = require "dataworks.core"

local M = {}

local MIN, MAX = 40, 100

--- Returns the number of columns for the help; nil if the file descriptor is not a terminal.
---@param descriptor integer
---@return integer|nil columns
function M.of(descriptor)
  local columns = core.terminal(descriptor)
  return columns and math.max(MIN, math.min(columns, MAX)) or nil
end

--- Breaks a text between words, so that each line but a too long word has at most a number of columns.
---@param text string
---@param columns integer|nil nil: the text stays as it is
---@param indent integer the number of blanks before each line but the first
---@return string
function M.wrap(text, columns, indent)
  local lines, first, last = {}, 1, nil
  for at, after in text:gmatch "()%S+()" do
    if columns and last and after - first + (#lines > 0 and indent or 0) > columns then
      lines[#lines + 1], first = text:sub(first, last), at
    end
    last = after - 1
  end
  lines[#lines + 1] = text:sub(first)
  return table.concat(lines, "\n" .. (" "):rep(indent))
end

return M
