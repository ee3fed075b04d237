-- The command `apply`. It makes the tasks of a manifest. Any number of processes can run it with one ledger.

local apply_progress = require "dataworks.cli.apply_progress"
local core = require "dataworks.core"
local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"
local fleet_options = require "dataworks.cli.fleet_options"
local manifests = require "dataworks.fleet.manifest"
local opening = require "dataworks.fleet.opening"
local prune = require "dataworks.fleet.prune"

local M = {}

M.description = "Creates, renames, updates, deploys and starts the tasks of a manifest. If the command is interrupted, "
  .. "the same command goes on. Several machines can run it at the same time with one ledger in PostgreSQL."
M.changes = true
M.arguments = { fleet_options.MANIFEST }
M.options = {
  fleet_options.LEDGER, fleet_options.ONLY, fleet_options.LIVE, fleet_options.PRUNE,
  {
    "--prune-limit", "N", "delete at most N tasks; default: 20, and 10 % of the fleet", number = "whole",
    needs = "--prune",
  },
  { "--yes", false, "delete without asking", needs = "--prune" },
  { "--concurrency", "N", "the number of tasks in progress; default: 16", number = "whole" },
  { "--limit", "QPS", "at most so many calls a second of all runners with this ledger", number = "positive" },
  { "--max-failures", "N", "stop after so many failed tasks", number = "whole" },
}
M.examples = "  dataworks apply tasks.json\n  dataworks apply tasks.json --prune --prune-limit 5\n"
  .. "  dataworks apply tasks.lua --ledger postgresql://me@db/fleets --limit 5"

--- The exit status of a run that stopped early.
local STOPPED = { quota = exit_status.UNFINISHED, credentials = exit_status.CREDENTIALS }

--- Returns lines about the failed tasks, one for each cause.
local function group_failures(failed)
  local causes, lines = {}, {}
  for _, row in ipairs(failed) do
    local cause = causes[row.error]
    if not cause then
      cause = { message = row.error, names = {} }
      causes[row.error], causes[#causes + 1] = cause, cause
    end
    cause.names[#cause.names + 1] = row.name
  end
  for i, cause in ipairs(causes) do
    local names = table.concat(cause.names, ", ", 1, math.min(#cause.names, 5))
    lines[i] = ("%d failed (%s%s): %s"):format(#cause.names, names, #cause.names > 5 and ", ..." or "", cause.message)
  end
  return lines
end

--- Returns a function that asks whether tasks may be deleted.
local function asker(context, project)
  return function(names)
    if not context.args.yes then
      context:confirm(("Stop and delete %d task%s of the workspace %s (%s)?"):format(#names, #names > 1 and "s" or "",
        project, prune.list(names)))
    end
    return true
  end
end

--- Returns the host and the number of this process, for people who read the list of runners.
local function label()
  local text = core.run({ "sh", "-c", 'echo "$(uname -n) $PPID"' }, 5, 1000)
  return text and text:match "^[^\n]+" or nil
end

--- Returns the option `limit` of a client. The quota belongs to the account in a region.
local function shared_limit(args, manifest)
  return args.limit and {
    qps = args.limit, ledger = args.ledger or opening.default_ledger(manifest),
    key = args.region or manifest.region,
  }
end

function M.run(args, context)
  local manifest, faults = manifests.read(args.manifest)
  if not manifest then
    fleet_options.fail(context, args.manifest, nil, faults)
  end
  fleet_options.check_region(context, manifest)
  context:mark_resumable()
  local result, err
  result, err, faults = dataworks.fleet.apply {
    manifest = manifest, ledger = args.ledger, only = args.only, concurrency = args.concurrency,
    max_failures = args.max_failures, on_event = apply_progress.new(context.progress), prune_limit = args.prune_limit,
    label = label(), live = args.live, prune = args.prune and asker(context, manifest.project),
    client = context:client { limit = shared_limit(args, manifest), region = args.region or manifest.region },
  }
  if not result then
    fleet_options.fail(context, args.manifest, err, faults)
  end
  context.output:object { Done = result.done, Failed = #result.failed, Left = result.left, Stopped = result.stopped }
  local lines = group_failures(result.failed)
  if result.cause and result.stopped ~= "failures" then
    table.insert(lines, 1, tostring(result.cause))
  end
  if result.left > 0 then
    lines[#lines + 1] = "go on with: " .. context.command_line
  end
  if #lines > 0 then
    context.raise(STOPPED[result.stopped] or exit_status.REFUSED, (table.unpack or unpack)(lines))
  end
  return exit_status.DONE
end

return M
