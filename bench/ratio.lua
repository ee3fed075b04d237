-- Alternates two measurements, A B A B ..., and prints the ratio of neighbours: a shared machine drifts, the ratio
-- hardly does.

local M = {}

local ROUNDS = 15

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

--- Each function returns the seconds that `count` runs take.
---@param what string
---@param ours fun(count: integer): number
---@param floor fun(count: integer): number
---@param count integer
---@param aim? number
function M.print(what, ours, floor, count, aim)
  local times, floors, ratios = {}, {}, {}
  ours(count)
  floor(count)
  for round = 1, ROUNDS do
    times[round], floors[round] = ours(count), floor(count)
    ratios[round] = times[round] / floors[round]
  end
  local middle = median(ratios)
  print(("%-44s %7.2f us %7.2f us   x%.2f (%.2f to %.2f)%s"):format(what, median(times) / count * 1e6,
    median(floors) / count * 1e6, middle, ratios[1], ratios[#ratios], aim and (", aim x%.1f"):format(aim) or ""))
end

--- Prints the median of each list of figures, and the ratio of the medians.
---@param what string
---@param ours number[]
---@param floors number[]
function M.compare(what, ours, floors)
  local our, their = median(ours), median(floors)
  print(("%-44s %10.2f %10.2f   x%.3f"):format(what, our, their, our / their))
end

function M.header()
  print(("%-44s %10s %10s   %s"):format("median of " .. ROUNDS .. " rounds", "dataworks", "floor",
    "ratio (lowest to highest)"))
end

return M
