-- Prints the figures of rows, and collects them for the JSON file.

local files = require "spec.support.files"
local shell = require "spec.support.shell"

local M = {}

local function spread(of, format)
  if not of then return "" end
  if of.low == of.high then return format:format(of.median) end
  return (format .. " (" .. format .. " to " .. format .. ")"):format(of.median, of.low, of.high)
end

local function goal_of(figure)
  if not figure.goal then return "" end
  local reached = (figure.difference or figure.ratio or figure.ours).median
  local met = figure.at_least and reached >= figure.goal or not figure.at_least and reached <= figure.goal
  return (", goal %s%g: %s"):format(figure.at_least and "at least " or "", figure.goal,
    met and "reached" or "missed")
end

local function print_figure(figure)
  local compared = figure.ratio and spread(figure.ratio, "x%.2f")
    or figure.difference and spread(figure.difference, "+%.2f") or ""
  print(("  %-26s %-32s %-32s %s%s"):format(figure.what .. ", " .. figure.unit, spread(figure.ours, "%.2f"),
    spread(figure.floor, "%.2f"), compared, goal_of(figure)))
end

--- Prints the head of a report, and returns its results without rows.
---@param floor string the head of the column of the floor
function M.begin(floor)
  local results = {
    date = os.date "!%Y-%m-%dT%H:%M:%SZ", lua = jit and jit.version or _VERSION, rows = {},
    commit = shell.output "git describe --always --dirty", machine = shell.output "uname -srm",
    cpu = shell.output "sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1",
    cores = tonumber(shell.output "nproc"),
  }
  print(("Commit %s, %s, %s, %d cores of %s, load average %s. Medians, with the quartiles in parentheses."):format(
    results.commit, results.lua, results.machine, results.cores, results.cpu, files.read "/proc/loadavg":match "%S+"))
  print(("  %-26s %-32s %-32s %s"):format("", "dataworks", floor, "ratio or difference"))
  return results
end

--- Prints the figures of a row, and adds the row to the results.
---@param row { name: string, ours: string, floor?: string }
---@param figures bench.Figure[]
function M.add(results, row, figures)
  print(("\n%s: %s%s"):format(row.name, row.ours, row.floor and "\n  against: " .. row.floor or ""))
  for _, figure in ipairs(figures) do print_figure(figure) end
  results.rows[#results.rows + 1] = { name = row.name, ours = row.ours, floor = row.floor, figures = figures }
end

return M
