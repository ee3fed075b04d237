-- The steps of a flow. Each step makes calls with the fields of the state, and adds the ids and texts of the replies to
-- the state.

local catalog = require "dataworks.api.catalog"
local configuration = require "dataworks.tasks.configuration"
local core = require "dataworks.core"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local waiter = require "dataworks.tasks.waiter"

local M = {}

-- The parameters that have another name in the state, by action: { parameter = name in the state }.
local STATE_NAMES = {
  GenerateDISyncTaskConfigForUpdating = { TaskId = "FileId" },
  CreateDISyncTask = { TaskParam = "Placement" },
  UpdateDISyncTask = { TaskParam = "Placement" },
}

-- Each call of a flow needs a different token, which is the ClientToken of the flow with a suffix. These tokens are not
-- shown to the program, because a flow that is repeated with one of them would create a second task.
local TOKEN_SUFFIXES = {
  GenerateDISyncTaskConfigForCreating = "-g", GenerateDISyncTaskConfigForUpdating = "-g", CreateDISyncTask = "-c",
}

function M.params(action, state)
  local params, names = {}, STATE_NAMES[action] or {}
  for _, param in ipairs(catalog.find(action).params) do
    local name = param[1]
    params[name] = state[names[name] or name]
  end
  if params.ClientToken then
    params.ClientToken = params.ClientToken .. TOKEN_SUFFIXES[action]
  end
  return params
end

function M.elapsed(run)
  return run.caller.clock() - run.started
end

--- Marks the error of the first call of a resumed run: the service may have acted, because the earlier run may have
--- made the same call and lost its reply.
local function include_earlier_run(run, err)
  if err and run.may_repeat then
    err.may_have_acted, err.sent = true, err.sent or "unknown"
  end
  run.may_repeat = false
end

local function try_call(run, action)
  local timeout = waiter.call_timeout(run.caller, run.deadline)
  if timeout <= 0 then
    return nil, errors.new {
      kind = "timeout", sent = false, action = action, elapsed = M.elapsed(run),
      message = ("the deadline passed after %s s"):format(core.decimal(M.elapsed(run), 1)),
    }
  end
  return run.caller:perform(catalog.find(action), M.params(action, run.state), {
    timeout = timeout, client_token = run.state.ClientToken,
    unchecked = true, -- because the scripts were checked before the flow began
  })
end

local function call(run, action)
  local result, err = try_call(run, action)
  include_earlier_run(run, err)
  return result, err
end

--- Returns an id of Data as text, or nil and an error if the reply has no such id.
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

local function generate(run)
  local action = run.flow.generate
  local result, err = call(run, action)
  if result then
    run.state.ProcessId, err = id_of(action, result, "ProcessId")
  end
  return not err and result or nil, err
end

local function configure(run)
  local result, err = configuration.wait(run.caller, {
    ProjectId = run.state.ProjectId, TaskType = run.state.TaskType, ProcessId = run.state.ProcessId,
  }, {
    deadline = run.deadline, delay = run.delay, max_delay = run.max_delay,
    on_progress = run.on_progress and function(event)
      event.elapsed = M.elapsed(run)
      run.on_progress(event)
    end,
  })
  run.state.TaskContent = result and result.Data.TaskContent
  return result, err
end

--- Creates or updates the task. UpdateDISyncTask takes no ClientToken, so the run ends if the reply of UpdateDISyncTask
--- is lost. A resumed run calls UpdateDISyncTask again. This is harmless, because the call replaces the whole content.
local function apply(run)
  local action, state = run.flow.apply, run.state
  local result, err = call(run, action)
  if result and not state.FileId then
    state.FileId, err = id_of(action, result, "FileId")
  end
  if result then
    state.RequestId = type(result.RequestId) == "string" and result.RequestId or nil
  end
  return not err and result or nil, err
end

---@class dataworks.FlowStep
---@field name string the field `step` of the state after this step, and of the event about this step
---@field act fun(run: dataworks.FlowRun): table|nil, dataworks.Error|nil returns the last reply
---@field id string the name of the id in the event about this step

function M.of(flow, task_type)
  local last = { name = flow.last_step, act = apply, id = "FileId" }
  if task_type == "DI_OFFLINE" then
    return { last }
  end
  return {
    { name = "generated", act = generate, id = "ProcessId" },
    { name = "configured", act = configure, id = "ProcessId" },
    last,
  }
end

return M
