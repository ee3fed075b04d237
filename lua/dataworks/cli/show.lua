-- The command `show`. It prints the script of a task.

local core = require "dataworks.core"
local exit_status = require "dataworks.cli.exit_status"
local layout = require "dataworks.cli.json_layout"
local task_ref = require "dataworks.cli.task_ref"
local task_params = require "dataworks.api.content_to_param"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Prints the script of a task, as the commands check, create and update take it."
M.arguments = { task_ref.ARGUMENT }
M.options = { task_spec.PROJECT, task_spec.TYPE, task_ref.NAME }
M.examples = "  dataworks show nightly_orders --project 10000 >task.json"

function M.run(_, context)
  local task = task_ref.find(context)
  local is_offline = task.TaskType == "DI_OFFLINE"
  local reply, err
  if is_offline then
    reply, err = context:client():call("GetFile", { ProjectId = task.ProjectId, FileId = task.FileId })
  else
    reply, err = context:client():call("GetDISyncTask", task)
  end
  if not reply then
    context:fail(err)
  end
  local script
  if is_offline then
    script = (reply.Data.File or {}).Content
  else
    script = reply.Data.Code
  end
  if type(script) ~= "string" or script == "" then
    context.raise(exit_status.REFUSED, "the service keeps no script of this task")
  end
  local param = not is_offline and task_params.of(core.decode(script))
  context.output:write(layout(param and core.encode(param) or script) .. "\n")
  return exit_status.DONE
end

return M
