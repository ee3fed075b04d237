-- Creating and updating a task: generate, wait, then create or update. Goes on from where an earlier try stopped.

local errors = require "dataworks.error"
local nearest = require "dataworks.nearest"

local M = {}

local TIMEOUT = 600

---@class dataworks.FlowOptions
---@field timeout? number seconds for the whole flow, 600
---@field delay? number seconds before the second poll, 1
---@field max_delay? number seconds between polls at the most, 5
---@field on_progress? fun(event: table) after each step and before each wait: {step, elapsed, ...}
---@field resume? table the state of an error: err.state
M.OPTIONS = { timeout = "seconds", delay = "seconds", max_delay = "seconds", on_progress = "function", resume = "table" }

local CREATE_PARAMS = {
  ProjectId = true, TaskType = true, TaskName = true, TaskParam = true, TaskContent = true, FileFolderPath = true,
  ResourceGroup = true, Cu = true, ClientToken = true,
}
local UPDATE_PARAMS = {
  ProjectId = true, TaskType = true, FileId = true, TaskParam = true, TaskContent = true, ResourceGroup = true, Cu = true,
  ClientToken = true,
}
-- Members of the TaskParam of CreateDISyncTask and UpdateDISyncTask.
local PLACE = { "FileFolderPath", "ResourceGroup", "Cu" }

local TOKEN_LIMIT = 64
local GENERATE_SUFFIX, CREATE_SUFFIX = "-generate", "-create"

local function invalid(action, path, message)
  return errors.new { kind = "invalid", action = action, path = path, message = message, sent = false }
end

local function check_params(name, params, known)
  for key in pairs(params) do
    if not known[key] then return invalid(name, tostring(key), "is no parameter of " .. name .. nearest.hint(key, known)) end
  end
  local token = params.ClientToken
  if token == nil then return nil end
  if type(token) ~= "string" or not token:find("^[\33-\126]+$") or #token + #GENERATE_SUFFIX > TOKEN_LIMIT then
    return invalid(name, "ClientToken", ("expected at most %d visible ASCII characters"):format(TOKEN_LIMIT - #GENERATE_SUFFIX))
  end
end

-- The TaskParam that says where the task goes; nil when there is nothing to say.
local function placement(params, given)
  local place
  for _, name in ipairs(PLACE) do
    if params[name] ~= nil then
      place = place or {}
      place[name] = params[name]
    end
  end
  if not place or given == nil then return place or given end
  if type(given) ~= "table" then return nil, "is text: put FileFolderPath, ResourceGroup and Cu into it" end
  for name, value in pairs(given) do
    if place[name] == nil then place[name] = value end
  end
  return place
end

local function new_run(name, steps, params, options)
  local started = steps.clock()
  local state = {}
  for key, value in pairs(options.resume or {}) do state[key] = value end
  state.ProjectId = state.ProjectId or params.ProjectId
  state.TaskType = state.TaskType or params.TaskType
  state.ClientToken = state.ClientToken or params.ClientToken or steps.nonce()
  local run = { name = name, steps = steps, params = params, options = options, state = state, started = started,
    deadline = started + (options.timeout or TIMEOUT) }
  function run.progress(event)
    event.elapsed = steps.clock() - started
    steps.progress(event)
  end
  return run
end

local function left(run)
  return math.max(0.001, run.deadline - run.steps.clock())
end

-- Whatever failed: with this state the flow goes on, and nothing is made twice.
local function with_state(run, err)
  err.state = run.state
  return nil, err
end

local function call(run, action, params)
  return run.steps.call(action, params, math.min(left(run), run.steps.timeout))
end

local function lacking(action, result, name)
  return errors.new { kind = "protocol", action = action, sent = true, request_id = result.RequestId,
    message = "the reply has no Data." .. name }
end

local function id_of(result, name)
  return type(result.Data) == "table" and result.Data[name] or nil
end

local function generate(run, action, params)
  if run.state.ProcessId then return true end
  local result, err = call(run, action, params)
  if not result then return with_state(run, err) end
  run.state.ProcessId = id_of(result, "ProcessId")
  if not run.state.ProcessId then return with_state(run, lacking(action, result, "ProcessId")) end
  run.progress { step = "generated", ProcessId = run.state.ProcessId, request_id = result.RequestId }
  return true
end

local function wait(run)
  local result, err = run.steps.wait(run.state, {
    timeout = left(run), delay = run.options.delay, max_delay = run.options.max_delay, on_progress = run.progress,
  })
  if not result then return with_state(run, err) end
  run.progress { step = "configured", ProcessId = run.state.ProcessId, request_id = result.RequestId }
  return result.Data.TaskContent
end

local function create(run, content, task_param)
  local params, state = run.params, run.state
  local result, err = call(run, "CreateDISyncTask", {
    ProjectId = state.ProjectId, TaskType = state.TaskType, TaskName = params.TaskName, TaskParam = task_param,
    TaskContent = content, ClientToken = state.ClientToken .. CREATE_SUFFIX,
  })
  if not result then return with_state(run, err) end
  local file_id = id_of(result, "FileId")
  if not file_id then return with_state(run, lacking("CreateDISyncTask", result, "FileId")) end
  run.progress { step = "created", FileId = file_id, request_id = result.RequestId }
  return { FileId = file_id, ProcessId = state.ProcessId, TaskContent = content, RequestId = result.RequestId, ClientToken = state.ClientToken }
end

---@class dataworks.CreateParams
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"|"DI_OFFLINE"
---@field TaskName? string
---@field TaskParam? table|string the script of a real-time task or solution
---@field TaskContent? table|string the script of an offline task
---@field FileFolderPath? string as in Business Flow/NAME/Data Integration
---@field ResourceGroup? string
---@field Cu? number
---@field ClientToken? string made when absent

--- From a script to a created task.
---@param steps table
---@param params dataworks.CreateParams
---@param options dataworks.FlowOptions
---@return { FileId: integer|string, ProcessId?: integer|string, TaskContent: string, RequestId: string, ClientToken: string }|nil
---@return dataworks.Error|nil
function M.create_sync_task(steps, params, options)
  local err = check_params("create_sync_task", params, CREATE_PARAMS)
  if err then return nil, err end
  local run = new_run("create_sync_task", steps, params, options)
  local offline = run.state.TaskType == "DI_OFFLINE"
  local task_param, wrong = placement(params, offline and params.TaskParam or nil)
  if wrong then return nil, invalid("create_sync_task", "TaskParam", wrong) end
  if offline then return create(run, params.TaskContent, task_param) end
  if params.TaskContent ~= nil then
    return nil, invalid("create_sync_task", "TaskContent", "is for DI_OFFLINE; other tasks are made from a TaskParam")
  end
  local ok
  ok, err = generate(run, "GenerateDISyncTaskConfigForCreating", {
    ProjectId = run.state.ProjectId, TaskType = run.state.TaskType, TaskParam = params.TaskParam,
    ClientToken = run.state.ClientToken .. GENERATE_SUFFIX,
  })
  if not ok then return nil, err end
  local content
  content, err = wait(run)
  if not content then return nil, err end
  return create(run, content, task_param)
end

local function update(run, content, task_param)
  local result, err = call(run, "UpdateDISyncTask", {
    ProjectId = run.state.ProjectId, TaskType = run.state.TaskType, FileId = run.params.FileId, TaskContent = content, TaskParam = task_param,
  })
  if not result then return with_state(run, err) end
  run.progress { step = "updated", FileId = run.params.FileId, request_id = result.RequestId }
  return { FileId = run.params.FileId, ProcessId = run.state.ProcessId, TaskContent = content, RequestId = result.RequestId, ClientToken = run.state.ClientToken }
end

--- Changes the tables of a real-time task or solution, or the script of an offline task.
---@param steps table
---@param params table ProjectId, TaskType, FileId, and TaskParam (tables) or TaskContent (offline)
---@param options dataworks.FlowOptions
---@return { FileId: integer|string, ProcessId?: integer|string, TaskContent: string, RequestId: string }|nil
---@return dataworks.Error|nil
function M.update_sync_task(steps, params, options)
  local err = check_params("update_sync_task", params, UPDATE_PARAMS)
  if err then return nil, err end
  local run = new_run("update_sync_task", steps, params, options)
  local offline = run.state.TaskType == "DI_OFFLINE"
  local task_param, wrong = placement(params, offline and params.TaskParam or nil)
  if wrong then return nil, invalid("update_sync_task", "TaskParam", wrong) end
  if offline then return update(run, params.TaskContent, task_param) end
  local ok
  ok, err = generate(run, "GenerateDISyncTaskConfigForUpdating", {
    ProjectId = run.state.ProjectId, TaskType = run.state.TaskType, TaskId = params.FileId, TaskParam = params.TaskParam,
    ClientToken = run.state.ClientToken .. GENERATE_SUFFIX,
  })
  if not ok then return nil, err end
  local content
  content, err = wait(run)
  if not content then return nil, err end
  return update(run, content, task_param)
end

return M
