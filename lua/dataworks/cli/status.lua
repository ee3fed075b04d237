-- The command `status`. It shows the state of a task, or the version and the schedule of an offline task.

local exit_status = require "dataworks.cli.exit_status"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Shows the state of a task. For an offline task, shows its version and its schedule."
M.arguments = { task_ref.ARGUMENT }
M.options = { task_spec.PROJECT, task_spec.TYPE, task_ref.NAME }
M.examples = "  dataworks status orders_to_odps --project 10000"

local function offline_status(task, context)
  local reply, err = context:client():call("GetFile", { ProjectId = task.ProjectId, FileId = task.FileId })
  if not reply then
    context:fail(err)
  end
  local file, node = reply.Data.File or {}, reply.Data.NodeConfiguration or {}
  return {
    Version = file.CurrentVersion, Submitted = file.CommitStatus == 1, CronExpress = node.CronExpress,
    RequestId = reply.RequestId,
  }
end

function M.run(_, context)
  local task = task_ref.find(context)
  local result
  if task.TaskType == "DI_OFFLINE" then
    result = offline_status(task, context)
  else
    local reply, err = context:client():status(task)
    if not reply then
      context:fail(err)
    end
    result = { State = reply.state, RequestId = reply.RequestId }
  end
  result.FileId, result.TaskType = task.FileId, task.TaskType
  context.output:object(result)
  return exit_status.DONE
end

return M
