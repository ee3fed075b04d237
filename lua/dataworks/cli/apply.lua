-- The command `apply`. It makes the tasks of a manifest. Any number of processes can run it with one ledger.

local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"
local fleet_options = require "dataworks.cli.fleet_options"
local manifests = require "dataworks.fleet.manifest"

local M = {}

M.description = "Creates, updates, deploys and starts the tasks of a manifest. If the command is interrupted, the same "
  .. "command goes on. Several machines can run it at the same time with one ledger in PostgreSQL."
M.changes = true
M.arguments = { fleet_options.MANIFEST }
M.options = {
  fleet_options.LEDGER, fleet_options.ONLY,
  { "--concurrency", "N", "the number of tasks in progress; default: 16", number = true },
  { "--limit", "QPS", "at most so many calls a second of this process", number = true },
  { "--max-failures", "N", "stop after so many failed tasks", number = true },
}
M.examples = "  dataworks apply tasks.json\n  dataworks apply tasks.lua --ledger postgresql://me@db/fleets --limit 5"

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

local function show(context, total)
  return function(event)
    if event.type ~= "counts" then
      context.progress:step("applying", event.done + event.failed, total)
    end
  end
end

--- Checks a count that the user gave; zero and parts of a number are no counts.
local function check_count(context, option, value)
  if value and (value < 1 or value % 1 ~= 0) then
    context:wrong_use(option .. " must be a whole number above 0")
  end
end

function M.run(args, context)
  check_count(context, "--concurrency", args.concurrency)
  check_count(context, "--max-failures", args.max_failures)
  local options = { manifest = args.manifest, ledger = args.ledger, only = args.only }
  local plan, err, faults = dataworks.fleet.plan(options)
  local result
  if plan then
    local manifest = manifests.read(args.manifest)
    options.client = context:client { limit = args.limit, region = args.region or manifest and manifest.region }
    options.concurrency, options.max_failures = args.concurrency, args.max_failures
    options.on_event = show(context, #plan.changes - plan.counts.unchanged)
    context:mark_resumable()
    result, err, faults = dataworks.fleet.apply(options)
  end
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
