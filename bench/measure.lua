-- Measures two sides in pairs, A B A B, on one core: a shared machine drifts, but the ratio of neighbours hardly does.

local floor = require "floor"

local M = {}

local ROUNDS = 15

local cores = floor.cores()

--- The processes that a row starts from now on are servers: they run on another core than the measured code, if the
--- machine has one.
function M.place_servers() floor.pin(cores[#cores]) end

function M.place_measured() floor.pin(cores[1]) end

---@class bench.Spread
---@field median number
---@field low number the lower quartile
---@field high number the upper quartile

---@param list number[]
---@return bench.Spread
function M.spread(list)
  table.sort(list)
  local function at(part) return list[math.max(1, math.ceil(#list * part))] end
  return { median = at(0.5), low = at(0.25), high = at(0.75) }
end

---@class bench.Figure
---@field what string
---@field unit string
---@field ours bench.Spread
---@field floor? bench.Spread
---@field ratio? bench.Spread of neighbouring rounds
---@field difference? bench.Spread of neighbouring rounds
---@field goal? number the most, or with at_least the least, of the ratio, of the difference, or of ours
---@field at_least? boolean

---@alias bench.Side fun(count: integer): number, number returns the CPU seconds and the wall seconds of `count` runs

--- Returns a side that runs a Lua function.
---@param run fun()
---@return bench.Side
function M.repeated(run)
  return function(count)
    local cpu, wall = floor.usage()
    for _ = 1, count do run() end
    local cpu_end, wall_end = floor.usage()
    return cpu_end - cpu, wall_end - wall
  end
end

--- Returns a side that runs processes.
---@param words string[]
---@param variables? string[]
---@return bench.Side
function M.process(words, variables)
  return function(count)
    local cpu, wall = 0, 0
    for _ = 1, count do
      local cpu_of_one, wall_of_one = floor.run(words, variables)
      cpu, wall = cpu + cpu_of_one, wall + wall_of_one
    end
    return cpu, wall
  end
end

---@param options { ours: bench.Side, floor: bench.Side, count: integer, rounds?: integer, unit?: "us"|"ms",
---  subtract?: boolean, goal?: number, goal_of?: "cpu"|"wall" }
---@return bench.Figure[] figures the CPU time and the wall time of one run. subtract = true: their difference counts,
--- and not their ratio
function M.pairs(options)
  local scale = (options.unit == "ms" and 1e3 or 1e6) / options.count
  local figures = {}
  options.ours(options.count)
  options.floor(options.count)
  local of = { cpu = { {}, {}, {} }, wall = { {}, {}, {} } }
  for round = 1, options.rounds or ROUNDS do
    collectgarbage()
    local ours, floors = { options.ours(options.count) }, { options.floor(options.count) }
    for index, kind in ipairs { "cpu", "wall" } do
      local our, their = ours[index] * scale, floors[index] * scale
      of[kind][1][round], of[kind][2][round] = our, their
      of[kind][3][round] = options.subtract and our - their or our / their
    end
  end
  for index, kind in ipairs { "cpu", "wall" } do
    local lists = of[kind]
    figures[index] = {
      what = kind, unit = options.unit or "us", ours = M.spread(lists[1]), floor = M.spread(lists[2]),
      [options.subtract and "difference" or "ratio"] = M.spread(lists[3]),
      goal = (options.goal_of or "cpu") == kind and options.goal or nil,
    }
  end
  return figures
end

--- Measures parts of the same work one after the other, A B C A B C, because only then their times can be compared.
---@param count integer
---@param parts { [1]: string, [2]: bench.Side }[] the name and the code of each part
---@return bench.Figure[] figures the CPU time of one run of each part
function M.parts(count, parts)
  local times, figures = {}, {}
  for round = 0, ROUNDS do
    collectgarbage()
    for index, part in ipairs(parts) do
      local cpu = part[2](count)
      times[index] = times[index] or {}
      times[index][round > 0 and round or 1] = cpu * 1e6 / count
    end
  end
  for index, part in ipairs(parts) do
    figures[index] = M.figure(part[1], "us", times[index])
  end
  return figures
end

--- Returns a figure without a floor.
---@param what string
---@param unit string
---@param values number|number[]
---@param goal? number
---@param at_least? boolean
---@return bench.Figure
function M.figure(what, unit, values, goal, at_least)
  return {
    what = what, unit = unit, ours = M.spread(type(values) == "table" and values or { values }), goal = goal,
    at_least = at_least,
  }
end

return M
