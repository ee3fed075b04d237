-- The command `update`. It changes the tables of a real-time task, or the script of an offline task.

local exit_status = require "dataworks.cli.exit_status"
local task_flow = require "dataworks.cli.task_flow"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Replaces the tables of a real-time task, or the script of an offline task. A running task works as "
  .. "before until it is deployed again; --start does that."
M.changes = true
M.arguments = {
  task_ref.ARGUMENT, { "FILE", "a file with the new script; - is standard input", args = "?", complete = "file" },
}
M.options = {
  task_spec.PROJECT, task_spec.TYPE, task_ref.NAME,
  { "--tables", "LIST", "the complete new list of tables, as in create; a table that it lacks leaves the task" },
  { "--start", false, "deploy the task again, start it, and wait until it runs" },
  { "--schedule", "CRON", "publish an offline task with this schedule" },
  { "--wait-timeout", "SECONDS", "the time for each wait; default: 600", number = "positive" },
}
M.examples = "  dataworks update orders_to_odps --project 10000 --tables shop.orders,shop.items"

--- Returns the TaskParam that selects other tables.
local function selection(args, context)
  local built = task_spec.task_param({
    from = { mysql = "source", tables = task_spec.tables(args.tables, context) }, to = { odps = "destination" },
    resource_group = "group",
  }, context)
  local connection = built.steps[1].parameter.connection[1]
  return { steps = { { category = "reader", name = "Reader", parameter = {
    connection = { { table = connection.table, selectedTables = connection.selectedTables } },
  } } } }
end

function M.run(args, context)
  if (args.file == nil) == (args.tables == nil) then
    context:wrong_use "name either FILE or --tables"
  end
  local task = task_ref.find(context)
  local is_offline = task.TaskType == "DI_OFFLINE"
  task_flow.check(context, task.TaskType)
  local params = { ProjectId = task.ProjectId, TaskType = task.TaskType, FileId = task.FileId }
  if args.file then
    local text = task_spec.read_script(args.file, context, task.TaskType, not is_offline)
    params[is_offline and "TaskContent" or "TaskParam"] = text
  elseif is_offline then
    context:wrong_use "an offline task is changed with the new script in FILE"
  else
    params.TaskParam = selection(args, context)
  end
  context:mark_resumable()
  local updated, err = context:client():update_sync_task(params, {
    timeout = args.wait_timeout,
    on_progress = function(event) context:show_event(event) end,
  })
  if not updated then
    context:fail(err)
  end
  local result = task_flow.run(context, task, true)
  result.FileId, result.TaskType, result.RequestId = task.FileId, task.TaskType, updated.RequestId
  context.output:object(result)
  return exit_status.DONE
end

return M
