-- The functions `dataworks.fleet.plan` and `dataworks.fleet.apply`.

local applies = require "dataworks.fleet.apply"
local check_options = require "dataworks.util.check_options"
local inside_nginx = require "dataworks.util.inside_nginx"
local ledgers = require "dataworks.fleet.ledger"
local misuse = require "dataworks.util.misuse"
local opening = require "dataworks.fleet.opening"
local plans = require "dataworks.fleet.plan"
local prune = require "dataworks.fleet.prune"
local table_changes = require "dataworks.fleet.table_changes"
local tables = require "dataworks.util.tables"
local tasks = require "dataworks.concurrency.task"
local upkeep = require "dataworks.fleet.upkeep"

local M = {}

---@class dataworks.fleet.PlanOptions
---@field manifest string|table a path, or the manifest as a table
---@field ledger? string a path or a URL; default: .dataworks.db beside the manifest
---@field only? string a pattern for names, with * and ?
---@field prune? boolean|fun(names: string[]): boolean true: the tasks that the manifest lacks are deleted. A function
--- gets their names before anything is done, and returns whether they may be deleted
---@field prune_limit? integer at most so many tasks are deleted; default: 20, and a tenth of the fleet
---@field live? boolean true: first asks the service whether the data sources and the resource groups exist
---@field client? dataworks.Client required for live, and for apply

---@class dataworks.fleet.ApplyOptions: dataworks.fleet.PlanOptions
---@field concurrency? integer the number of tasks in progress; default: 16
---@field lease? number seconds after which another runner takes over the tasks of a dead one; default: 60
---@field max_failures? integer stop after so many failed tasks
---@field on_event? fun(event: table) with events of the types step, done, failed, retry, adopted, lost, counts
---@field label? string the name of the runner in the ledger

local PLAN_OPTIONS = {
  manifest = "any", ledger = "text", only = "text", prune = "any", prune_limit = "positive_count", live = "boolean",
  client = "any",
}
local APPLY_OPTIONS = tables.merge(PLAN_OPTIONS, {
  concurrency = "positive_count", lease = "seconds", max_failures = "positive_count",
  on_event = "function", label = "text",
})

-- A longer lease would keep the tasks of a dead runner for days.
local MAX_LEASE = 86400

local function is_open_client(value)
  local class = getmetatable(value)
  return type(class) == "table" and class.__name == "dataworks.Client" and not value._caller.closed
end

--- Checks options. The types "any" are checked by hand.
local function check(what, known, options, needs_client)
  if type(options) ~= "table" then
    misuse(("%s: options must be a table, got %s"):format(what, check_options.describe(options)))
  end
  local simple, given = {}, {}
  for name, kind in pairs(known) do
    simple[name] = kind ~= "any" and kind or type(options[name])
  end
  for name, value in pairs(options) do
    given[name] = value
  end
  given = check_options.check(what, simple, given)
  if type(given.manifest) ~= "string" and type(given.manifest) ~= "table" then
    misuse(("%s: manifest must be a path or a table, got %s"):format(what, check_options.describe(given.manifest)))
  end
  if given.prune and given.prune ~= true and type(given.prune) ~= "function" then
    misuse(("%s: prune must be true or a function, got %s"):format(what, check_options.describe(given.prune)))
  elseif (needs_client or given.live) and not is_open_client(given.client) then
    misuse(what .. ": client must be a client of dataworks.new that is not closed")
  elseif given.lease and given.lease > MAX_LEASE then
    misuse(("%s: lease must be at most %d seconds"):format(what, MAX_LEASE))
  end
  return given
end

--- Adds the tables that come and go to the tasks that are updated.
local function add_tables(plan, ledger)
  local updated, names = {}, {}
  for _, change in ipairs(plan.changes) do
    for _, action in ipairs(change.actions) do
      if action == "update" then
        updated[#updated + 1], names[#names + 1] = change, change.row.name
      end
    end
  end
  local specs = upkeep.specs(ledger, names)
  for _, change in ipairs(updated) do
    local before = specs[change.row.name]
    -- The ledger keeps the script that was wanted last. The service has it only if it was applied.
    if before and before.script_digest == change.row.script_made then
      change.added, change.removed = table_changes.compare(before.script, change.task.script)
    end
  end
end

--- Compares a manifest with its ledger. Makes no call.
---@param options dataworks.fleet.PlanOptions
---@return dataworks.fleet.Plan|nil plan
---@return dataworks.Error|nil err
---@return dataworks.fleet.Fault[]|nil faults all faults of the manifest
function M.plan(options)
  options = check("dataworks.fleet.plan", PLAN_OPTIONS, options)
  return opening.with_ledger(options, function(manifest, ledger)
    local plan = plans.compare(manifest, ledger:rows(), {
      matches = opening.matcher(options.only), only = options.only, prune = options.prune,
    })
    add_tables(plan, ledger)
    return plan
  end, "empty")
end

--- Returns whether the ledger has a task as the manifest wants it, applied or queued.
local function is_known(task, row)
  return row and row.name == task.name and row.wanted == task.digest
    and (row.made == task.digest or row.state == ledgers.QUEUED or row.state == ledgers.RUNNING)
end

--- Brings into the ledger what the plan wants.
local function queue(plan, ledger, options)
  local changed, protection = {}, {}
  for _, change in ipairs(plan.changes) do
    local task, row = change.task, change.row
    if task then
      if not is_known(task, row) then
        changed[#changed + 1] = task
      end
      if task.protect ~= nil then
        protection[#protection + 1] = task
      end
    else
      changed[#changed + 1] = {
        name = change.name, task_type = row.task_type, delete = true, digest = upkeep.DELETED,
      }
    end
  end
  upkeep.move(ledger, plan.moves)
  if not options.prune then
    upkeep.drop(ledger, plan.unlisted)
  end
  ledger:enqueue(changed)
  upkeep.protect(ledger, protection)
end

--- Applies a manifest. Several processes can do that at the same time with one ledger.
---@param options dataworks.fleet.ApplyOptions
---@return dataworks.fleet.Result|nil result
---@return dataworks.Error|nil err
---@return dataworks.fleet.Fault[]|nil faults all faults of the manifest
function M.apply(options)
  if inside_nginx() or tasks.running() then
    misuse "dataworks.fleet.apply: call it outside nginx and outside dataworks.run, because it runs a loop of its own"
  end
  options = check("dataworks.fleet.apply", APPLY_OPTIONS, options, true)
  options.matches = opening.matcher(options.only)
  return opening.with_ledger(options, function(manifest, ledger)
    local plan = plans.compare(manifest, ledger:rows(), options)
    if options.prune then
      prune.check(plan, options)
    end
    if options.on_event then
      options.on_event { type = "plan", plan = plan }
    end
    queue(plan, ledger, options)
    return applies.run(manifest, ledger, {
      client = options.client, concurrency = options.concurrency or 16, lease = options.lease or 60,
      max_failures = options.max_failures, on_event = options.on_event, label = options.label or "lua",
      matches = options.matches,
    })
  end)
end

return M
