-- The known name that a mistyped one is likely to mean.

local M = {}

-- Levenshtein's distance, with one row of the table kept.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

---@param name any
---@param known table<string, any> names as keys
---@return string hint ", did you mean x?", or nothing when no name is near
function M.hint(name, known)
  local wanted = tostring(name):lower():gsub("[-_ ]", "")
  local best, least
  for candidate in pairs(known) do
    local steps = distance(wanted, (candidate:lower():gsub("[-_ ]", "")))
    if not least or steps < least or (steps == least and candidate < best) then
      best, least = candidate, steps
    end
  end
  if not best or least > math.max(2, #wanted / 3) then return "" end
  return (", did you mean %s?"):format(best)
end

return M
