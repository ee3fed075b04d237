-- Creating and updating a task, step by step: generate, wait, then create or update. Before each call the state so
-- far has been handed over, so that a later run can go on from it, however this one ended, and do nothing twice.

local guard = require "dataworks.util.guard"
local catalog = require "dataworks.api.catalog"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local parameters = require "dataworks.tasks.flow_params"
local states = require "dataworks.tasks.state"
local wait = require "dataworks.tasks.configuration"
local waiter = require "dataworks.tasks.waiter"

local M = {}

---@class dataworks.FlowOptions: dataworks.WaitOptions
---@field timeout? number seconds for this run of the flow, 600
---@field on_progress? fun(event: table) after each step and before each wait: {step, elapsed, ...}
---@field on_step? fun(state: dataworks.State) before the first call and after each step; what it raises ends the run
---@field resume? dataworks.State of on_step or err.state
M.OPTIONS = {
  timeout = "seconds", delay = "seconds", max_delay = "seconds", on_progress = "function", on_step = "function",
  resume = "table",
}

-- Each of a flow's two calls gets a token of its own, made from the one ClientToken.
local GENERATE_SUFFIX, CREATE_SUFFIX = "-g", "-c"

local RESUME_ADVICE = "Go on later with the option resume = err.state"

-- Steps. Each makes its calls from the state, adds what it learned, and gives an event, or nil and an error.

local function elapsed(run)
  return run.caller.clock() - run.started
end

local function late(run, action)
  if elapsed(run) < run.timeout then
    return nil
  end
  return errors.new {
    kind = "timeout", sent = false, action = action, message = ("the deadline of %g s passed"):format(run.timeout),
    elapsed = elapsed(run),
  }
end

local function call(run, action, params)
  local err = late(run, action)
  if err then
    return nil, err
  end
  return run.caller:perform(catalog.find(action), params, {
    timeout = math.min(run.timeout - elapsed(run), run.caller.timeout),
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

--- Only texts go into a state.
local function request_id_of(result)
  return type(result.RequestId) == "string" and result.RequestId or nil
end

local function creating_params(state)
  return {
    ProjectId = state.ProjectId, TaskType = state.TaskType, TaskParam = state.TaskParam,
    ClientToken = state.ClientToken .. GENERATE_SUFFIX,
  }
end

local function updating_params(state)
  local params = creating_params(state)
  params.TaskId = state.FileId
  return params
end

local function generate(run)
  local state, action = run.state, run.flow.first_action
  local result, err = call(run, action, run.flow.first_params(state))
  if not result then
    return nil, err
  end
  state.ProcessId, err = id_of(action, result, "ProcessId")
  return state.ProcessId and {
    ProcessId = ids.native(state.ProcessId), request_id = result.RequestId,
  }, err
end

local function configure(run)
  local state = run.state
  local passed = late(run, "QueryDISyncTaskConfigProcessResult")
  if passed then
    return nil, passed
  end
  local result, err = wait.configuration(run.caller, {
    ProjectId = state.ProjectId, TaskType = state.TaskType, AsyncProcessId = state.ProcessId,
  }, {
    timeout = run.timeout - elapsed(run), delay = run.delay, max_delay = run.max_delay,
    on_progress = run.on_progress and function(event)
      event.elapsed = elapsed(run)
      run.on_progress(event)
    end,
  })
  if not result then
    -- The generation itself failed: going on from here would meet the same answer.
    run.failed = err.kind == "task"
    return nil, err
  end
  state.TaskContent = result.Data.TaskContent
  return { ProcessId = ids.native(state.ProcessId), request_id = result.RequestId }
end

local function create_params(state)
  return {
    ProjectId = state.ProjectId, TaskType = state.TaskType, TaskName = state.TaskName, TaskParam = state.Placement,
    TaskContent = state.TaskContent, ClientToken = state.ClientToken .. CREATE_SUFFIX,
  }
end

local function create(run)
  local state = run.state
  local result, err = call(run, "CreateDISyncTask", create_params(state))
  if not result then
    return nil, err
  end
  state.FileId, err = id_of("CreateDISyncTask", result, "FileId")
  state.RequestId = request_id_of(result)
  return state.FileId and { FileId = ids.native(state.FileId), request_id = result.RequestId }, err
end

local function update_params(state)
  return {
    ProjectId = state.ProjectId, TaskType = state.TaskType, FileId = state.FileId, TaskParam = state.Placement,
    TaskContent = state.TaskContent,
  }
end

--- Carries no token. A run that lost the reply stops; one that resumes makes the call again, for it sets the content
--- as a whole, and to set it twice is to set it once.
local function update(run)
  local state = run.state
  local result, err = call(run, "UpdateDISyncTask", update_params(state))
  if not result then
    return nil, err
  end
  state.RequestId = request_id_of(result)
  return { FileId = ids.native(state.FileId), request_id = result.RequestId }
end

-- Flows

---@class dataworks.Flow
---@field name string
---@field params table<string, true> what it takes
---@field first_action string
---@field first_params fun(state: table): table
---@field last_action string
---@field last_params fun(state: table): table
---@field generated table[] steps: the state's word for it once it is done, and what does it
---@field direct table[] the same of an offline task

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
  params = names { "TaskName", "FileFolderPath" },
  first_action = "GenerateDISyncTaskConfigForCreating", first_params = creating_params,
  last_action = "CreateDISyncTask", last_params = create_params,
  generated = { { "generated", generate }, { "configured", configure }, { "created", create } },
  direct = { { "created", create } },
}

local UPDATE = {
  name = "update_sync_task",
  params = names { "FileId" },
  first_action = "GenerateDISyncTaskConfigForUpdating", first_params = updating_params,
  last_action = "UpdateDISyncTask", last_params = update_params,
  generated = { { "generated", generate }, { "configured", configure }, { "updated", update } },
  direct = { { "updated", update } },
}

-- A run

--- Calls what may end the run by raising; nothing is lost then.
local function tell(run, name, value)
  local go, stopped = guard(name, run[name], value)
  if go then
    return true
  end
  stopped.action, stopped.elapsed, stopped.sent = run.flow.name, elapsed(run), run.state.step ~= parameters.BEGUN
  return nil, errors.new(stopped)
end

local function give_up(run, err)
  if run.failed then
    return nil, err
  end
  err.state = states.seal(run.state)
  if err.kind == "timeout" or err.kind == "cancelled" then
    err.advice = RESUME_ADVICE
  elseif err.may_have_acted then
    err.advice = (err.advice and err.advice .. ". " or "") .. RESUME_ADVICE
  end
  return nil, err
end

local function steps_left(state, steps)
  local left = {}
  for _, step in ipairs(steps) do
    left[#left + 1] = step
    if step[1] == state.step then
      left = {}
    end
  end
  return left
end

local function hand_over(run)
  if run.on_step then
    return tell(run, "on_step", states.seal(run.state))
  end
  return true
end

--- The state is handed over before anybody is told of the step, and before the next call.
local function take_step(run, name, act)
  local event, err = act(run)
  if not event then
    return nil, err
  end
  run.state.step = name
  event.step, event.elapsed = name, elapsed(run)
  local go
  go, err = hand_over(run)
  if not go then
    return nil, err
  end
  return tell(run, "on_progress", event)
end

local function result_of(state)
  return {
    FileId = ids.native(state.FileId), ProcessId = state.ProcessId and ids.native(state.ProcessId),
    TaskContent = state.TaskContent, RequestId = state.RequestId, ClientToken = state.ClientToken,
  }
end

local function go(flow, caller, params, options)
  local state, err
  if options.resume then
    state, err = parameters.resume(flow, caller, params, options.resume)
  else
    state, err = parameters.begin(flow, caller, params)
  end
  if not state then
    return nil, err
  end
  local run = {
    flow = flow, caller = caller, state = state, started = caller.clock(),
    timeout = options.timeout or waiter.TIMEOUT, delay = options.delay, max_delay = options.max_delay,
    on_progress = options.on_progress, on_step = options.on_step,
  }
  local left = steps_left(state, state.TaskType == "DI_OFFLINE" and flow.direct or flow.generated)
  local done = true
  if #left > 0 then
    done, err = hand_over(run)
  end
  for _, step in ipairs(left) do
    if done then
      done, err = take_step(run, step[1], step[2])
    end
  end
  if not done then
    return give_up(run, err)
  end
  return result_of(state)
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
