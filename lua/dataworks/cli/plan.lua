-- The command `plan`. It shows what apply would do, and makes no call.

local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"
local fleet_options = require "dataworks.cli.fleet_options"

local M = {}

M.description = "Compares a manifest with its ledger, and shows which tasks apply would create, update, deploy and "
  .. "start. Makes no call."
M.format = "table"
M.arguments = { fleet_options.MANIFEST }
M.options = {
  fleet_options.LEDGER, fleet_options.ONLY,
  { "--exit-code", false, "exit with the status 6 if there are changes" },
}
M.examples = "  dataworks plan tasks.json\n  dataworks plan tasks.json -o json --exit-code"

function M.run(args, context)
  local plan, err, faults = dataworks.fleet.plan { manifest = args.manifest, ledger = args.ledger, only = args.only }
  if not plan then
    fleet_options.fail(context, args.manifest, err, faults)
  end
  local items = {}
  for _, change in ipairs(plan.changes) do
    if #change.actions > 0 then
      items[#items + 1] = { Name = change.name, Actions = table.concat(change.actions, ", "), Error = change.error }
    end
  end
  local changed = #items
  for _, name in ipairs(plan.unlisted) do
    items[#items + 1] = { Name = name, Actions = "not in the manifest" }
  end
  context.output:list(items, { "Name", "Actions", "Error" })
  local counts = plan.counts
  context:say_line(("%d to create, %d to update, %d to deploy, %d to start, %d unchanged; about %d calls"):format(
    counts.create, counts.update, counts.deploy, counts.start, counts.unchanged, plan.calls))
  return args.exit_code and changed > 0 and exit_status.CHANGES or exit_status.DONE
end

return M
