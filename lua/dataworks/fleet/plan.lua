-- Compares a manifest with its ledger: which tasks are to be created, updated, deployed and started. Makes no call.

local M = {}

-- The number of calls of each change, if no reply is pending and no call is retried.
local CALLS = {
  create = { DI_OFFLINE = 1, other = 3 }, update = { DI_OFFLINE = 1, other = 3 },
  deploy = { DI_OFFLINE = 6, other = 1 }, start = { other = 4 },
}

--- The order of the states that a task reaches; "changed" is a task that was updated after it had been deployed.
M.ORDER = { created = 1, changed = 1, deployed = 2, running = 3 }

---@class dataworks.fleet.Change
---@field name string
---@field actions string[] of create, update, deploy and start; empty if the task is unchanged
---@field task? dataworks.fleet.Task nil if the manifest does not have the task
---@field error? string why an earlier run failed

---@class dataworks.fleet.Plan
---@field changes dataworks.fleet.Change[] one for each task of the manifest, in its order
---@field unlisted string[] names of tasks that the ledger has and the manifest lacks
---@field counts table<string, integer> how many tasks are created, updated, deployed, started and unchanged
---@field calls integer the number of calls, without retries

--- Returns what is to be done for a task.
---@param task dataworks.fleet.Task
---@param row dataworks.fleet.Row|nil
local function actions_of(task, row)
  if row and row.made == task.digest then
    return {}
  end
  local actions, reached = {}, row and row.file_id and M.ORDER[row.reached] or 0
  if reached == 0 then
    actions[1], reached = "create", 1
  elseif row.script_made ~= task.script_digest then
    actions[1], reached = "update", 1
  end
  if M.ORDER[task.state] >= 2 and reached < 2 then
    actions[#actions + 1] = "deploy"
  end
  if task.state == "running" and reached < 3 then
    actions[#actions + 1] = "start"
  end
  return actions
end

--- Compares.
---@param manifest dataworks.fleet.Manifest
---@param rows table<string, dataworks.fleet.Row>
---@param matches fun(name: string): boolean
---@return dataworks.fleet.Plan
function M.compare(manifest, rows, matches)
  local plan = {
    changes = {}, unlisted = {}, calls = 0, counts = { create = 0, update = 0, deploy = 0, start = 0, unchanged = 0 },
  }
  local listed = {}
  for _, task in ipairs(manifest.tasks) do
    listed[task.name] = true
    local row = rows[task.name]
    local actions = matches(task.name) and actions_of(task, row) or {}
    plan.changes[#plan.changes + 1] = { name = task.name, actions = actions, task = task, error = row and row.error }
    for _, action in ipairs(actions) do
      plan.counts[action] = plan.counts[action] + 1
      plan.calls = plan.calls + (CALLS[action][task.task_type] or CALLS[action].other)
    end
    if #actions == 0 then
      plan.counts.unchanged = plan.counts.unchanged + 1
    end
  end
  for name in pairs(rows) do
    if not listed[name] and matches(name) then
      plan.unlisted[#plan.unlisted + 1] = name
    end
  end
  table.sort(plan.unlisted)
  return plan
end

return M
