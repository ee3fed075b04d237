-- The command `list`. It lists the tasks of a workspace.

local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Lists the real-time and offline tasks of a workspace."
M.format = "table"
M.arguments = { { "WORD", "part of the names of the tasks", args = "?" } }
M.options = {
  task_spec.PROJECT, task_spec.TYPE,
  { "--with-state", false, "also show the state of each real-time task, which takes a call for each" },
}
M.examples = "  dataworks list --project 10000\n  dataworks list --project 10000 orders -o jsonl\n"
  .. "  dataworks list --project 10000 --with-state"

local RETRIES = 10
local CONCURRENCY = 8

--- Returns the numbers of the types of files to list.
local function file_types(task_type)
  local numbers = {}
  for number, name in pairs(task_ref.TYPES) do
    numbers[#numbers + 1] = (not task_type or task_type == name) and number or nil
  end
  table.sort(numbers)
  return table.concat(numbers, ",")
end

--- Adds the states of the real-time tasks. A task that was deleted meanwhile has none.
local function add_states(items, project, context)
  local client = context:client()
  local real_time = {}
  for _, item in ipairs(items) do
    real_time[#real_time + 1] = item.Type == "DI_REALTIME" and item or nil
  end
  local results = dataworks.map(real_time, function(item)
    local status, err = client:status({ ProjectId = project, FileId = item.FileId, TaskType = item.Type },
      { retries = RETRIES })
    if status then
      item.State = status.state
    end
    return status, err
  end, { concurrency = CONCURRENCY })
  for _, result in ipairs(results) do
    if result.err and result.err.kind ~= "task" then
      context:fail(result.err)
    end
  end
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
  local columns = { "FileId", "Name", "Type", "Folder", "Version", "Submitted" }
  if args.with_state then
    add_states(items, args.project, context)
    columns[#columns + 1] = "State"
  end
  context.output:list(items, columns)
  return exit_status.DONE
end

return M
