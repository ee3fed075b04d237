-- The command `ledger forget`. It removes tasks from a ledger, and not from the service.

local exit_status = require "dataworks.cli.exit_status"
local fleet_options = require "dataworks.cli.fleet_options"
local nearest = require "dataworks.util.nearest"
local tables = require "dataworks.util.tables"
local upkeep = require "dataworks.fleet.upkeep"

local M = {}

M.description = "Removes tasks from the ledger of a fleet. The service keeps them. If the manifest still has such a "
  .. "task, the next apply adopts it, provided that its script is the same. With --deleted, it creates the task again."
M.changes = true
M.arguments = { fleet_options.MANIFEST, { "NAME", "the name of a task", args = "+" } }
M.options = {
  fleet_options.LEDGER, { "--deleted", false, "the tasks do not exist in the service any more" },
}
M.examples = "  dataworks ledger forget tasks.json orders_to_odps\n"
  .. "  dataworks ledger forget tasks.json orders_to_odps --deleted"

function M.run(args, context)
  local names = {}
  local busy = fleet_options.with_ledger(context, function(_, ledger)
    local rows = ledger:rows()
    for _, name in ipairs(args.name) do
      names[name] = true
      if not upkeep.is_present(rows[name]) then
        context:wrong_use(("the ledger has no task %s%s"):format(name, nearest.hint(name, rows)))
      end
    end
    names = tables.sorted_keys(names)
    return upkeep.forget(ledger, names, args.deleted)
  end, "refuse")
  if #busy > 0 then
    context.raise(exit_status.TRY_AGAIN, ("a runner works on %s; try again when it has finished"):format(
      table.concat(busy, ", ")))
  end
  context.output:object { Forgotten = #names }
  return exit_status.DONE
end

return M
