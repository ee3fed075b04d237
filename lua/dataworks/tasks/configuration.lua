-- Waiting for the service by asking it: for a generated configuration, and for whatever else an action tells.

local catalog = require "dataworks.api.catalog"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local response = require "dataworks.protocol.response"
local waiter = require "dataworks.tasks.waiter"

local M = {}

local QUERY = "QueryDISyncTaskConfigProcessResult"

-- After these there is nothing to wait for, or no telling what for.
local FINAL = { task = true, invalid = true, credentials = true }

M.OPTIONS = { timeout = "seconds", delay = "seconds", max_delay = "seconds", on_progress = "function" }

---@class dataworks.Watch what is asked again and again
---@field action string
---@field lacking string see dataworks.Poll
---@field classify fun(result: table|nil, err: dataworks.Error|nil): "success"|"failure"|"pending", any, table|nil of a
---  reply, or of an error that asking again does not help: outcome; result or status; error

local function asker(caller, watch, params)
  local row = catalog.find(watch.action)
  return function(remaining)
    local result, err = caller:perform(row, params, { timeout = math.min(remaining, caller.timeout) })
    if err and err.retryable then
      return "pending", nil, err
    end
    return watch.classify(result, err)
  end
end

--- Reports each wait to on_event, and then to on_progress, which may end it.
local function announcer(caller, action, on_progress)
  return function(event)
    caller.events:emit {
      type = "wait", action = action, attempt = event.attempt, elapsed = event.elapsed, delay = event.delay,
    }
    if on_progress then
      on_progress(event)
    end
  end
end

--- Asks until there is an answer, or the deadline.
---@param caller dataworks.Caller
---@param watch dataworks.Watch
---@param params table
---@param options dataworks.WaitOptions
---@return table|nil result
---@return dataworks.Error|nil err
function M.poll(caller, watch, params, options)
  local result, err = waiter.run {
    lacking = watch.lacking, ask = asker(caller, watch, params), clock = caller.clock, random = caller.random,
    timeout = options.timeout, delay = options.delay, max_delay = options.max_delay,
    on_progress = announcer(caller, watch.action, options.on_progress),
    sleep = function(seconds) caller:sleep(seconds) end,
  }
  if result then
    return result
  elseif not errors.is(err) then
    err = errors.new(err)
    err.action, err.retryable = watch.action, true
  end
  return nil, err
end

local function classify(result, err)
  if err then
    return "failure", nil, err
  end
  local data = type(result.Data) == "table" and result.Data or {}
  if response.is_success(data.Status) and type(data.TaskContent) == "string" and data.TaskContent ~= "" then
    return "success", result
  end
  return "pending", data.Status
end

---@param caller dataworks.Caller
---@param params table ProjectId, TaskType, AsyncProcessId
---@param options dataworks.WaitOptions
---@return table|nil result Data.TaskContent
---@return dataworks.Error|nil err
function M.configuration(caller, params, options)
  local process = params.AsyncProcessId
  local result, err = M.poll(caller, {
    action = QUERY, classify = classify,
    lacking = ("the configuration of process %s is not ready"):format(tostring(process)),
  }, params, options)
  if result then
    return result
  elseif err.kind == "timeout" or err.kind == "cancelled" then
    err.advice = "The service may still be at work; wait again with err.state"
  end
  if not FINAL[err.kind] then
    err.state = { ProjectId = ids.text(params.ProjectId), TaskType = params.TaskType, ProcessId = ids.text(process) }
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
