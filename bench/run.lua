-- Usage: bench/run.lua RESULTS [TEXT]: measures each row whose name contains the text; without it, all rows.
-- Prints the figures, and writes them to RESULTS.json. Each row runs in a process of its own.
-- Usage: bench/run.lua --row NAME FILE: measures one row, and writes its figures to FILE as JSON.

local dataworks = require "dataworks"
local files = require "spec.support.files"
local shell = require "spec.support.shell"

---@class bench.Row
---@field name string
---@field ours string what is measured
---@field floor? string what it is compared with
---@field measure fun(): bench.Figure[]

--- Returns the rows of bench/rows, in the order of the names of their files.
---@return bench.Row[]
local function all_rows()
  local rows = {}
  for file in shell.output "ls bench/rows":gmatch "([%w_]+)%.lua" do
    for _, row in ipairs(require("bench.rows." .. file)) do rows[#rows + 1] = row end
  end
  return rows
end

local function spread(of, format)
  if not of then return "" end
  if of.low == of.high then return format:format(of.median) end
  return (format .. " (" .. format .. " to " .. format .. ")"):format(of.median, of.low, of.high)
end

local function goal_of(figure)
  if not figure.goal then return "" end
  local reached = (figure.difference or figure.ratio or figure.ours).median
  local met = figure.at_least and reached >= figure.goal or not figure.at_least and reached <= figure.goal
  return (", goal %s%g: %s"):format(figure.at_least and "at least " or "", figure.goal, met and "reached" or "missed")
end

local function print_figure(figure)
  local compared = figure.ratio and spread(figure.ratio, "x%.2f")
    or figure.difference and spread(figure.difference, "+%.2f") or ""
  print(("  %-22s %-32s %-32s %s%s"):format(figure.what .. ", " .. figure.unit, spread(figure.ours, "%.2f"),
    spread(figure.floor, "%.2f"), compared, goal_of(figure)))
end

--- Measures a row in this process.
local function measure_row(name, path)
  for _, row in ipairs(all_rows()) do
    if row.name == name then files.write(path, assert(dataworks.encode(row.measure()))) end
  end
end

--- Measures a row in a process of its own, and returns the row with its figures.
local function measured(row, path)
  local command = ("%s bench/run.lua --row %s %s"):format(shell.interpreter, row.name, path)
  os.remove(path)
  local output, status = shell.run(command)
  if status ~= 0 then error(output, 0) end
  local figures = assert(dataworks.decode(files.read(path)))
  print(("\n%s: %s%s"):format(row.name, row.ours, row.floor and "\n  against: " .. row.floor or ""))
  for _, figure in ipairs(figures) do print_figure(figure) end
  return { name = row.name, ours = row.ours, floor = row.floor, figures = figures }
end

if arg[1] == "--row" then
  measure_row(arg[2], arg[3])
  return
end

local results = {
  date = os.date "!%Y-%m-%dT%H:%M:%SZ", lua = jit and jit.version or _VERSION, rows = {},
  commit = shell.output "git describe --always --dirty", machine = shell.output "uname -srm",
  cpu = shell.output "sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1", cores = tonumber(shell.output "nproc"),
}
print(("Commit %s, %s, %s, %d cores of %s, load average %s. Medians, with the quartiles in parentheses."):format(
  results.commit, results.lua, results.machine, results.cores, results.cpu,
  files.read "/proc/loadavg":match "%S+"))
print(("  %-22s %-32s %-32s %s"):format("", "dataworks", "floor", "ratio or difference"))
for _, row in ipairs(all_rows()) do
  if row.name:find(arg[2] or "", 1, true) then results.rows[#results.rows + 1] = measured(row, arg[1] .. ".row") end
end
os.remove(arg[1] .. ".row")
files.write(arg[1] .. ".json", assert(dataworks.encode(results)))
assert(#results.rows > 0, "no row has this name")
