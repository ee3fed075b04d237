-- The command `delete`. It deletes a task.

local exit_status = require "dataworks.cli.exit_status"
local state_file = require "dataworks.cli.state_file"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Deletes a task. Asks before on a terminal; elsewhere --yes is required."
M.changes = true
M.arguments = { task_ref.ARGUMENT }
M.options = { task_spec.PROJECT, task_spec.TYPE, { "--yes", false, "do not ask" } }
M.examples = "  dataworks delete orders_to_odps --project 10000"

function M.run(args, context)
  local task, name = task_ref.find(context)
  if not args.yes then
    context:confirm(("Delete the task %s (FileId %s, %s) of the workspace %s?"):format(name or args.task, task.FileId,
      task.TaskType, args.project))
  end
  local client = context:client()
  local reply, err
  if task.TaskType == "DI_OFFLINE" then
    reply, err = client:call("DeleteFile", { ProjectId = task.ProjectId, FileId = task.FileId })
  else
    reply, err = client:delete(task)
  end
  if not reply and err.kind == "task" then
    context:fail(err, "A running task is stopped first, and a deployed one terminated: "
      .. ("dataworks stop %s, dataworks terminate %s"):format(args.task, args.task))
  elseif not reply then
    context:fail(err)
  end
  if name then
    state_file.open(context, nil, args.project, name):remove()
  end
  context.output:object { FileId = task.FileId, Deleted = true, RequestId = reply.RequestId }
  return exit_status.DONE
end

return M
