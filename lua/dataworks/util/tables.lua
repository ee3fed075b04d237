-- Merges tables, makes sets, sorts keys and finds holes in lists.

local M = {}

--- Returns a new table with the fields of all given tables. If a name is in several tables, the last value is used.
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
function M.set_of(text)
  local set = {}
  for word in text:gmatch("[^,%s]+") do
    set[word] = true
  end
  return set
end

function M.sorted_keys(fields)
  local names = {}
  for name in next, fields do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- Returns the index of the first missing item of a list, if a later item exists. A value nil in a table constructor
--- makes such a hole.
function M.find_hole(list)
  local count, last = 0, 0
  for key in next, list do
    if type(key) == "number" then
      count, last = count + 1, math.max(last, key)
    end
  end
  if last > count then
    local index = 1
    while rawget(list, index) ~= nil do
      index = index + 1
    end
    return index
  end
end

return M
