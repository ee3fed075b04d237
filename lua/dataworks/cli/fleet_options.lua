-- What the commands plan, apply and ledger have in common: their options, and the errors of manifests and ledgers.

local databases = require "dataworks.database.database"
local exit_status = require "dataworks.cli.exit_status"
local plans = require "dataworks.fleet.plan"
local opening = require "dataworks.fleet.opening"

local M = {}

-- A command ends when its ledger does not answer; its leases end, and the next run goes on.
databases.last_resort = databases.last_resort or { seconds = 60, status = exit_status.TRY_AGAIN }

M.MANIFEST = { "MANIFEST", "a file with the tasks: JSON, or Lua if its name ends with .lua", complete = "file" }
M.LEDGER = {
  "--ledger", "URL", "a path, or postgresql://USER:PASSWORD@HOST/DATABASE; default: .dataworks.db beside the manifest",
  complete = "file",
}
M.ONLY = { "--only", "PATTERN", "only the tasks whose names match; * and ? stand for any characters" }
M.LIVE = { "--live", false, "first ask the service whether the data sources and the resource groups exist" }
M.PRUNE = { "--prune", false, "delete the tasks of this fleet that the manifest no longer has" }

local MAX_FAULTS = 100

-- The order of the actions in the summary.
local ACTIONS = { "create", "rename", "update", "deploy", "start", "delete", "protect", "unprotect" }
local ALWAYS = { create = true, update = true, deploy = true, start = true }

--- Returns a line about a plan.
---@param plan dataworks.fleet.Plan
---@return string
function M.summary(plan)
  local parts = {}
  for _, action in ipairs(ACTIONS) do
    local count = plan.counts[action] or 0
    parts[#parts + 1] = (count > 0 or ALWAYS[action]) and ("%d to %s"):format(count, action) or nil
  end
  local quotas = {}
  for i, row in ipairs(plan.calls > 0 and plans.DAILY_QUOTAS or {}) do
    quotas[i] = ("%s %d"):format(row[1], row[2])
  end
  parts[#parts + 1] = ("%d unchanged"):format(plan.counts.unchanged)
  parts[#parts + 1] = plan.counts.left_out > 0 and ("%d left out by --only"):format(plan.counts.left_out) or nil
  return ("%s; about %d calls%s"):format(table.concat(parts, ", "), plan.calls,
    #quotas > 0 and (" (the daily quota of an account: %s, Enterprise none)"):format(table.concat(quotas, ", ")) or "")
end

--- Ends the command with the error of a fleet. All faults of a manifest are shown, as compilers do.
---@param context dataworks.cli.Context
---@param path string
---@param err dataworks.Error|nil
---@param faults? dataworks.fleet.Fault[]
function M.fail(context, path, err, faults)
  if not faults and err.kind == "ledger" then
    context.raise(exit_status.TRY_AGAIN, tostring(err))
  elseif not faults then
    err.path = err.path == "ledger" and "--ledger" or err.path
    context:fail(err)
  end
  local lines = {}
  for i, fault in ipairs(faults) do
    local message, prefix = fault.message, path .. ": "
    if message:sub(1, #prefix) == prefix then -- as in the message of a file that cannot be opened
      message = message:sub(#prefix + 1)
    end
    lines[i] = ("%s:%s %s%s%s"):format(path, fault.line and ("%d:%d:"):format(fault.line, fault.column or 1) or "",
      fault.name and fault.name .. ": " or "", fault.path ~= "" and fault.path .. ": " or "", message)
  end
  if #lines > MAX_FAULTS then
    lines[MAX_FAULTS + 1] = ("these are the first %d faults"):format(MAX_FAULTS)
  end
  local status = faults[1].is_unreadable and exit_status.WRONG_USE or exit_status.REFUSED
  context.raise(status, (table.unpack or unpack)(lines, 1, math.min(#lines, MAX_FAULTS + 1)))
end

--- Ends the command if the option --region contradicts the manifest. With an endpoint, also one of the environment, the
--- client cannot find this out.
---@param context dataworks.cli.Context
---@param manifest dataworks.fleet.Manifest
function M.check_region(context, manifest)
  local region = context.args.region
  if region and manifest.region and region ~= manifest.region then
    context:wrong_use(("--region %s: the manifest is for %s"):format(region, manifest.region),
      "Leave out --region, or name another manifest.")
  end
end

--- Opens the ledger that the arguments name, and returns what fn returns. Ends the command if that fails.
---@param context dataworks.cli.Context
---@param fn fun(manifest: dataworks.fleet.Manifest, ledger: dataworks.fleet.Ledger): any
---@param absent? "refuse"
function M.with_ledger(context, fn, absent)
  local result, err, faults = opening.with_ledger(context.args, function(manifest, ledger)
    M.check_region(context, manifest)
    return fn(manifest, ledger)
  end, absent)
  if result == nil then
    M.fail(context, context.args.manifest, err, faults)
  end
  return result
end

return M
