-- The operations on a created task: deploy, start, stop, terminate, delete, and asking for its state. The first five
-- take no ClientToken, so a call that may have taken effect is not retried. If its reply is lost, the option wait =
-- true reads the state of the task to find out whether the call took effect.

local catalog = require "dataworks.api.catalog"
local errors = require "dataworks.error"
local instance = require "dataworks.tasks.instance"
local misuse = require "dataworks.util.misuse"
local waiter = require "dataworks.tasks.waiter"

local M = {}

---@class dataworks.LifeOptions: dataworks.WaitOptions
---@field wait? boolean true: wait until the task is in the state to which the call leads
---@field timeout? number seconds for the whole call; default: 600 with wait = true, else the timeout of the client
---@field retries? integer number of retries after the first attempt

M.OPTIONS = {
  wait = "boolean", retries = "count", timeout = "seconds", delay = "seconds", max_delay = "seconds",
  on_progress = "function",
}

--- The options that need wait = true.
local WAITING = { "delay", "max_delay", "on_progress" }

-- Seconds. If the reply of a call is lost, the call may change the state of the task within this time.
local SETTLING_TIME = 5

local ASK_STATUS = "Ask client:status whether the call took effect; with wait = true the client asks by itself."
local RUN_BY_SCHEDULE = "is run by its schedule"

---@class dataworks.Operation
---@field action string
---@field solution? boolean true: the action is documented for solutions and for real-time tasks
---@field offline string says how an offline task is handled instead
---@field goal? table<string, string[]> the states in which the operation has succeeded, by TaskType
---@field proof? string[] states that prove that the call took effect, if the task was in another state before
---@field may_be_gone? boolean true: the task may have no instance after the call; the documentation does not say
---@field advice? string the advice of an error after which the call may have taken effect
---@field refused? string the advice when the service refuses the operation in the task's present state

---@type table<string, dataworks.Operation>
local OPERATIONS = {
  deploy = {
    action = "DeployDISyncTask", solution = true, offline = "is deployed with SubmitFile and DeployFile",
  },
  start = {
    action = "StartDISyncInstance", solution = true, offline = RUN_BY_SCHEDULE,
    goal = { DI_REALTIME = { "RUN" }, DI_SOLUTION = { "RUN", "SUCCESS" } }, proof = { "WAIT", "RUN" },
    advice = ASK_STATUS,
    refused = "A task is deployed before it is started (client:deploy), and starts only while it does not run "
      .. "(client:status).",
  },
  stop = {
    action = "StopDISyncInstance", offline = RUN_BY_SCHEDULE,
    goal = { DI_REALTIME = { "PAUSE" } }, proof = { "KILLING", "PAUSE" }, advice = ASK_STATUS,
  },
  terminate = {
    action = "TerminateDISyncInstance", offline = RUN_BY_SCHEDULE,
    goal = { DI_REALTIME = { "NORUN" } }, proof = { "NORUN" }, may_be_gone = true, advice = ASK_STATUS,
  },
  delete = {
    action = "DeleteDISyncTask", offline = "is deleted with DeleteFile",
    advice = "Ask client:GetDISyncTask whether the task still exists.",
  },
  status = { action = "GetDISyncInstanceInfo", solution = true, offline = RUN_BY_SCHEDULE },
}

local function check_type(operation, task_type)
  local message, advice
  if task_type == "DI_OFFLINE" then
    message = ("an offline task %s, not by %s"):format(operation.offline, operation.action)
  elseif task_type == "DI_SOLUTION" and not operation.solution then
    message = ("%s is documented for DI_REALTIME only, got DI_SOLUTION"):format(operation.action)
    advice = ("Pass the TaskType with which the task was created. For a solution, client:%s sends the call without "
      .. "this check."):format(operation.action)
  else
    return nil
  end
  return errors.invalid(operation.action, "TaskType", message, advice)
end

--- Adds the operation's advice to the error of its call.
local function advise(operation, err)
  if err.may_have_acted then
    err.advice = operation.advice or err.advice
  elseif err.kind == "task" then
    err.advice = err.advice or operation.refused
  end
  return err
end

--- Finds out after a lost reply whether the call took effect. The proof is that the task moves from another state to a
--- state to which only this call leads.
local function took_effect(caller, operation, task, before, waiting)
  local had_none = before == instance.NONE and operation.may_be_gone
  if before == "" or had_none or instance.includes(operation.proof, before) then
    return false
  end
  return instance.wait(caller, task, operation.proof, waiting, operation.may_be_gone) ~= nil
end

--- Returns the options of a wait until the deadline.
local function waiting(options, deadline)
  return {
    deadline = deadline, delay = options.delay, max_delay = options.max_delay, on_progress = options.on_progress,
  }
end

--- Carries out an operation, and waits until the task is in the state to which the operation leads.
local function act_and_wait(caller, operation, params, options)
  local row, task = catalog.find(operation.action), instance.task_of(params)
  local deadline = waiter.deadline(caller, options)
  local before, result, err
  before, err = instance.state(caller, task, deadline)
  if not before then
    -- The state could not be read. The fields of the error describe the operation, whose request was not sent.
    err.sent, err.may_have_acted = false, false
    return nil, err
  end
  result, err = caller:perform(row, params, {
    timeout = waiter.call_timeout(caller, deadline), retries = options.retries,
  })
  if not result then
    local settled = math.min(deadline, caller.clock() + SETTLING_TIME)
    if not err.may_have_acted then
      return nil, advise(operation, err)
    elseif not took_effect(caller, operation, task, before, waiting(options, settled)) then
      err.advice = "The state of the task did not show whether the call took effect; ask client:status later."
      return nil, err
    end
  end
  result, err = instance.wait(caller, task, operation.goal[task.TaskType], waiting(options, deadline),
    operation.may_be_gone)
  if not result then
    -- The operation was carried out, and only the present state of the task is unknown.
    err.sent, err.may_have_acted, err.retryable = true, true, false
  end
  return result, err
end

--- Deploys, starts, stops, terminates or deletes a task.
---@param given table ProjectId, TaskType and FileId, or a result of create_sync_task; for start also StartParam
---@return table|nil result the reply; with wait = true, the last reply of GetDISyncInstanceInfo and its field `state`
function M.act(caller, given, options, name)
  for _, option in ipairs(WAITING) do
    if options[option] ~= nil and not options.wait then
      misuse(("%s: %s needs wait = true"):format(name, option))
    end
  end
  local operation, params = OPERATIONS[name], instance.params_of(given)
  local row = catalog.find(operation.action)
  local result
  local err = check_type(operation, params.TaskType)
  if err then
    return nil, err
  elseif options.wait then
    -- Build the request first, so that wrong parameters fail before the state is read.
    result, err = caller:request(row, params)
    if not result then
      return nil, err
    end
    return act_and_wait(caller, operation, params, options)
  end
  result, err = caller:perform(row, params, options)
  if not result then
    return nil, advise(operation, err)
  end
  return result
end

--- Returns the present state of a task.
---@param given table ProjectId, TaskType and FileId, or a result of create_sync_task
---@return table|nil result the reply of GetDISyncInstanceInfo, with the added field `state`
function M.status(caller, given, options)
  local err = check_type(OPERATIONS.status, given.TaskType)
  if err then
    return nil, err
  end
  return instance.info(caller, instance.params_of(given), options)
end

--- Waits until the task is in one of the states.
---@param given table ProjectId, TaskType and FileId, or a result of create_sync_task
---@param names string[] the names of the states, in capital or small letters
---@return table|nil result the reply of GetDISyncInstanceInfo, with the added field `state`
function M.wait_for_state(caller, given, names, options)
  local states
  local params = instance.params_of(given)
  local err = check_type(OPERATIONS.status, params.TaskType)
  if not err then
    states, err = instance.check_states(caller, params, names)
  end
  if err then
    return nil, err
  end
  return instance.wait(caller, instance.task_of(params), states, options)
end

return M
