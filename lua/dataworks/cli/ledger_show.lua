-- The command `ledger show`. It prints what the ledger knows about the tasks of a fleet.

local core = require "dataworks.core"
local exit_status = require "dataworks.cli.exit_status"
local fleet_options = require "dataworks.cli.fleet_options"
local inspect = require "dataworks.fleet.inspect"
local opening = require "dataworks.fleet.opening"
local tables = require "dataworks.util.tables"
local upkeep = require "dataworks.fleet.upkeep"

local M = {}

M.description = "Prints what the ledger knows about the tasks of a fleet. With --refresh, asks the service what it "
  .. "has: only a difference from what was written counts as drift. Changes nothing."
M.format = "table"
M.arguments = { fleet_options.MANIFEST }
M.options = {
  fleet_options.LEDGER, fleet_options.ONLY, { "--refresh", false, "compare with what the service has" },
}
M.examples = "  dataworks ledger show tasks.json\n  dataworks ledger show tasks.json --refresh --only 'orders_*'"

local COLUMNS = { "Name", "Type", "FileId", "State", "Reached", "Protected" }

function M.run(args, context)
  local matches, entries, contents = opening.matcher(args.only), {}, nil
  local manifest = fleet_options.with_ledger(context, function(manifest, ledger)
    local rows = ledger:rows()
    for _, name in ipairs(tables.sorted_keys(rows)) do
      entries[#entries + 1] = matches(name) and inspect.entry(rows[name]) or nil
    end
    contents = args.refresh and upkeep.contents(ledger)
    return manifest
  end, "refuse")
  local columns = tables.merge(COLUMNS)
  if args.refresh then
    local client = context:client { region = args.region or manifest.region }
    local ok, err = inspect.refresh(client, manifest.project, entries, contents, function(event)
      context.progress:count("comparing", event.done, event.total)
    end)
    if not ok then
      context:fail(err)
    end
    columns[#columns + 1], columns[#columns + 2] = "Service", "Drift"
  end
  columns[#columns + 1] = "Error"
  for _, entry in ipairs(entries) do
    entry.FileId = entry.FileId and core.decode(entry.FileId)
  end
  context.output:list(entries, columns)
  return exit_status.DONE
end

return M
