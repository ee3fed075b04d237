-- Waiting for the service: for a generated configuration.

local catalog = require "dataworks.catalog"
local errors = require "dataworks.error"
local response = require "dataworks.response"
local waiter = require "dataworks.waiter"

local M = {}

local QUERY = "QueryDISyncTaskConfigProcessResult"

M.OPTIONS = { timeout = "seconds", delay = "seconds", max_delay = "seconds", on_progress = "function" }

local function classify(result)
  local data = type(result.Data) == "table" and result.Data or {}
  if response.is_done(data.Status) and type(data.TaskContent) == "string" and data.TaskContent ~= "" then
    return "success", result
  end
  return "pending", data.Status
end

local function asker(caller, params)
  local row = catalog.find(QUERY)
  return function(remaining)
    local result, err = caller:perform(row, params, { timeout = math.min(remaining, caller.timeout) })
    if result then
      return classify(result)
    elseif err.retryable then
      return "pending", nil, err
    end
    return "failure", nil, err
  end
end

--- Reports each wait to on_event, and then to on_progress, which may end it.
local function announcer(caller, on_progress)
  return function(event)
    caller.events:emit {
      type = "wait", action = QUERY, attempt = event.attempt, elapsed = event.elapsed, delay = event.delay,
    }
    if on_progress then
      on_progress(event)
    end
  end
end

---@param caller dataworks.Caller
---@param params table ProjectId, TaskType, AsyncProcessId
---@param options dataworks.WaitOptions
---@return table|nil result Data.TaskContent
---@return dataworks.Error|nil err
function M.configuration(caller, params, options)
  local process = tostring(params.AsyncProcessId)
  local result, err = waiter.run {
    what = "the configuration of process " .. process, ask = asker(caller, params), clock = caller.clock,
    random = caller.random, timeout = options.timeout, delay = options.delay, max_delay = options.max_delay,
    on_progress = announcer(caller, options.on_progress),
    sleep = function(seconds) caller:sleep(seconds) end,
  }
  if result then
    return result
  elseif not errors.is(err) then
    err = errors.new(err)
    err.action, err.retryable = QUERY, true
    err.advice = "The service may still be at work; wait again with err.state"
  end
  if err.kind ~= "task" and err.kind ~= "invalid" then
    err.state = { ProjectId = params.ProjectId, TaskType = params.TaskType, ProcessId = params.AsyncProcessId }
  end
  return nil, err
end

local PARAMS = { ProjectId = true, TaskType = true, AsyncProcessId = true, ProcessId = true }

--- The parameters of the call for those of `client:wait`, which takes ProcessId too.
---@param params table
---@return table|nil
---@return dataworks.Error|nil err
function M.params(params)
  for name in pairs(params) do
    if not PARAMS[name] then
      return nil, errors.new {
        kind = "invalid", sent = false, action = QUERY, path = tostring(name),
        message = "is no parameter of wait; it takes ProjectId, TaskType and ProcessId",
      }
    end
  end
  local process = params.AsyncProcessId
  if process == nil then
    process = params.ProcessId
  end
  return { ProjectId = params.ProjectId, TaskType = params.TaskType, AsyncProcessId = process }
end

return M
