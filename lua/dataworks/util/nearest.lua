-- Finds the known name that is nearest to a misspelt one.

local tables = require "dataworks.util.tables"

local M = {}

-- Longer names are compared by their beginnings, because the work is quadratic.
local MAX_LENGTH = 64

--- The number of letters to insert, drop, change or swap with a neighbour. The case does not count.
local function distance(a, b)
  a, b = a:sub(1, MAX_LENGTH):lower(), b:sub(1, MAX_LENGTH):lower()
  local row_before_last, last, row = {}, {}, {}
  for j = 0, #b do
    last[j] = j
  end
  for i = 1, #a do
    row[0] = i
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], row_before_last[j - 2] + 1)
      end
    end
    row_before_last, last, row = last, row, row_before_last
  end
  return last[#b]
end

--- The nearest known name, if one is near enough.
---@param wrong any
---@param known table<string, any> names are the keys
---@return string|nil
function M.find(wrong, known)
  if type(wrong) ~= "string" then
    return nil
  end
  local best, shortest
  for name in pairs(known) do
    local steps = distance(wrong, name)
    if not shortest or steps < shortest or steps == shortest and name < best then
      best, shortest = name, steps
    end
  end
  if best and shortest <= math.max(1, math.floor(#best / 3)) then
    return best
  end
end

--- The nearest name as the end of a message, or "".
---@param wrong any
---@param known table<string, any>
---@return string
function M.hint(wrong, known)
  local name = M.find(wrong, known)
  return name and ("; did you mean %s?"):format(name) or ""
end

--- All names, sorted, for a message.
---@param known table<string, any>
---@return string
function M.list(known)
  return table.concat(tables.sorted_keys(known), ", ")
end

return M
