-- Reads the state of a task's instance with GetDISyncInstanceInfo, and waits for a state.

local catalog = require "dataworks.api.catalog"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"
local waiter = require "dataworks.tasks.waiter"

local M = {}

local ACTION = "GetDISyncInstanceInfo"

--- The documented states of a real-time task. For a solution, only RUN is documented.
local STATES = { NORUN = true, WAIT = true, RUN = true, KILLING = true, PAUSE = true }

--- The state that M.state returns for a task that has no instance.
M.NONE = "none"

-- The fields of a result of create_sync_task or update_sync_task that are not parameters of other actions.
local RESULT_FIELDS = { ProcessId = true, TaskContent = true, RequestId = true, ClientToken = true }

--- Returns the parameters for an action on a task.
---@param given table parameters, or a result of create_sync_task or update_sync_task
function M.params_of(given)
  local params = {}
  for name, value in next, given do
    if not RESULT_FIELDS[name] then
      params[name] = value
    end
  end
  return params
end

--- Returns the three parameters that name a task in every action.
function M.task_of(params)
  return { ProjectId = params.ProjectId, TaskType = params.TaskType, FileId = params.FileId }
end

--- Returns the state that a reply reports, in capital letters. For a solution the state is in Data.SolutionInfo,
--- because its Data.Status only says whether the service found the solution.
local function state_of(result, task_type)
  local data = type(result.Data) == "table" and result.Data or {}
  if task_type == "DI_SOLUTION" then
    data = type(data.SolutionInfo) == "table" and data.SolutionInfo or {}
  end
  return type(data.Status) == "string" and data.Status ~= "" and data.Status:upper() or nil
end

--- Calls GetDISyncInstanceInfo, and adds the field `state` to the reply.
function M.info(caller, params, options)
  local result, err = caller:perform(catalog.find(ACTION), params, options)
  if result then
    result.state = state_of(result, params.TaskType)
  end
  return result, err
end

--- Reads the present state of a task.
---@return string|nil state NONE if the task has no instance; "" if the reply has no state
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

function M.includes(states, state)
  for _, name in ipairs(states) do
    if name == state then
      return true
    end
  end
  return false
end

--- Returns the error about a task that will not reach the wanted state by itself.
local function unreachable_state(result, task, from, state)
  local message = ("file %s went from %s to %s"):format(ids.text(task.FileId), from or "another state", state)
  local reason = type(result.Data) == "table" and result.Data.Message
  if type(reason) == "string" and reason ~= "" then
    message = message .. ": " .. errors.line(reason)
  end
  return errors.new {
    kind = "task", sent = true, may_have_acted = false, action = ACTION, status = 200,
    request_id = result.RequestId, message = message,
  }
end

--- Returns a function that classifies the replies of one wait. The function remembers the last state, and whether the
--- task has started.
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
    -- A task that stopped after it ran does not start again by itself. A task that has not run yet may still start.
    local has_stopped = has_started
      and (state == "NORUN" or state == "PAUSE" and not M.includes(states, "NORUN"))
    if M.includes(states, state) then
      return "success", result
    elseif state == "FAIL" or has_stopped then
      return "failure", nil, unreachable_state(result, task, last, state)
    end
    last, has_started = state, has_started or state == "WAIT" or state == "RUN"
    return "pending", state
  end
end

--- Waits until the task is in one of the states.
---@param task table a result of `task_of`
---@param states string[] in capital letters
---@param may_be_gone? boolean true: a task without an instance has the state NORUN
---@return table|nil result the reply of GetDISyncInstanceInfo, with the added field `state`
function M.wait(caller, task, states, options, may_be_gone)
  local result, err = waiter.wait(caller, {
    row = catalog.find(ACTION), params = task, classify = classifier(task, states, may_be_gone),
    unmet = ("file %s is not %s"):format(ids.text(task.FileId), table.concat(states, " or ")),
  }, options)
  if not result and (err.kind == "timeout" or err.kind == "cancelled") then
    err.state = ids.texts(task)
    err.advice = ("Continue later with client:wait_for_state(err.state, %q)."):format(states[1])
  end
  return result, err
end

--- Checks the states for which a program waits, and the parameters of the task, before anything is sent.
---@return string[]|nil states in capital letters
function M.check_states(caller, params, names)
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
