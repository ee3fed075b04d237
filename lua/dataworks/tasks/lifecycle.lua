-- What happens to a task after its creation: deploy, start, stop, terminate, delete. None of these calls has a
-- ClientToken, so none is retried once it may have taken effect; after a lost reply, the task's state is asked for.

local catalog = require "dataworks.api.catalog"
local errors = require "dataworks.error"
local instance = require "dataworks.tasks.instance"
local misuse = require "dataworks.util.misuse"
local waiter = require "dataworks.tasks.waiter"

local M = {}

---@class dataworks.LifeOptions: dataworks.WaitOptions
---@field wait? boolean until the task is in the state that the call leads to
---@field timeout? number seconds for the whole call: the client's, and 600 with wait
---@field retries? integer retries after the first attempt
M.OPTIONS = {
  wait = "boolean", retries = "count", timeout = "seconds", delay = "seconds", max_delay = "seconds",
  on_progress = "function",
}

--- The options that need wait = true.
local WAITING = { "delay", "max_delay", "on_progress" }

-- Seconds that a call whose reply was lost may take to show in the state.
local SETTLING_TIME = 5

local ASK_STATUS = "Ask client:status whether it took effect; with wait = true that is done"
local RUN_BY_SCHEDULE = "is run by its schedule"

---@class dataworks.Operation
---@field action string
---@field solution? boolean the action is documented for solutions too
---@field offline string how the same is done to an offline task
---@field goal? table<string, string[]> states to wait for, by TaskType
---@field proof? string[] states that only this call leads to, on the way or at the end
---@field may_be_gone? boolean the task may have no instance afterwards; the documentation does not say
---@field advice? string for a call that may have taken effect

---@type table<string, dataworks.Operation>
local OPERATIONS = {
  deploy = {
    action = "DeployDISyncTask", solution = true, offline = "is deployed with SubmitFile and DeployFile",
  },
  start = {
    action = "StartDISyncInstance", solution = true, offline = RUN_BY_SCHEDULE,
    goal = { DI_REALTIME = { "RUN" }, DI_SOLUTION = { "RUN", "SUCCESS" } }, proof = { "WAIT", "RUN" },
    advice = ASK_STATUS,
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
    advice = "Ask client:GetDISyncTask whether it is still there",
  },
  status = { action = "GetDISyncInstanceInfo", solution = true, offline = RUN_BY_SCHEDULE },
}

local function check_type(operation, task_type)
  local message, advice
  if task_type == "DI_OFFLINE" then
    message = ("an offline task %s, not by %s"):format(operation.offline, operation.action)
  elseif task_type == "DI_SOLUTION" and not operation.solution then
    message = "is documented for DI_REALTIME only"
    advice = ("client:%s sends it all the same"):format(operation.action)
  else
    return nil
  end
  return errors.invalid(operation.action, "TaskType", message, advice)
end

--- After a lost reply: did the task move from another state to one that this call leads to?
local function took_effect(caller, operation, task, before, waiting)
  local had_none = before == instance.NONE and operation.may_be_gone
  if before == "" or had_none or instance.includes(operation.proof, before) then
    return false
  end
  return instance.wait(caller, task, operation.proof, waiting, operation.may_be_gone) ~= nil
end

local function waiting(options, deadline)
  return {
    deadline = deadline, delay = options.delay, max_delay = options.max_delay, on_progress = options.on_progress,
  }
end

local function act_and_wait(caller, operation, params, options)
  local row, task = catalog.find(operation.action), instance.task_of(params)
  local deadline = waiter.deadline(caller, options)
  local before, result, err
  before, err = instance.state(caller, task, deadline)
  if not before then
    -- Whether the service got the question is of no interest: the call itself is not made.
    err.sent, err.may_have_acted = false, false
    return nil, err
  end
  result, err = caller:perform(row, params, {
    timeout = waiter.call_timeout(caller, deadline), retries = options.retries,
  })
  if not result then
    local settled = math.min(deadline, caller.clock() + SETTLING_TIME)
    if not err.may_have_acted then
      return nil, err
    elseif not took_effect(caller, operation, task, before, waiting(options, settled)) then
      err.advice = "Its state did not show whether it took effect; ask client:status later"
      return nil, err
    end
  end
  result, err = instance.wait(caller, task, operation.goal[task.TaskType], waiting(options, deadline),
    operation.may_be_gone)
  if not result then
    -- The call itself was carried out. Only the state that it led to is unknown.
    err.sent, err.may_have_acted, err.retryable = true, true, false
  end
  return result, err
end

--- deploy, start, stop, terminate or delete.
---@param caller dataworks.Caller
---@param given table ProjectId, TaskType, FileId, or a result of create_sync_task; StartParam too for start
---@param options dataworks.LifeOptions
---@param name string
---@return table|nil result the reply; with wait that of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err
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
    -- Build the request first, so that invalid parameters fail before the state is asked for.
    result, err = caller:request(row, params)
    if not result then
      return nil, err
    end
    return act_and_wait(caller, operation, params, options)
  end
  result, err = caller:perform(row, params, options)
  if not result and err.may_have_acted then
    err.advice = operation.advice or err.advice
  end
  return result, err
end

--- The state that the task is in.
---@param caller dataworks.Caller
---@param given table ProjectId, TaskType, FileId, or a result of create_sync_task
---@param options dataworks.CallOptions
---@return table|nil result the reply of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err
function M.status(caller, given, options)
  local err = check_type(OPERATIONS.status, given.TaskType)
  if err then
    return nil, err
  end
  return instance.info(caller, instance.params_of(given), options)
end

--- Waits until the task is in one of the states.
---@param caller dataworks.Caller
---@param given table ProjectId, TaskType, FileId, or a result of create_sync_task
---@param names string[] of states, in any case
---@param options dataworks.WaitOptions
---@return table|nil result the reply of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err
function M.wait_for_state(caller, given, names, options)
  local states
  local params = instance.params_of(given)
  local err = check_type(OPERATIONS.status, params.TaskType)
  if not err then
    states, err = instance.check(caller, params, names)
  end
  if err then
    return nil, err
  end
  return instance.wait(caller, instance.task_of(params), states, options)
end

return M
