-- Waits until the service has generated a task's configuration.

local catalog = require "dataworks.api.catalog"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local response = require "dataworks.protocol.response"
local waiter = require "dataworks.tasks.waiter"

local M = {}

M.ACTION = "QueryDISyncTaskConfigProcessResult"
M.OPTIONS = waiter.OPTIONS

local PARAMS = { ProjectId = true, TaskType = true, AsyncProcessId = true, ProcessId = true }

-- After an error of one of these kinds, another wait would get the same error.
local FINAL_KINDS = { task = true, invalid = true, credentials = true }

--- Classifies a reply as a success if it contains the configuration, and as pending if it does not. An error counts as
--- a failure.
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

local function is_generated(given)
  return type(given.Data) == "table"
end

--- Checks that all params are known. A result of `generate` is not checked, because the service may add fields to a
--- reply.
local function check_names(given)
  if given.ProcessId ~= nil and given.Status ~= nil then
    return errors.invalid(M.ACTION, "params", "is only the Data of a result of generate; pass the whole result")
  end
  for name in pairs(given) do
    if not PARAMS[name] and not is_generated(given) then
      return errors.invalid(M.ACTION, tostring(name),
        "is not a parameter of wait; it takes ProjectId, TaskType and ProcessId")
    end
  end
end

--- Returns the id of the process, and the name of the field that holds it. The reply of `generate` names the id
--- ProcessId; the action that is polled names the same id AsyncProcessId.
local function process_of(given)
  if is_generated(given) then
    return given.Data.ProcessId, "Data.ProcessId"
  elseif given.AsyncProcessId == nil and given.ProcessId ~= nil then
    return given.ProcessId, "ProcessId"
  end
  return given.AsyncProcessId, "AsyncProcessId"
end

--- Polls until the reply has a TaskContent.
---@param given table a result of `generate`, or a table with ProjectId, TaskType and ProcessId (or AsyncProcessId)
---@return table|nil result the last reply, whose field Data.TaskContent is the configuration
function M.wait(caller, given, options)
  local unknown = check_names(given)
  if unknown then
    return nil, unknown
  end
  local process, field = process_of(given)
  local result, err = waiter.wait(caller, {
    row = catalog.find(M.ACTION), classify = classify,
    params = { ProjectId = given.ProjectId, TaskType = given.TaskType, AsyncProcessId = process },
    unmet = ("the configuration of process %s is not ready"):format(tostring(process)),
  }, options)
  if result then
    return result
  elseif err.kind == "timeout" or err.kind == "cancelled" then
    err.advice = "The service may still be working; call wait again with err.state."
  end
  if err.path == "AsyncProcessId" then
    err.path = field
  end
  if not FINAL_KINDS[err.kind] then
    err.state = ids.texts { ProjectId = given.ProjectId, TaskType = given.TaskType, ProcessId = process }
  end
  return nil, err
end

return M
