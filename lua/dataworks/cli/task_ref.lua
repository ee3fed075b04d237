-- Finds the task that a command names, by its FileId or by its name.

local exit_status = require "dataworks.cli.exit_status"

local M = {}

M.ARGUMENT = { "TASK", "the FileId or the name of the task" }

M.NAME = { "--name", false, "TASK is a name, even if it has digits only" }

--- The types of the files that are tasks, in ListFiles.
M.TYPES = { [23] = "DI_OFFLINE", [900] = "DI_REALTIME" }

--- Returns the file of a task; nil if the workspace has none.
local function find_file(context, filter)
  filter.ProjectId, filter.PageSize = context.args.project, 10
  local reply, err = context:client():call("ListFiles", filter, { version = "2020-05-18" })
  if not reply then
    context:fail(err)
  end
  for _, file in ipairs(reply.Data and reply.Data.Files or {}) do
    if M.TYPES[file.FileType] then
      return file
    end
  end
end

--- Returns the task. Ends the command if there is none.
---@param context dataworks.cli.Context
---@return dataworks.TaskId task
---@return string|nil name
function M.find(context)
  local args = context.args
  local is_id = not args.name and args.task:find "^%d+$" ~= nil
  if is_id and args.type then
    return { ProjectId = args.project, FileId = args.task, TaskType = args.type }
  end
  local file = find_file(context, is_id and { FileIdIn = args.task } or { ExactFileName = args.task })
  if file then
    local task_type = args.type or M.TYPES[file.FileType]
    return { ProjectId = args.project, FileId = file.FileId, TaskType = task_type }, file.FileName
  end
  context.raise(exit_status.REFUSED, ("the workspace %s has no task %s"):format(args.project, args.task),
    is_id and "If this is a name, add --name." or nil,
    ("dataworks list --project %s lists the tasks; a solution needs --type DI_SOLUTION and its FileId."):format(
      args.project))
end

return M
