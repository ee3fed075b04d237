-- Creating, changing, reading and deleting tasks, and finding them by data source.

local content = require "dataworks.emulator.service.content"
local dates = require "dataworks.util.dates"
local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"

local M = {}

local OWNER = "emulator"
local CREATED_TYPES = { DI_OFFLINE = true, DI_REALTIME = true, DI_SOLUTION = true }
local LISTED_TYPES = { DI_OFFLINE = true, DI_REALTIME = true }

local FOLDER_ROOTS = { ["业务流程"] = true, ["business flow"] = true, workflow = true }
local FOLDER_ENDS = { ["数据集成"] = true, ["data integration"] = true }

local function valid_folder(path)
  if type(path) ~= "string" then
    return false
  end
  local root, last = path:lower():match("^/?([^/]+)/.*[^/].*/([^/]+)/?$")
  return root ~= nil and FOLDER_ROOTS[root] and FOLDER_ENDS[last] or false
end

local function valid_group(name)
  if type(name) ~= "string" or name == "" then
    return false
  elseif name:find("^S_res_group_") or name:find("^Serverless_res_group_") then
    return name:find("res_group_%w+_%w+$") ~= nil
  end
  return true
end

--- Compute units come in halves.
local function valid_units(units)
  local number = tonumber(units)
  return number ~= nil and number > 0 and number * 2 % 1 == 0
end

--- Checks the TaskParam of CreateDISyncTask and UpdateDISyncTask; gives a failed reply or nil.
local function check_task_param(source)
  if source == nil then
    return nil
  end
  local param, detail = script.object(source)
  if not param then
    return reply.invalid_script(detail)
  elseif param.FileFolderPath ~= nil and not valid_folder(param.FileFolderPath) then
    return reply.failed("Invalid path: " .. tostring(param.FileFolderPath))
  elseif param.ResourceGroup ~= nil and not valid_group(param.ResourceGroup) then
    return reply.failed(("ResourceGroup:[%s] is invalid."):format(tostring(param.ResourceGroup)))
  elseif param.Cu ~= nil and not valid_units(param.Cu) then
    return reply.failed(("Cu:[%s] is invalid."):format(tostring(param.Cu)))
  end
end

function M.CreateDISyncTask(state, params)
  if not CREATED_TYPES[params.TaskType] then
    return reply.invalid_script("TaskType must be DI_OFFLINE, DI_REALTIME or DI_SOLUTION")
  end
  local parsed, detail = script.content(params.TaskContent)
  if not parsed then
    return reply.invalid_script(detail)
  end
  local wrong = check_task_param(params.TaskParam)
  if wrong then
    return wrong
  end
  local name = params.TaskName or parsed.name
  if name and state:name_taken(params.ProjectId, name) then
    return reply.name_taken("TaskName")
  end
  local id = state:next_id()
  state:add_task({
    id = id,
    project = params.ProjectId,
    task_type = params.TaskType,
    name = name or "di_task_" .. id,
    text = params.TaskContent,
    parsed = parsed,
    created = state.now(),
    instance = "NORUN",
    deployed = false,
  })
  return reply.done(json.object("FileId", json.integer(id), "Status", state.settings.success_status,
    "Message", state.settings.success_message))
end

function M.UpdateDISyncTask(state, params)
  if not CREATED_TYPES[params.TaskType] then
    return reply.invalid("TaskType must be DI_OFFLINE, DI_REALTIME or DI_SOLUTION")
  end
  local task = state:find_task(params, "FileId")
  if not task then
    return reply.unknown(params.FileId)
  end
  local wrong = check_task_param(params.TaskParam)
  if wrong then
    return wrong
  end
  if params.TaskContent then
    local parsed, detail = script.content(params.TaskContent)
    if not parsed then
      return reply.invalid_script(detail)
    end
    state:change_content(task, params.TaskContent, parsed)
  end
  return state:success()
end

local SOLUTION_STATUS = { NORUN = "1", WAIT = "8", RUN = "2", KILLING = "2", PAUSE = "1" }

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

local function solution_detail(task)
  local generated = script.generated(task.parsed.content)
  return json.object(
    "Id", json.integer(task.id),
    "Name", task.name,
    "Type", generated and generated.destination,
    "SourceType", generated and generated.source,
    "Status", SOLUTION_STATUS[task.instance],
    "ProjectId", json.integer(task.project),
    "CreatorName", OWNER,
    "StartTime", task.started and dates.format(task.started),
    "SubmitTime", dates.format(task.created),
    "ProcessContent", generated and process_content(task, generated),
    "ProcessExtra", json.encode(json.object("processType", "new",
      "tableNum", generated and content.count_tables(generated) or 0))
  )
end

function M.GetDISyncTask(state, params)
  if params.TaskType ~= "DI_REALTIME" and params.TaskType ~= "DI_SOLUTION" then
    return reply.invalid("TaskType must be DI_REALTIME or DI_SOLUTION")
  end
  local task = state:find_task(params, "FileId")
  if not task then
    return reply.unknown(params.FileId)
  end
  local solution = task.task_type == "DI_SOLUTION"
  return reply.done(json.object(
    "Status", state.settings.success_status,
    "Message", state.settings.success_message,
    "Code", solution and json.null or task.text,
    "SolutionDetail", solution and solution_detail(task) or json.null,
    "AlarmList", json.list({})
  ))
end

function M.DeleteDISyncTask(state, params)
  if params.TaskType ~= "DI_REALTIME" then
    return reply.invalid("TaskType must be DI_REALTIME")
  end
  local task = state:find_task(params, "FileId")
  if not task then
    return reply.unknown(params.FileId)
  elseif task.deployed then
    return reply.failed(("fileId:[%s] is deployed, terminate it first."):format(task.id))
  end
  state:remove_task(task)
  return state:success()
end

local function listed(task)
  return json.object("NodeId", json.integer(task.id), "NodeName", task.name, "TaskType", task.task_type,
    "DiSourceDatasource", json.encode(json.list(task.parsed.from)),
    "DiDestinationDatasource", json.encode(json.list(task.parsed.to)))
end

function M.ListRefDISyncTasks(state, params)
  local page = paging.read(params)
  local project, kind, direction = params.ProjectId, params.TaskType, params.RefType
  if not LISTED_TYPES[kind] then
    return reply.invalid("TaskType must be DI_OFFLINE or DI_REALTIME")
  elseif direction ~= "from" and direction ~= "to" then
    return reply.invalid("RefType must be from or to")
  elseif not page then
    return reply.invalid(paging.WRONG)
  end
  local found = {}
  for at, task in state:references(project, kind, direction, params.DatasourceName) do
    if at > page.last then
      break
    elseif at >= page.first then
      found[#found + 1] = listed(task)
    end
  end
  return reply.done(json.object("DISyncTasks", json.list(found)))
end

return M
