-- Usage: bench/run.lua RESULTS [TEXT]: measures each row whose name contains the text; without it, all rows. Prints the
-- figures, and writes them to RESULTS.json. Each row runs in a process of its own.
-- Usage: bench/run.lua --row NAME FILE: measures one row, and writes its figures to FILE as JSON.

local dataworks = require "dataworks"
local files = require "spec.support.files"
local report = require "bench.report"
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

--- Measures a row in this process.
local function measure_row(name, path)
  for _, row in ipairs(all_rows()) do
    if row.name == name then files.write(path, assert(dataworks.encode(row.measure()))) end
  end
end

--- Measures a row in a process of its own.
local function figures_of(row, path)
  local output, status = shell.run(("%s bench/run.lua --row %s %s"):format(shell.interpreter, row.name, path))
  if status ~= 0 then error(output, 0) end
  return assert(dataworks.decode(files.read(path)))
end

if arg[1] == "--row" then
  measure_row(arg[2], arg[3])
  return
end

local results, failed = report.begin "floor", 0
for _, row in ipairs(all_rows()) do
  if row.name:find(arg[2] or "", 1, true) then
    local measured, figures = pcall(figures_of, row, arg[1] .. ".row")
    if measured then
      report.add(results, row, figures)
    else
      failed = failed + 1
      print(("\n%s failed: %s"):format(row.name, figures))
    end
  end
end
os.remove(arg[1] .. ".row")
files.write(arg[1] .. ".json", assert(dataworks.encode(results)))
assert(#results.rows + failed > 0, "no row has a name with this text")
assert(failed == 0, failed .. " rows failed")
