-- A task's life once it exists: deploy, start, stop, terminate and delete it, and wait for the state that each leads
-- to. None of these calls carries a token, so a lost reply is looked up in the task's state, where that tells.

local catalog = require "dataworks.api.catalog"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"
local wait = require "dataworks.tasks.configuration"
local waiter = require "dataworks.tasks.waiter"

local M = {}

---@class dataworks.LifeOptions: dataworks.WaitOptions
---@field wait? boolean until the task is in the state that the call leads to
---@field timeout? number seconds for the whole call: the client's, and 600 with wait
---@field retries? integer repetitions after the first attempt
M.OPTIONS = {
  wait = "boolean", retries = "count", timeout = "seconds", delay = "seconds", max_delay = "seconds",
  on_progress = "function",
}

--- Those that say how to wait.
M.WAITING = { "delay", "max_delay", "on_progress" }

local INFO = "GetDISyncInstanceInfo"
local REALTIME, SOLUTION, OFFLINE = "DI_REALTIME", "DI_SOLUTION", "DI_OFFLINE"

local NORUN, WAIT, RUN, KILLING, PAUSE = "NORUN", "WAIT", "RUN", "KILLING", "PAUSE"

-- What the documentation names for a real-time task; for a solution it names none but RUN.
local STATES = { NORUN = true, WAIT = true, RUN = true, KILLING = true, PAUSE = true }

-- For a task that the service finds no instance of.
local NONE = "none"

-- How long a lost call may take to show in the state.
local SETTLING_TIME = 5

local ASK_STATUS = "Ask client:status whether it took effect; with wait = true that is done"

--- solution: the documentation has the action for solutions too; offline: what to do with an offline task instead;
--- goal: the states to wait for; proof: those that the call alone leads to, be it still on its way; gone: there may
--- be no instance any more then, which is documented neither way.
local OPERATIONS = {
  deploy = {
    action = "DeployDISyncTask", solution = true, offline = "is deployed with SubmitFile and DeployFile",
  },
  start = {
    action = "StartDISyncInstance", solution = true, offline = "is run by its schedule",
    goal = { [REALTIME] = { RUN }, [SOLUTION] = { RUN, "SUCCESS" } }, proof = { WAIT, RUN }, advice = ASK_STATUS,
  },
  stop = {
    action = "StopDISyncInstance", offline = "is run by its schedule",
    goal = { [REALTIME] = { PAUSE } }, proof = { KILLING, PAUSE }, advice = ASK_STATUS,
  },
  terminate = {
    action = "TerminateDISyncInstance", offline = "is run by its schedule",
    goal = { [REALTIME] = { NORUN } }, proof = { NORUN }, gone = true, advice = ASK_STATUS,
  },
  delete = {
    action = "DeleteDISyncTask", offline = "is deleted with DeleteFile",
    advice = "Ask client:GetDISyncTask whether it is still there",
  },
  status = { action = INFO, solution = true, offline = "is run by its schedule" },
}

local function invalid(action, path, message, advice)
  return errors.new {
    kind = "invalid", sent = false, action = action, path = path, message = message, advice = advice,
  }
end

local function check_type(operation, task_type)
  if task_type == OFFLINE then
    return invalid(operation.action, "TaskType",
      ("an offline task %s, not by %s"):format(operation.offline, operation.action))
  elseif task_type == SOLUTION and not operation.solution then
    return invalid(operation.action, "TaskType", "is documented for DI_REALTIME only",
      ("client:%s sends it all the same"):format(operation.action))
  end
end

-- States

--- The state that a reply of GetDISyncInstanceInfo tells, in capitals. Of a solution, Data.Status only says whether
--- it was found.
local function state_of(result, task_type)
  local data = type(result.Data) == "table" and result.Data or {}
  if task_type == SOLUTION then
    data = type(data.SolutionInfo) == "table" and data.SolutionInfo or {}
  end
  return type(data.Status) == "string" and data.Status ~= "" and data.Status:upper() or nil
end

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

--- A task that ran and rests now does not start by itself; one that is undeployed is in no state of a run at all.
--- Before it has been seen to run, it may be about to.
local function is_dead_end(state, wanted, began)
  return state == "FAIL" or began and (state == NORUN or state == PAUSE and not wanted[NORUN])
end

local function dead_end(result, task, from, state)
  local message = ("file %s went from %s to %s"):format(ids.text(task.FileId), from or "another state", state)
  local said = type(result.Data) == "table" and result.Data.Message
  if type(said) == "string" and said ~= "" then
    message = message .. ": " .. said
  end
  return errors.new {
    kind = "task", sent = true, action = INFO, status = 200, request_id = result.RequestId, message = message,
  }
end

local function classifier(task, wanted, may_be_gone)
  local seen = {}
  return function(result, err)
    if err then
      local gone = err.kind == "task" and may_be_gone
      return gone and "success" or "failure", gone and { RequestId = err.request_id, state = NORUN }, err
    end
    local state = state_of(result, task.TaskType)
    result.state = state
    if wanted[state or ""] then
      return "success", result
    elseif is_dead_end(state, wanted, seen.began) then
      return "failure", nil, dead_end(result, task, seen.state, state)
    end
    seen.state, seen.began = state, seen.began or state == WAIT or state == RUN
    return "pending", state
  end
end

local function task_of(params)
  return { ProjectId = params.ProjectId, TaskType = params.TaskType, FileId = params.FileId }
end

--- Waits until the task is in one of the states.
local function wait_for(caller, task, list, options, may_be_gone)
  local result, err = wait.poll(caller, {
    action = INFO, classify = classifier(task, set_of(list), may_be_gone),
    lacking = ("file %s is not %s"):format(ids.text(task.FileId), table.concat(list, " or ")),
  }, task, options)
  if not result and (err.kind == "timeout" or err.kind == "cancelled") then
    err.state = { ProjectId = ids.text(task.ProjectId), TaskType = task.TaskType, FileId = ids.text(task.FileId) }
    err.advice = ("Go on later with client:wait_for_state(err.state, %q)"):format(list[1])
  end
  return result, err
end

-- Operations

--- The state before, or NONE; nil and an error when that can't be told.
local function look(caller, task, timeout)
  local result, err = caller:perform(catalog.find(INFO), task, { timeout = math.min(timeout, caller.timeout) })
  if result then
    return state_of(result, task.TaskType) or "", nil
  elseif err.kind == "task" then
    return NONE
  end
  return nil, err
end

--- After a lost reply: has the state moved as this call moves it, from another one?
local function took_effect(caller, operation, task, before, options)
  if before == "" or set_of(operation.proof)[before] or before == NONE and operation.gone then
    return false
  end
  return wait_for(caller, task, operation.proof, options, operation.gone) ~= nil
end

local function act_and_wait(caller, operation, params, options)
  local row, task = catalog.find(operation.action), task_of(params)
  local deadline = caller.clock() + (options.timeout or waiter.TIMEOUT)
  local function left()
    return deadline - caller.clock()
  end
  local function waiting(longest)
    return {
      timeout = math.min(left(), longest), delay = options.delay, max_delay = options.max_delay,
      on_progress = options.on_progress,
    }
  end
  local before, err = look(caller, task, left())
  if not before then
    return nil, err
  end
  local result
  result, err = caller:perform(row, params, { timeout = math.min(left(), caller.timeout), retries = options.retries })
  if not result and not err.may_have_acted then
    return nil, err
  elseif not result and not took_effect(caller, operation, task, before, waiting(SETTLING_TIME)) then
    err.advice = "Its state did not tell whether it took effect; ask client:status later"
    return nil, err
  end
  result, err = wait_for(caller, task, operation.goal[task.TaskType], waiting(math.huge), operation.gone)
  if not result then
    -- It is done; only where that led to is not known.
    err.sent, err.retryable = true, false
  end
  return result, err
end

--- deploy, start, stop, terminate or delete.
---@param caller dataworks.Caller
---@param name string
---@param params table ProjectId, TaskType, FileId; StartParam too for start
---@param options dataworks.LifeOptions
---@return table|nil result the reply; with wait that of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err
function M.act(caller, name, params, options)
  local operation = OPERATIONS[name]
  local row = catalog.find(operation.action)
  local result
  local err = check_type(operation, params.TaskType)
  if err then
    return nil, err
  elseif options.wait then
    -- Refused before the state is asked for.
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
---@param params table ProjectId, TaskType, FileId
---@param options dataworks.CallOptions
---@return table|nil result the reply of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err
function M.status(caller, params, options)
  local err = check_type(OPERATIONS.status, params.TaskType)
  if err then
    return nil, err
  end
  local result
  result, err = caller:perform(catalog.find(INFO), params, options)
  if result then
    result.state = state_of(result, params.TaskType)
  end
  return result, err
end

--- Names of states in capitals, or what is wrong with one.
local function check_states(task_type, list)
  local states = {}
  for i, name in ipairs(list) do
    states[i] = name:upper()
    if task_type == REALTIME and not STATES[states[i]] then
      return nil, invalid(INFO, "state", ("%s is no state of a real-time task%s; they are %s"):format(name,
        nearest.hint(name, STATES), nearest.list(STATES)))
    end
  end
  return states
end

--- Waits until the task is in one of the states.
---@param caller dataworks.Caller
---@param params table ProjectId, TaskType, FileId
---@param list string[]
---@param options dataworks.WaitOptions
---@return table|nil result the reply of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err
function M.wait_for_state(caller, params, list, options)
  local err = check_type(OPERATIONS.status, params.TaskType)
  if err then
    return nil, err
  end
  local states
  states, err = check_states(params.TaskType, list)
  if not states then
    return nil, err
  end
  local request
  request, err = caller:request(catalog.find(INFO), params)
  if not request then
    return nil, err
  end
  return wait_for(caller, params, states, options)
end

return M
