-- A flow creates or updates a task: generate, wait, then create or update. Before each call, the callback on_step gets
-- the state of the flow. Even if a run ends with a crash, a later run can resume from this state, and no step takes
-- effect twice.

local catalog = require "dataworks.api.catalog"
local configuration = require "dataworks.tasks.configuration"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local parameters = require "dataworks.tasks.flow_params"
local states = require "dataworks.tasks.state"
local steps = require "dataworks.tasks.flow_steps"
local set_of = require("dataworks.util.tables").set_of
local waiter = require "dataworks.tasks.waiter"

local M = {}

---@class dataworks.FlowOptions: dataworks.WaitOptions
---@field timeout? number seconds for this run of the flow; default: 600
---@field on_progress? fun(event: table) called after each step and before each wait; the event has the fields step,
--- elapsed and others
---@field on_step? fun(state: dataworks.State) called before the first call and after each step; an error that the
---  callback raises ends the run
---@field resume? dataworks.State a state that on_step got, or err.state
---@field unchecked? boolean true: the script in TaskParam is sent without a check

M.OPTIONS = {
  timeout = "seconds", delay = "seconds", max_delay = "seconds", on_progress = "function", on_step = "function",
  resume = "state", unchecked = "boolean",
}

local RESUME_ADVICE = "Continue later with the option resume = err.state."

---@class dataworks.Flow
---@field name string the name of the client's method
---@field params table<string, true> the parameters that the method takes
---@field generate string the action of the step "generated"
---@field apply string the action of the last step
---@field last_step "created"|"updated"

---@type table<string, dataworks.Flow>
local FLOWS = {
  create_sync_task = {
    name = "create_sync_task",
    params = set_of "ProjectId TaskType TaskName TaskParam TaskContent ClientToken FileFolderPath ResourceGroup Cu",
    generate = "GenerateDISyncTaskConfigForCreating", apply = "CreateDISyncTask", last_step = "created",
  },
  update_sync_task = {
    name = "update_sync_task",
    params = set_of "ProjectId TaskType FileId TaskParam TaskContent ClientToken ResourceGroup Cu",
    generate = "GenerateDISyncTaskConfigForUpdating", apply = "UpdateDISyncTask", last_step = "updated",
  },
}

---@class dataworks.FlowRun
---@field flow dataworks.Flow
---@field caller dataworks.Caller
---@field state table<string, string>
---@field started number
---@field deadline number
---@field delay? number
---@field max_delay? number
---@field on_progress? fun(event: table)
---@field on_step? fun(state: dataworks.State)
---@field may_repeat boolean true: an earlier run may have made the next call

--- Calls a callback of the program. If the callback raises an error, returns nil and an error, which ends the run.
local function notify(run, name, value)
  local stopped = errors.run_callback(name, run[name], value)
  if not stopped then
    return true
  end
  stopped.action, stopped.elapsed = run.flow.name, steps.elapsed(run)
  stopped.sent = run.state.step ~= parameters.BEGUN
  return nil, errors.new(stopped)
end

local function hand_over_state(run)
  return notify(run, "on_step", run.on_step and states.seal(run.state))
end

--- Takes one step, and notifies the callbacks. The callback on_step is called first, so that the program has stored the
--- new state before anything else happens.
local function take_step(run, step)
  local result, err = step.act(run)
  if not result then
    return nil, err
  end
  run.state.step = step.name
  local event = { step = step.name, elapsed = steps.elapsed(run), request_id = result.RequestId }
  event[step.id] = ids.native(run.state[step.id])
  local go
  go, err = hand_over_state(run)
  if not go then
    return nil, err
  end
  return notify(run, "on_progress", event)
end

local function steps_left(state, all)
  local left = {}
  for _, step in ipairs(all) do
    left[#left + 1] = step
    if step.name == state.step then
      left = {}
    end
  end
  return left
end

local function take_steps(run)
  local left = steps_left(run.state, steps.of(run.flow, run.state.TaskType))
  local go, err = true, nil
  if #left > 0 then
    go, err = hand_over_state(run)
  end
  for _, step in ipairs(left) do
    if go then
      go, err = take_step(run, step)
    end
  end
  return go, err
end

--- Returns nil and the error of a failed run, with the state from which a later run can resume. The error has no state
--- if the service failed to generate the configuration, because a resumed run would get the same error.
local function end_with_error(run, err)
  if err.kind == "task" and err.action == configuration.ACTION then
    return nil, err
  end
  -- UpdateDISyncTask takes no ClientToken, so that a repeated update may take effect again.
  if catalog.find(run.flow.apply).repeatable == "token" then
    err.client_token = run.state.ClientToken
  end
  err.state = states.seal(run.state)
  if err.kind == "timeout" or err.kind == "cancelled" then
    err.advice = RESUME_ADVICE
  elseif err.may_have_acted then
    err.advice = (err.advice and err.advice .. " " or "") .. RESUME_ADVICE
  end
  return nil, err
end

local function result_of(state)
  return {
    ProjectId = ids.native(state.ProjectId), TaskType = state.TaskType, FileId = ids.native(state.FileId),
    ProcessId = state.ProcessId and ids.native(state.ProcessId), TaskContent = state.TaskContent,
    RequestId = state.RequestId, ClientToken = state.ClientToken,
  }
end

---@class dataworks.CreateParams
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"|"DI_OFFLINE"
---@field TaskName? string
---@field TaskParam? table|string the script of a real-time task or solution
---@field TaskContent? table|string the script of an offline task
---@field FileFolderPath? string for example Business Flow/NAME/Data Integration
---@field ResourceGroup? string
---@field Cu? number the number of compute units of a serverless resource group, a multiple of 0.5
---@field ClientToken? string default: a new random token

---@class dataworks.UpdateParams
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"|"DI_OFFLINE"
---@field FileId integer|string
---@field TaskParam? table|string the new selection of tables of a real-time task or solution
---@field TaskContent? table|string the new script of an offline task
---@field ResourceGroup? string
---@field Cu? number
---@field ClientToken? string default: a new random token

--- The result of a flow. The result can be passed as the params to deploy, start, status and the other methods for one
--- task.
---@class dataworks.FlowResult: dataworks.TaskId
---@field ProcessId? integer|string
---@field TaskContent? string|table the text that the service generated, unchanged
---@field RequestId? string the request id of the last call
---@field ClientToken string

function M.run(caller, params, options, name)
  local flow = FLOWS[name]
  local state, err
  if options.resume then
    state, err = parameters.resume(flow, caller, params, options.resume)
  else
    state, err = parameters.begin(flow, caller, params, options.unchecked)
  end
  if not state then
    if options.resume and err.path ~= "resume" then
      -- For example, there are no credentials at present. The earlier run may have created the task.
      err.state, err.may_have_acted, err.sent = options.resume, true, err.sent or "unknown"
    end
    return nil, err
  end
  local run = {
    flow = flow, caller = caller, state = state, started = caller.clock(), deadline = waiter.deadline(caller, options),
    delay = options.delay, max_delay = options.max_delay, on_progress = options.on_progress, on_step = options.on_step,
    may_repeat = options.resume ~= nil,
  }
  local done
  done, err = take_steps(run)
  if not done then
    return end_with_error(run, err)
  end
  return result_of(state)
end

return M
