-- Compares a manifest with its ledger: which tasks are to be created, renamed, updated, deployed, started and deleted.
-- Makes no call.

local errors = require "dataworks.error"
local nearest = require "dataworks.util.nearest"
local upkeep = require "dataworks.fleet.upkeep"

local M = {}

-- The number of calls of each change, if no reply is pending and no call is retried.
local CALLS = {
  create = { DI_OFFLINE = 1, other = 3 }, update = { DI_OFFLINE = 1, other = 3 },
  deploy = { DI_OFFLINE = 6, other = 1 }, start = { other = 4 }, rename = { other = 1 },
  delete = { DI_OFFLINE = 2, other = 7 }, protect = { other = 0 }, unprotect = { other = 0 },
}

--- The calls that an account may make a day, by its edition of DataWorks.
M.DAILY_QUOTAS = { { "Basic", 100 }, { "Standard", 1000 }, { "Professional", 10000 } }

--- The order of the states that a task reaches; "changed" is a task that was updated after it had been deployed.
M.ORDER = { created = 1, changed = 1, deployed = 2, running = 3 }

---@class dataworks.fleet.Change
---@field name string
---@field actions string[] of create, rename, update, deploy, start, delete, protect and unprotect; empty if the task is
--- unchanged
---@field task? dataworks.fleet.Task nil if the manifest does not have the task
---@field row? dataworks.fleet.Row nil if the ledger does not have the task
---@field added? string[] the tables that come, if the task is updated and the ledger has the script before
---@field removed? string[] the tables that go
---@field error? string why an earlier run failed

---@class dataworks.fleet.Plan
---@field changes dataworks.fleet.Change[] one for each task of the manifest that `only` matches, in its order; then the
--- deletions
---@field unlisted string[] names of tasks that the ledger has and the manifest lacks
---@field protected string[] those of them that are protected
---@field moves { from: string, to: string }[] the tasks that get another name
---@field existing integer how many tasks of the fleet exist
---@field counts table<string, integer> how many tasks each action concerns, how many are unchanged, and how many `only`
--- leaves out
---@field calls integer the number of calls, without retries

--- Returns what is to be done for a task.
---@param task dataworks.fleet.Task
---@param row dataworks.fleet.Row|nil
local function actions_of(task, row)
  local actions, reached = {}, row and row.file_id and M.ORDER[row.reached] or 0
  local is_protected = row ~= nil and row.protect == "1"
  if task.protect ~= nil and task.protect ~= is_protected then
    actions[1] = task.protect and "protect" or "unprotect"
  end
  if row and row.made == task.digest and row.name == task.name then
    return actions
  end
  if row and (row.named or row.name) ~= task.name then
    actions[#actions + 1] = "rename"
  end
  if reached == 0 then
    actions[#actions + 1], reached = "create", 1
  elseif row.script_made ~= task.script_digest then
    actions[#actions + 1], reached = "update", 1
  end
  if M.ORDER[task.state] >= 2 and reached < 2 then
    actions[#actions + 1] = "deploy"
  end
  if task.state == "running" and reached < 3 then
    actions[#actions + 1] = "start"
  end
  return actions
end

--- Returns the row of a task, which may stand under its earlier name.
local function row_of(task, rows)
  local row, earlier = rows[task.name], rows[task.moved_from or ""]
  if not upkeep.is_present(row) and upkeep.is_present(earlier) then
    return earlier
  end
  return row
end

local function add(plan, change)
  plan.changes[#plan.changes + 1] = change
  for _, action in ipairs(change.actions) do
    local calls, task_type = CALLS[action], change.task and change.task.task_type or change.row.task_type
    plan.counts[action] = (plan.counts[action] or 0) + 1
    plan.calls = plan.calls + (calls[task_type] or calls.other)
  end
  if #change.actions == 0 then
    plan.counts.unchanged = plan.counts.unchanged + 1
  end
end

--- Adds the tasks that the manifest lacks.
local function add_unlisted(plan, rows, listed, options)
  for name, row in pairs(rows) do
    plan.existing = plan.existing + (row.file_id and 1 or 0)
    if not listed[name] and upkeep.is_present(row) and options.matches(name) then
      plan.unlisted[#plan.unlisted + 1] = name
    end
  end
  table.sort(plan.unlisted)
  for _, name in ipairs(plan.unlisted) do
    local row = rows[name]
    if row.protect == "1" then
      plan.protected[#plan.protected + 1] = name
    end
    if options.prune then
      add(plan, { name = name, actions = { "delete" }, row = row, error = row.error })
    end
  end
end

--- Returns the error of a pattern that matches no task.
local function no_match(pattern, manifest, rows)
  local known = {}
  for name in pairs(rows) do
    known[name] = true
  end
  for _, task in ipairs(manifest.tasks) do
    known[task.name] = true
  end
  return errors.invalid(nil, "only", ("no task of the manifest or the ledger matches %s%s"):format(pattern,
    nearest.hint(pattern, known)))
end

--- Compares. Raises an error if the pattern `only` matches no task.
---@param manifest dataworks.fleet.Manifest
---@param rows table<string, dataworks.fleet.Row>
---@param options { matches: (fun(name: string): boolean), only?: string, prune: boolean }
---@return dataworks.fleet.Plan
function M.compare(manifest, rows, options)
  local plan = {
    changes = {}, unlisted = {}, protected = {}, moves = {}, existing = 0, calls = 0,
    counts = { create = 0, update = 0, deploy = 0, start = 0, delete = 0, unchanged = 0, left_out = 0 },
  }
  local listed = {}
  for _, task in ipairs(manifest.tasks) do
    local is_wanted, row = options.matches(task.name), row_of(task, rows)
    listed[task.name] = true
    if row and row.name ~= task.name then
      listed[row.name] = true
      plan.moves[#plan.moves + 1] = is_wanted and { from = row.name, to = task.name } or nil
    end
    if is_wanted then
      add(plan, {
        name = task.name, actions = actions_of(task, row), task = task, row = row, error = row and row.error,
      })
    else
      plan.counts.left_out = plan.counts.left_out + 1
    end
  end
  add_unlisted(plan, rows, listed, options)
  if options.only and #plan.changes + #plan.unlisted == 0 then
    error(no_match(options.only, manifest, rows), 0)
  end
  return plan
end

return M
