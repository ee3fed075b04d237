-- The command `plan`. It shows what apply would do, and makes no call.

local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"
local fleet_options = require "dataworks.cli.fleet_options"
local manifests = require "dataworks.fleet.manifest"

local M = {}

M.description = "Compares a manifest with its ledger, and shows which tasks apply would create, rename, update, "
  .. "deploy, start and delete. Without --live, makes no call."
M.format = "table"
M.arguments = { fleet_options.MANIFEST }
M.options = {
  fleet_options.LEDGER, fleet_options.ONLY, fleet_options.PRUNE, fleet_options.LIVE,
  { "--exit-code", false, "exit with the status 6 if there are changes" },
}
M.examples = "  dataworks plan tasks.json\n  dataworks plan tasks.json -o json --exit-code"

-- A line of the table names at most so many tables.
local MAX_TABLES = 8

local function to_set(names)
  local set = {}
  for _, name in ipairs(names) do
    set[name] = true
  end
  return set
end

--- Returns the tables that come and go, as text.
local function tables_of(change)
  local words = {}
  for sign, names in pairs { ["+"] = change.added or {}, ["-"] = change.removed or {} } do
    for _, name in ipairs(names) do
      words[#words + 1] = sign .. name
    end
  end
  table.sort(words)
  local more = #words > MAX_TABLES and (" and %d more"):format(#words - MAX_TABLES) or ""
  return #words > 0 and table.concat(words, " ", 1, math.min(#words, MAX_TABLES)) .. more or nil
end

--- Returns the items of the output, and the number of tasks that apply would change.
local function items_of(context, plan, prune)
  local items = {}
  for _, change in ipairs(plan.changes) do
    if #change.actions > 0 then
      items[#items + 1] = {
        Name = change.name, Actions = table.concat(change.actions, ", "), Error = change.error,
        Tables = context.output.format == "table" and tables_of(change) or nil,
        TablesAdded = change.added and dataworks.list(change.added),
        TablesRemoved = change.removed and dataworks.list(change.removed),
      }
    end
  end
  local changed, protected = #items, to_set(plan.protected)
  for _, name in ipairs(prune and {} or plan.unlisted) do
    items[#items + 1] = { Name = name, Actions = "not in the manifest" .. (protected[name] and ", protected" or "") }
  end
  return items, changed
end

function M.run(args, context)
  local manifest, faults = manifests.read(args.manifest)
  local plan, err
  if manifest then
    fleet_options.check_region(context, manifest)
    plan, err, faults = dataworks.fleet.plan {
      manifest = manifest, ledger = args.ledger, only = args.only, prune = args.prune, live = args.live,
      client = args.live and context:client { region = args.region or manifest.region },
    }
  end
  if not plan then
    fleet_options.fail(context, args.manifest, err, faults)
  end
  local items, changed = items_of(context, plan, args.prune)
  context.output:list(items, { "Name", "Actions", "Tables", "Error" })
  context:say_line(fleet_options.summary(plan))
  return args.exit_code and changed > 0 and exit_status.CHANGES or exit_status.DONE
end

return M
