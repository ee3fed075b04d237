-- The command `create`. It creates a task, and with --start or --schedule also brings it into production. A state file
-- makes the same command go on after a crash; the task is never created twice.

local existing = require "dataworks.fleet.existing"
local exit_status = require "dataworks.cli.exit_status"
local state_file = require "dataworks.cli.state_file"
local task_flow = require "dataworks.cli.task_flow"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

--- The parameters that name a task.
local IDENTITY = { "ProjectId", "TaskType", "TaskName" }

M.description = "Creates a task from a script in FILE, or from --from, --tables, --to and --resource-group. If the "
  .. "command is interrupted, the same command goes on: it keeps its state in a file, and creates the task once."
M.changes = true
M.arguments = {
  { "NAME", "the name of the new task" },
  { "FILE", "a file with a TaskParam or a TaskContent; - is standard input", args = "?", complete = "file" },
}
M.options = {
  task_spec.PROJECT, task_spec.TYPE, task_spec.FROM, task_spec.TABLES, task_spec.TO, task_spec.GROUP,
  { "--folder", "PATH", "the folder, for example Business Flow/NAME/Data Integration" },
  { "--cu", "NUMBER", "the compute units of a serverless resource group", number = "positive" },
  { "--start", false, "deploy the task, start it, and wait until it runs" },
  { "--schedule", "CRON", 'bring an offline task into production with this schedule, for example "0 2 * * *"' },
  { "--state", "FILE", "the file for the state; default: one in $XDG_STATE_HOME/dataworks/", complete = "state" },
  { "--wait-timeout", "SECONDS", "the time for each wait; default: 600", number = "positive" },
}
M.examples = [[
  dataworks create orders_to_odps --project 10000 --from mysql:orders_db \
    --tables shop.orders,shop.users --to odps:warehouse --resource-group S_res_group_1 --start
  dataworks create nightly_orders nightly.json --project 10000 --schedule "0 2 * * *"]]

--- Without FILE, a task is built from the options.
function M.also_missing(args)
  local missing = args.file and {} or task_spec.missing(args)
  if #missing == #task_spec.BUILDER then
    return { "FILE, or " .. table.concat(missing, ", ") }
  end
  return missing
end

--- Ends the command if an option would have no effect beside FILE, which has the whole script.
local function check_beside_file(args, context, task_type)
  for _, option in ipairs(task_spec.BUILDER) do
    local is_used = option == task_spec.GROUP and task_type == "DI_OFFLINE"
    if args[task_spec.argument(option)] and not is_used then
      context:wrong_use(("%s and %s: the script in FILE has this already"):format(option[1], args.file),
        ("Leave out either %s or FILE."):format(option[1]))
    end
  end
end

--- Returns the parameters of create_sync_task.
local function params_of(args, context)
  local params = {
    ProjectId = args.project, TaskName = args.name, TaskType = args.type, FileFolderPath = args.folder, Cu = args.cu,
  }
  if args.file then
    local text, is_offline = task_spec.read_script(args.file, context, args.type)
    params.TaskType = args.type or (is_offline and "DI_OFFLINE" or "DI_REALTIME")
    check_beside_file(args, context, params.TaskType)
    params[params.TaskType == "DI_OFFLINE" and "TaskContent" or "TaskParam"] = text
    if params.TaskType == "DI_OFFLINE" then
      params.ResourceGroup = args.resource_group
    end
  else
    params.TaskType = args.type or "DI_REALTIME"
    params.TaskParam = task_spec.build(args, context)
  end
  return params
end

--- Returns the task that an earlier run created, if the service still has it. Ends the command if the FileId is that of
--- another task, for example because the earlier run was with another service.
local function existing_task(context, state)
  local task, name = state.content.task, context.args.name
  if type(task) ~= "table" or task.TaskType == "DI_SOLUTION" then
    return task
  end
  local reply, err = context:client():call("ListFiles", {
    ProjectId = task.ProjectId, FileIdIn = task.FileId, PageSize = 10,
  }, { version = "2020-05-18" })
  if not reply then
    context:fail(err)
  end
  for _, file in ipairs(reply.Data and reply.Data.Files or {}) do
    if task_ref.TYPES[file.FileType] and file.FileName ~= name then
      context:wrong_use(("%s says that the FileId of %s is %s, and the service has %s there"):format(state.path, name,
        task.FileId, tostring(file.FileName)), ("If the task was renamed, use its new name. If the state is that of "
        .. "another service or account, name another file with --state FILE."))
    elseif task_ref.TYPES[file.FileType] then
      return task
    end
  end
end

--- Ends the command if the state is of another task.
local function check_same(state, params, context)
  for _, name in ipairs(IDENTITY) do
    local kept = state.content.flow and state.content.flow[name]
    if kept and kept ~= tostring(params[name]) then
      context:wrong_use(("%s is the state of another task: its %s is %s"):format(state.path, name, kept),
        "Name another file with --state FILE.")
    end
  end
end

--- Returns the task that has the name, if its script is the same: another machine may have created it, or an earlier
--- run whose state is lost.
local function adopt(context, params, flow)
  local task, err = existing.adopt(context:client(), {
    ProjectId = params.ProjectId, TaskType = params.TaskType, TaskName = params.TaskName,
    content = flow and flow.TaskContent,
  })
  if task then
    context:say_line "a task with this name and this script exists; going on with this task"
    task.ProjectId, task.TaskType = params.ProjectId, params.TaskType
  elseif err.code == existing.TAKEN then
    err.advice = "Choose another NAME, or change the other task with dataworks update."
  end
  return task, err
end

--- Creates the task, or goes on with an earlier run.
local function create(state, params, context)
  local problem
  local result, err = context:client():create_sync_task(params, {
    timeout = context.args.wait_timeout, resume = state.content.flow,
    on_step = function(step)
      local ok
      ok, problem = pcall(state.write, state, { flow = step })
      if not ok then
        error("the state cannot be written", 0)
      end
    end,
    on_progress = function(event) context:show_event(event) end,
  })
  if not result and err.code == existing.TAKEN and params.TaskType ~= "DI_SOLUTION" then
    result, err = adopt(context, params, err.state)
  end
  if not result and problem then
    error(problem, 0)
  elseif not result and err.path == "resume" then
    context:wrong_use(("%s: the state of an earlier run %s"):format(state.path, err.message),
      "To change the task, use dataworks update. To create another task, use another NAME or --state FILE.")
  elseif not result then
    if not err.state then
      -- The service refused the script for good. The next run is a new attempt.
      state:remove()
    end
    context:fail(err)
  end
  local task = { ProjectId = result.ProjectId, TaskType = result.TaskType, FileId = result.FileId }
  state:write { task = task }
  return task
end

function M.run(args, context)
  local params = params_of(args, context)
  task_flow.check(context, params.TaskType)
  context:mark_resumable()
  local state, has_waited = state_file.open_locked(context, args.state, args.project, args.name)
  check_same(state, params, context)
  if has_waited and state.content.task then
    context:say_line "the other process has created the task; going on with this task"
  end
  if state.content.task and not existing_task(context, state) then
    -- The task was deleted since. Create it again, with a new token.
    state:remove()
  end
  -- If an earlier run has created the task, this only compares the parameters.
  local task = create(state, params, context)
  local result = task_flow.run(context, task)
  result.FileId, result.TaskType, result.Name = task.FileId, task.TaskType, args.name
  context.output:object(result)
  return exit_status.DONE
end

return M
