-- The command `delete`. It deletes a task.

local exit_status = require "dataworks.cli.exit_status"
local state_file = require "dataworks.cli.state_file"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Deletes a task. Asks before on a terminal; elsewhere --yes is required. A running task must first be "
  .. "stopped, and a deployed one terminated; --stop does both."
M.changes = true
M.arguments = { task_ref.ARGUMENT }
M.options = {
  task_spec.PROJECT, task_spec.TYPE, task_ref.NAME, { "--yes", false, "do not ask" },
  { "--stop", false, "stop the task if it runs, and terminate it if it is deployed" },
}
M.examples = "  dataworks delete orders_to_odps --project 10000 --stop"

local RUNNING = { WAIT = true, RUN = true }

--- Stops a real-time task if it runs, and terminates it if it is deployed.
local function stop(task, context)
  local client = context:client()
  local status, err = client:status(task)
  local function act(method)
    context.progress:step(method)
    status, err = client[method](client, task, { wait = true })
  end
  if status and RUNNING[status.state] then
    act "stop"
  end
  if status and status.state ~= "NORUN" then
    act "terminate"
  end
  if not status and err.kind ~= "task" then
    context:fail(err)
  end
end

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
    if args.stop then
      stop(task, context)
    end
    reply, err = client:delete(task)
  end
  if not reply and err.kind == "task" then
    context:fail(err, "A running task must be stopped first, and a deployed one terminated: "
      .. ("dataworks stop %s, dataworks terminate %s; or add --stop."):format(args.task, args.task))
  elseif not reply then
    context:fail(err)
  end
  if name then
    state_file.forget(args.project, name)
  end
  context.output:object { FileId = task.FileId, Deleted = true, RequestId = reply.RequestId }
  return exit_status.DONE
end

return M
