-- The command `ledger runners`. It lists the processes that apply a fleet.

local exit_status = require "dataworks.cli.exit_status"
local fleet_options = require "dataworks.cli.fleet_options"
local upkeep = require "dataworks.fleet.upkeep"

local M = {}

M.description = "Lists the processes that apply a fleet: their host and process, for how many seconds they run, when "
  .. "they were last seen, and on how many tasks they work. A process that was killed stays in the list for a day."
M.format = "table"
M.arguments = { fleet_options.MANIFEST }
M.options = { fleet_options.LEDGER }
M.examples = "  dataworks ledger runners tasks.json"

function M.run(_, context)
  local items = {}
  fleet_options.with_ledger(context, function(_, ledger)
    for i, row in ipairs(upkeep.runners(ledger)) do
      items[i] = {
        Runner = row.label, Seconds = tonumber(row.age), LastSeen = tonumber(row.silent), Tasks = tonumber(row.tasks),
        Id = row.id,
      }
    end
    return true
  end, "refuse")
  context.output:list(items, { "Runner", "Seconds", "LastSeen", "Tasks", "Id" })
  return exit_status.DONE
end

return M
