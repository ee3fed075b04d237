-- The state of a task's instance, as GetDISyncInstanceInfo reports it, and waiting for a state.

local catalog = require "dataworks.api.catalog"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"
local waiter = require "dataworks.tasks.waiter"

local M = {}

local ACTION = "GetDISyncInstanceInfo"

--- The documented states of a real-time task. Of a solution, only RUN is documented.
local STATES = { NORUN = true, WAIT = true, RUN = true, KILLING = true, PAUSE = true }

--- Stands for the state of a task that has no instance.
M.NONE = "none"

-- What create_sync_task and update_sync_task return besides a task's name.
local RESULT_FIELDS = { ProcessId = true, TaskContent = true, RequestId = true, ClientToken = true }

--- The parameters of a task, of which a result of create_sync_task may take the place.
---@param given table
---@return table params
function M.params_of(given)
  local params = {}
  for name, value in next, given do
    if not RESULT_FIELDS[name] then
      params[name] = value
    end
  end
  return params
end

---@param params table
---@return table task what names a task in every action
function M.task_of(params)
  return { ProjectId = params.ProjectId, TaskType = params.TaskType, FileId = params.FileId }
end

--- In capitals. Of a solution, Data.Status only says whether the service found it.
local function state_of(result, task_type)
  local data = type(result.Data) == "table" and result.Data or {}
  if task_type == "DI_SOLUTION" then
    data = type(data.SolutionInfo) == "table" and data.SolutionInfo or {}
  end
  return type(data.Status) == "string" and data.Status ~= "" and data.Status:upper() or nil
end

--- The reply of GetDISyncInstanceInfo, with `state`.
---@param caller dataworks.Caller
---@param params table
---@param options dataworks.CallOptions
---@return table|nil result
---@return dataworks.Error|nil err
function M.info(caller, params, options)
  local result, err = caller:perform(catalog.find(ACTION), params, options)
  if result then
    result.state = state_of(result, params.TaskType)
  end
  return result, err
end

--- The state now: "" when the reply has none, NONE when the task has no instance.
---@param caller dataworks.Caller
---@param task table
---@param deadline number
---@return string|nil state
---@return dataworks.Error|nil err
function M.state(caller, task, deadline)
  local result, err = M.info(caller, task, { timeout = waiter.call_timeout(caller, deadline) })
  if result then
    return result.state or ""
  elseif err.kind == "task" then
    return M.NONE
  end
  return nil, err
end

-- Waiting

---@param states string[]
---@param state string|nil
---@return boolean
function M.includes(states, state)
  for _, name in ipairs(states) do
    if name == state then
      return true
    end
  end
  return false
end

local function dead_end(result, task, from, state)
  local message = ("file %s went from %s to %s"):format(ids.text(task.FileId), from or "another state", state)
  local reason = type(result.Data) == "table" and result.Data.Message
  if type(reason) == "string" and reason ~= "" then
    message = message .. ": " .. reason
  end
  return errors.new {
    kind = "task", sent = true, may_have_acted = false, action = ACTION, status = 200,
    request_id = result.RequestId, message = message,
  }
end

local function classifier(task, states, may_be_gone)
  local last, has_started
  return function(result, err)
    if err and err.kind == "task" and may_be_gone then
      return "success", { RequestId = err.request_id, state = "NORUN" }
    elseif err then
      return "failure", nil, err
    end
    local state = state_of(result, task.TaskType)
    result.state = state
    -- A task that stopped after it ran does not start by itself. One that has not run yet may be about to start.
    local has_stopped = has_started
      and (state == "NORUN" or state == "PAUSE" and not M.includes(states, "NORUN"))
    if M.includes(states, state) then
      return "success", result
    elseif state == "FAIL" or has_stopped then
      return "failure", nil, dead_end(result, task, last, state)
    end
    last, has_started = state, has_started or state == "WAIT" or state == "RUN"
    return "pending", state
  end
end

--- Waits until the task is in one of the states.
---@param caller dataworks.Caller
---@param task table of task_of
---@param states string[] in capitals
---@param options dataworks.WaitOptions
---@param may_be_gone? boolean a task without an instance counts as NORUN
---@return table|nil result the reply of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err
function M.wait(caller, task, states, options, may_be_gone)
  local result, err = waiter.wait(caller, {
    row = catalog.find(ACTION), params = task, classify = classifier(task, states, may_be_gone),
    unmet = ("file %s is not %s"):format(ids.text(task.FileId), table.concat(states, " or ")),
  }, options)
  if not result and (err.kind == "timeout" or err.kind == "cancelled") then
    err.state = ids.texts(task)
    err.advice = ("Go on later with client:wait_for_state(err.state, %q)"):format(states[1])
  end
  return result, err
end

--- Checks the states that a program waits for, and the task, before anything is sent.
---@param caller dataworks.Caller
---@param params table
---@param names string[]
---@return string[]|nil states in capitals
---@return dataworks.Error|nil err
function M.check(caller, params, names)
  local states = {}
  for i, name in ipairs(names) do
    states[i] = name:upper()
    if params.TaskType == "DI_REALTIME" and not STATES[states[i]] then
      return nil, errors.invalid(ACTION, "state", ("%s is not a state of a real-time task%s; the states are %s"):format(
        name, nearest.hint(name, STATES), nearest.list(STATES)))
    end
  end
  local request, err = caller:request(catalog.find(ACTION), params)
  return request and states, err
end

return M
