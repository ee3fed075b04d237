-- The actions that create, change, read and delete tasks, and the action that finds tasks by data source.

local content = require "dataworks.emulator.service.content"
local dates = require "dataworks.emulator.dates"
local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local ALL_TYPES = "DI_OFFLINE DI_REALTIME DI_SOLUTION"

local FOLDER_ROOTS = { ["业务流程"] = true, ["business flow"] = true, workflow = true }
local FOLDER_ENDS = { ["数据集成"] = true, ["data integration"] = true }

--- Returns true if the path begins with a folder for workflows and ends with a folder for data integration.
local function is_valid_folder(path)
  if type(path) ~= "string" or path:find("^//") or path:find("//$") then
    return false
  end
  local names = {}
  for name in path:lower():gmatch("[^/]+") do
    names[#names + 1] = name
  end
  return #names >= 3 and FOLDER_ROOTS[names[1]] and FOLDER_ENDS[names[#names]] or false
end

--- Returns true if the name is the valid name of a resource group.
local function is_valid_group(name)
  if type(name) ~= "string" or name == "" then
    return false
  elseif name:find("^S_res_group_") or name:find("^Serverless_res_group_") then
    return name:find("res_group_%w+_%w+$") ~= nil
  end
  return true
end

--- Checks the TaskParam of CreateDISyncTask and UpdateDISyncTask, and returns it. Raises a reply if a value is wrong.
local function check_task_param(source)
  local param = source and script.parse_object(source) or {}
  local units = tonumber(param.Cu)
  if param.FileFolderPath ~= nil and not is_valid_folder(param.FileFolderPath) then
    reply.raise(reply.failed("Invalid path: " .. tostring(param.FileFolderPath)))
  elseif param.ResourceGroup ~= nil and not is_valid_group(param.ResourceGroup) then
    reply.raise(reply.failed(("ResourceGroup:[%s] is invalid."):format(tostring(param.ResourceGroup))))
  elseif param.Cu ~= nil and not (units and units > 0 and units * 2 % 1 == 0) then -- multiples of 0.5 are valid
    reply.raise(reply.failed(("Cu:[%s] is invalid."):format(tostring(param.Cu))))
  end
  return param
end

M.CreateDISyncTask = wrap.only_types(ALL_TYPES, reply.invalid_script, function(state, params)
  local parsed = script.parse_content(params.TaskContent)
  local folder = check_task_param(params.TaskParam).FileFolderPath
  local name = params.TaskName or parsed.name
  if name and state:is_name_taken(params.ProjectId, name) then
    return reply.name_taken("TaskName")
  end
  local id = state:add_task({
    project = params.ProjectId, task_type = params.TaskType, name = name, text = params.TaskContent, parsed = parsed,
    folder = folder,
  })
  return reply.acted(json.object("FileId", json.integer(id), "Status", state.settings.success_status,
    "Message", state.settings.success_message))
end)

M.UpdateDISyncTask = wrap.with_task(ALL_TYPES, function(state, task, params)
  check_task_param(params.TaskParam)
  if params.TaskContent then
    state:edit_task(task, { parsed = script.parse_content(params.TaskContent), text = params.TaskContent })
  end
  return state:success()
end)

local SOLUTION_STATUS = { NORUN = "1", WAIT = "8", RUN = "2", KILLING = "2", PAUSE = "1" }

--- Returns the member ProcessContent of a solution. `generated` is the script from which the task was generated.
local function process_content(task, generated)
  return json.encode(json.object(
    generated.destination .. "Datasource", generated.datasource,
    "srcType", generated.source,
    "readerConcurrent", 10,
    "realtimeSyncConfig", json.object("content", task.parsed.content,
      "extend", json.object("mode", "migration_" .. generated.destination,
        "resourceGroup", generated.resource_group)),
    "setting", json.object("autoCreateWorkflow", true, "userDefinedFileNameExpression", "oneclick")
  ))
end

--- Returns the member SolutionDetail of a reply about a task of the type DI_SOLUTION.
local function solution_detail(state, task)
  local generated = script.parse_generated(task.parsed.content)
  return json.object(
    "Id", json.integer(task.id),
    "Name", task.name,
    "Type", generated and generated.destination,
    "SourceType", generated and generated.source,
    "Status", SOLUTION_STATUS[task.instance],
    "ProjectId", json.integer(task.project),
    "CreatorName", state.OWNER,
    "StartTime", task.started and dates.format_plain(task.started),
    "SubmitTime", dates.format_plain(task.created / 1000),
    "ProcessContent", generated and process_content(task, generated),
    "ProcessExtra", json.encode(json.object("processType", "new",
      "tableNum", generated and content.count_tables(generated) or 0))
  )
end

--- Returns the text of a task as a value that is JSON already. A text with many quotes takes long to write, and is read
--- often.
local function written_text(task)
  if task.written_from ~= task.text then
    task.written, task.written_from = json.written(json.encode(task.text)), task.text
  end
  return task.written
end

M.GetDISyncTask = wrap.with_task("DI_REALTIME DI_SOLUTION", function(state, task)
  local is_solution = task.task_type == "DI_SOLUTION"
  return reply.acted(json.object(
    "Status", state.settings.success_status,
    "Message", state.settings.success_message,
    "Code", is_solution and json.null or written_text(task),
    "SolutionDetail", is_solution and solution_detail(state, task) or json.null,
    "AlarmList", json.list({})
  ))
end)

M.DeleteDISyncTask = wrap.with_task("DI_REALTIME", function(state, task)
  if task.deployed then
    return reply.failed(("fileId:[%s] is deployed, terminate it first."):format(task.id))
  end
  state:remove_task(task)
  return state:success()
end)

--- Converts a task to the form in which ListRefDISyncTasks returns it.
local function show(task)
  return json.object("NodeId", json.integer(task.id), "NodeName", task.name, "TaskType", task.task_type,
    "DiSourceDatasource", json.encode(json.list(task.parsed.from)),
    "DiDestinationDatasource", json.encode(json.list(task.parsed.to)))
end

local list_references = wrap.with_page(function(state, params, page)
  local direction = params.RefType
  if direction ~= "from" and direction ~= "to" then
    return reply.invalid("RefType must be from or to")
  end
  local found = paging.select(state.tasks, function(task)
    return task.project == params.ProjectId and task.task_type == params.TaskType
      and task.parsed[direction][params.DatasourceName]
  end)
  return reply.acted(json.object("DISyncTasks", paging.items(found, page, show)))
end)

M.ListRefDISyncTasks = wrap.only_types("DI_OFFLINE DI_REALTIME", reply.invalid, list_references)

return M
