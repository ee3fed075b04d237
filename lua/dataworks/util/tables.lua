-- Copies, sets and sorted keys of tables.

local M = {}

--- A new table with the fields of all of these; of equal names the last one counts.
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

--- The words of a text, separated by spaces or commas, as the keys of a table.
---@param text string
---@return table<string, true>
function M.set_of(text)
  local set = {}
  for word in text:gmatch("[^,%s]+") do
    set[word] = true
  end
  return set
end

---@param fields table<string, any>
---@return string[] names in order
function M.sorted_keys(fields)
  local names = {}
  for name in next, fields do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

return M
