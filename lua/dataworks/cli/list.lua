-- The command `list`. It lists the tasks of a workspace.

local exit_status = require "dataworks.cli.exit_status"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Lists the real-time and offline tasks of a workspace."
M.format = "table"
M.arguments = { { "WORD", "part of the names of the tasks", args = "?" } }
M.options = { task_spec.PROJECT, task_spec.TYPE }
M.examples = "  dataworks list --project 10000\n  dataworks list --project 10000 orders -o jsonl"

local RETRIES = 10

--- Returns the numbers of the types of files to list.
local function file_types(task_type)
  local numbers = {}
  for number, name in pairs(task_ref.TYPES) do
    numbers[#numbers + 1] = (not task_type or task_type == name) and number or nil
  end
  table.sort(numbers)
  return table.concat(numbers, ",")
end

function M.run(args, context)
  if args.type == "DI_SOLUTION" then
    context:wrong_use "the service lists no solutions; the type is DI_REALTIME or DI_OFFLINE"
  end
  local items = {}
  local params = {
    ProjectId = args.project, FileTypes = file_types(args.type), Keyword = args.word, PageSize = 100,
    NeedAbsoluteFolderPath = true,
  }
  for _, file, err in context:client():each("ListFiles", params, { version = "2020-05-18", retries = RETRIES }) do
    if err then
      context:fail(err)
    end
    items[#items + 1] = {
      FileId = file.FileId, Name = file.FileName, Type = task_ref.TYPES[file.FileType],
      Folder = file.AbsoluteFolderPath, Version = file.CurrentVersion, Submitted = file.CommitStatus == 1,
    }
    context.progress:count("listing", #items)
  end
  context.output:list(items, { "FileId", "Name", "Type", "Folder", "Version", "Submitted" })
  return exit_status.DONE
end

return M
