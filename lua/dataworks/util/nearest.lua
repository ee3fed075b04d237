-- Finds the known name that a misspelt one was meant to be.

local M = {}

-- Longer names are compared by their beginnings: the work grows with the square.
local MAX_LENGTH = 64

--- How many letters to insert, drop, change or swap with their neighbour, whatever their case.
local function distance(a, b)
  a, b = a:lower():sub(1, MAX_LENGTH), b:lower():sub(1, MAX_LENGTH)
  local before, last, row = {}, {}, {}
  for j = 0, #b do
    last[j] = j
  end
  for i = 1, #a do
    row[0] = i
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, last, row = last, row, before
  end
  return last[#b]
end

--- The name nearest to a wrong one, if any is near.
---@param wrong any
---@param known table<string, any> names are the keys
---@return string|nil
function M.find(wrong, known)
  if type(wrong) ~= "string" then
    return nil
  end
  local best, least
  for name in pairs(known) do
    local steps = distance(wrong, name)
    if not least or steps < least or steps == least and name < best then
      best, least = name, steps
    end
  end
  if best and least <= math.max(1, math.floor(#best / 3)) then
    return best
  end
end

--- The same as the end of a sentence, or "".
---@param wrong any
---@param known table<string, any>
---@return string
function M.hint(wrong, known)
  local name = M.find(wrong, known)
  return name and ("; did you mean %s?"):format(name) or ""
end

--- All names in order, for a message.
---@param known table<string, any>
---@return string
function M.list(known)
  local names = {}
  for name in pairs(known) do
    names[#names + 1] = name
  end
  table.sort(names)
  return table.concat(names, ", ")
end

return M
