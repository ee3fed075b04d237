-- Merges tables, makes sets and sorts keys.

local M = {}

--- Returns a new table with the fields of all given tables. If a name is in several tables, the last value is used.
---@param ... table
---@return table
function M.merge(...)
  local merged = {}
  for i = 1, select("#", ...) do
    for name, value in next, (select(i, ...)) do
      merged[name] = value
    end
  end
  return merged
end

--- Returns a table whose keys are the words of a text. Spaces or commas separate the words.
---@param text string
---@return table<string, true>
function M.set_of(text)
  local set = {}
  for word in text:gmatch("[^,%s]+") do
    set[word] = true
  end
  return set
end

--- Returns the keys of a table in order.
---@param fields table<string, any>
---@return string[]
function M.sorted_keys(fields)
  local names = {}
  for name in next, fields do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

return M
