-- Creating and updating a task, step by step: generate, wait, then create or update. What is done is kept in a
-- state of plain texts, so that a later run can go on from it without doing anything twice.

local catalog = require "dataworks.catalog"
local errors = require "dataworks.error"
local ids = require "dataworks.ids"
local nearest = require "dataworks.nearest"
local wait = require "dataworks.wait"
local waiter = require "dataworks.waiter"

local M = {}

---@class dataworks.FlowOptions: dataworks.WaitOptions
---@field timeout? number seconds for the whole flow, 600
---@field on_progress? fun(event: table) after each step and before each wait: {step, elapsed, ...}
---@field resume? table state of an earlier error: err.state
M.OPTIONS = {
  timeout = "seconds", delay = "seconds", max_delay = "seconds", on_progress = "function", resume = "table",
}

-- Each of a flow's two calls gets a token of its own, made from the one ClientToken.
local GENERATE_SUFFIX, CREATE_SUFFIX = "-g", "-c"
local LONGEST_TOKEN = 64 - #GENERATE_SUFFIX

local RESUME_ADVICE = "Go on later with the option resume = err.state"

local function invalid(flow, path, message)
  return errors.new { kind = "invalid", sent = false, action = flow.name, path = path, message = message }
end

-- Parameters

local PLACEMENT = { FileFolderPath = "string", ResourceGroup = "string", Cu = "number" }

local function check_names(flow, params)
  for name in pairs(params) do
    if not flow.params[name] then
      local hint = nearest.hint(name, flow.params)
      return invalid(flow, tostring(name), ("is no parameter of %s%s"):format(flow.name, hint))
    end
  end
  for name, kind in pairs(PLACEMENT) do
    if params[name] ~= nil and type(params[name]) ~= kind then
      return invalid(flow, name, ("expected a %s, got %s"):format(kind, type(params[name])))
    end
  end
end

local function check_scripts(flow, params, task_type)
  if task_type == "DI_OFFLINE" and params.TaskParam ~= nil then
    return invalid(flow, "TaskParam", "an offline task is made from TaskContent; FileFolderPath, ResourceGroup and Cu "
      .. "are parameters beside it")
  elseif task_type ~= "DI_OFFLINE" and params.TaskContent ~= nil then
    return invalid(flow, "TaskContent", "is for DI_OFFLINE only; the other tasks are generated from TaskParam")
  end
end

local function check_token(flow, token)
  local good = type(token) == "string" and token:find("^[\33-\126]+$") and #token <= LONGEST_TOKEN
  if not good then
    return invalid(flow, "ClientToken", ("expected 1 to %d visible ASCII characters"):format(LONGEST_TOKEN))
  end
end

--- What an earlier run left must belong to this one.
local function check_resume(flow, params, before)
  if before.flow ~= flow.name then
    return invalid(flow, "resume", ("is no state of %s"):format(flow.name))
  end
  for _, name in ipairs(flow.identity) do
    local given, had = params[name], before[name]
    if given ~= nil and had ~= nil and ids.text(given) ~= ids.text(had) then
      return invalid(flow, "resume", ("is of another %s, %s"):format(name, ids.text(had)))
    end
  end
end

--- Where the task goes; nil when nothing says so.
local function placement(params)
  local place
  for name in pairs(PLACEMENT) do
    if params[name] ~= nil then
      place = place or {}
      place[name] = params[name]
    end
  end
  return place
end

-- Steps. Each does its part unless the state says that it is done, and gives true, or nil and an error.

local function remaining(run)
  return run.timeout - (run.caller.clock() - run.started)
end

local function progress(run, event)
  event.elapsed = run.caller.clock() - run.started
  local go, stopped = waiter.report(run.on_progress, event)
  if go then
    return true
  end
  stopped.action = run.flow.name
  return nil, errors.new(stopped)
end

local function late(run, action)
  if remaining(run) > 0 then
    return nil
  end
  return errors.new {
    kind = "timeout", sent = false, action = action, message = ("the deadline of %g s passed"):format(run.timeout),
    elapsed = run.caller.clock() - run.started,
  }
end

local function call(run, action, params)
  local err = late(run, action)
  if err then
    return nil, err
  end
  return run.caller:perform(catalog.find(action), params, {
    timeout = math.min(remaining(run), run.caller.timeout),
  })
end

local function id_of(action, result, name)
  local id = type(result.Data) == "table" and result.Data[name]
  if type(id) == "number" or type(id) == "string" and id ~= "" then
    return ids.text(id)
  end
  return nil, errors.new {
    kind = "protocol", sent = true, action = action, status = 200, request_id = result.RequestId,
    message = ("the reply has no Data.%s"):format(name),
  }
end

local function generate(run, action, params)
  local state = run.state
  if state.ProcessId or state.TaskContent or state.RequestId then
    return true
  end
  params.ProjectId, params.TaskType, params.TaskParam = state.ProjectId, state.TaskType, run.params.TaskParam
  params.ClientToken = state.ClientToken .. GENERATE_SUFFIX
  local result, err = call(run, action, params)
  if not result then
    return nil, err
  end
  state.ProcessId, err = id_of(action, result, "ProcessId")
  if not state.ProcessId then
    return nil, err
  end
  return progress(run, {
    step = "generated", ProcessId = ids.native(state.ProcessId), request_id = result.RequestId,
  })
end

local function configure(run)
  local state = run.state
  if state.TaskContent or state.RequestId then
    return true
  end
  local passed = late(run, "QueryDISyncTaskConfigProcessResult")
  if passed then
    return nil, passed
  end
  local result, err = wait.configuration(run.caller, {
    ProjectId = state.ProjectId, TaskType = state.TaskType, AsyncProcessId = state.ProcessId,
  }, {
    timeout = remaining(run), delay = run.delay, max_delay = run.max_delay,
    on_progress = run.on_progress and function(event)
      event.elapsed = run.caller.clock() - run.started
      run.on_progress(event)
    end,
  })
  if not result then
    -- The generation itself failed: going on from here would meet the same answer.
    run.failed = err.kind == "task"
    return nil, err
  end
  state.TaskContent = result.Data.TaskContent
  return progress(run, {
    step = "configured", ProcessId = ids.native(state.ProcessId), request_id = result.RequestId,
  })
end

local function create_params(run)
  local state, params = run.state, run.params
  return {
    ProjectId = state.ProjectId, TaskType = state.TaskType, TaskName = params.TaskName, TaskParam = placement(params),
    TaskContent = state.TaskContent or params.TaskContent, ClientToken = state.ClientToken .. CREATE_SUFFIX,
  }
end

local function create(run)
  local state = run.state
  if state.FileId then
    return true
  end
  local result, err = call(run, "CreateDISyncTask", create_params(run))
  if not result then
    return nil, err
  end
  state.FileId, err = id_of("CreateDISyncTask", result, "FileId")
  if not state.FileId then
    return nil, err
  end
  state.RequestId = result.RequestId
  return progress(run, { step = "created", FileId = ids.native(state.FileId), request_id = result.RequestId })
end

local function update_params(run)
  local state, params = run.state, run.params
  return {
    ProjectId = state.ProjectId, TaskType = state.TaskType, FileId = state.FileId, TaskParam = placement(params),
    TaskContent = state.TaskContent or params.TaskContent,
  }
end

local function update(run)
  local state = run.state
  if state.RequestId then
    return true
  end
  local result, err = call(run, "UpdateDISyncTask", update_params(run))
  if not result then
    return nil, err
  end
  state.RequestId = result.RequestId or ""
  return progress(run, { step = "updated", FileId = ids.native(state.FileId), request_id = result.RequestId })
end

-- Flows

local function names(list)
  local set = { ProjectId = true, TaskType = true, TaskParam = true, TaskContent = true, ClientToken = true,
    ResourceGroup = true, Cu = true }
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

local CREATE = {
  name = "create_sync_task",
  identity = { "ProjectId", "TaskType" },
  params = names { "TaskName", "FileFolderPath" },
  generated = {
    function(run) return generate(run, "GenerateDISyncTaskConfigForCreating", {}) end, configure, create,
  },
  direct = { create },
  last_action = "CreateDISyncTask", last_params = create_params,
}

local UPDATE = {
  name = "update_sync_task",
  identity = { "ProjectId", "TaskType", "FileId" },
  params = names { "FileId" },
  generated = {
    function(run)
      return generate(run, "GenerateDISyncTaskConfigForUpdating", { TaskId = run.state.FileId })
    end,
    configure, update,
  },
  direct = { update },
  last_action = "UpdateDISyncTask", last_params = update_params,
}

local function new_state(flow, caller, params, before)
  local state = { flow = flow.name }
  for name, value in pairs(before or {}) do
    state[name] = type(value) == "number" and ids.text(value) or value
  end
  for _, name in ipairs(flow.identity) do
    if params[name] ~= nil then
      state[name] = ids.text(params[name])
    end
  end
  state.ClientToken = state.ClientToken or params.ClientToken or caller.nonce()
  return state
end

--- Everything that can be refused without asking the service, the last call's parameters included.
local function check(flow, caller, params, before)
  local err = check_names(flow, params) or before and check_resume(flow, params, before)
  if err then
    return nil, err
  end
  local state = new_state(flow, caller, params, before)
  err = check_scripts(flow, params, state.TaskType) or check_token(flow, state.ClientToken)
  if err then
    return nil, err
  end
  -- The ids as they were given, so that what is no id is refused in the words for it.
  local trial = flow.last_params { state = state, params = params }
  trial.ProjectId = params.ProjectId == nil and state.ProjectId or params.ProjectId
  trial.FileId = flow.params.FileId and (params.FileId == nil and state.FileId or params.FileId) or nil
  if state.TaskType ~= "DI_OFFLINE" then
    trial.TaskContent = trial.TaskContent or "{}"
  end
  local request
  request, err = caller:request(catalog.find(flow.last_action), trial)
  return request and state, err
end

local function copy(state)
  local out = {}
  for name, value in pairs(state) do
    out[name] = value
  end
  return out
end

local function give_up(run, err)
  local begun = run.state.ProcessId or run.state.RequestId or err.sent
  err.state = begun and not run.failed and copy(run.state) or nil
  if err.state and (err.kind == "timeout" or err.kind == "cancelled") then
    err.advice = RESUME_ADVICE
  end
  return nil, err
end

local function go(flow, caller, params, options)
  local state, err = check(flow, caller, params, options.resume)
  if not state then
    return nil, err
  end
  local run = {
    flow = flow, caller = caller, params = params, state = state, started = caller.clock(),
    timeout = options.timeout or waiter.TIMEOUT, delay = options.delay, max_delay = options.max_delay,
    on_progress = options.on_progress,
  }
  for _, step in ipairs(state.TaskType == "DI_OFFLINE" and flow.direct or flow.generated) do
    local done
    done, err = step(run)
    if not done then
      return give_up(run, err)
    end
  end
  return {
    FileId = ids.native(state.FileId), ProcessId = state.ProcessId and ids.native(state.ProcessId),
    TaskContent = state.TaskContent or params.TaskContent, RequestId = state.RequestId, ClientToken = state.ClientToken,
  }
end

---@class dataworks.CreateParams
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"|"DI_OFFLINE"
---@field TaskName? string
---@field TaskParam? table|string the script of a real-time task or solution
---@field TaskContent? table|string the script of an offline task
---@field FileFolderPath? string as in Business Flow/NAME/Data Integration
---@field ResourceGroup? string
---@field Cu? number compute units of a serverless resource group, in halves
---@field ClientToken? string made when absent

---@class dataworks.FlowResult
---@field FileId integer|string
---@field ProcessId? integer|string
---@field TaskContent? string|table as the service generated it, byte for byte
---@field RequestId? string of the last call
---@field ClientToken string

---@param caller dataworks.Caller
---@param params dataworks.CreateParams
---@param options dataworks.FlowOptions
---@return dataworks.FlowResult|nil
---@return dataworks.Error|nil err
function M.create_sync_task(caller, params, options)
  return go(CREATE, caller, params, options)
end

---@class dataworks.UpdateParams
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"|"DI_OFFLINE"
---@field FileId integer|string
---@field TaskParam? table|string the new selection of tables of a real-time task or solution
---@field TaskContent? table|string the new script of an offline task
---@field ResourceGroup? string
---@field Cu? number
---@field ClientToken? string made when absent

---@param caller dataworks.Caller
---@param params dataworks.UpdateParams
---@param options dataworks.FlowOptions
---@return dataworks.FlowResult|nil
---@return dataworks.Error|nil err
function M.update_sync_task(caller, params, options)
  return go(UPDATE, caller, params, options)
end

return M
