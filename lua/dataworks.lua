-- The public functions of the library.

local client = require "dataworks.client"
local core = require "dataworks.core"
local errors = require "dataworks.error"
local lazy = require "dataworks.util.lazy"
local limit = require "dataworks.limit.limit"
local misuse = require "dataworks.util.misuse"
local task_param = lazy "dataworks.api.task_param"
local transports = lazy "dataworks.transport.choose"

local M = {
  _VERSION = require "dataworks.version",
  new = client.new,
  limit = limit.make,
  list = core.list,
  null = core.null,
  is_error = errors.is,
}

--- Builds a TaskParam. Raises at the line of the program if an argument is wrong.
---@param spec dataworks.TaskSpec
---@return table TaskParam
function M.task(spec)
  return task_param.build(spec)
end

local default_client

--- Calls GenerateDISyncTaskConfigForCreating with a default client. The first call creates this client from environment
--- variables and the default configuration files.
---@param params { ProjectId: integer|string, TaskType: string, TaskParam: table|string, ClientToken?: string }
---@param options? dataworks.CallOptions
---@return dataworks.Generated|nil result the reply, which client:wait accepts as its params
---@return dataworks.Error|nil err
function M.generate(params, options)
  default_client = default_client or client.new()
  return default_client:generate(params, options)
end

--- Runs a loop: calls fn(...) as its first task, and waits until all tasks have ended. While one task waits for a
--- reply, the other tasks run. Returns the return values of fn.
---@type fun(fn: function, ...: any): any
M.run = lazy("dataworks.concurrency.run", "run")

--- Adds a task to the running loop. The task calls fn(...) in its own coroutine.
---@type fun(fn: function, ...: any): dataworks.Task
M.spawn = lazy("dataworks.concurrency.run", "spawn")

--- Calls fn(item, index) for each item, several at a time. The function fn returns a value, or nil and an error.
--- Returns the results in the order of the items. If the map ended early, the second return value is the reason.
---@type fun(items: any[], fn: (fun(item: any, index: integer): any, any), options?: dataworks.MapOptions):
---  ({ value: any }|{ err: any })[], any
M.map = lazy("dataworks.concurrency.map", "map")

--- Pauses the running task of a loop; the other tasks go on. Outside a loop, the whole program pauses. Inside nginx,
--- only the current request pauses.
---@param seconds number
---@return true|nil done nil when the task was cancelled during the pause
---@return dataworks.Error|nil err of kind "cancelled"
function M.sleep(seconds)
  if type(seconds) ~= "number" or seconds ~= seconds or seconds == math.huge then
    misuse("dataworks.sleep: seconds were expected, got " .. tostring(seconds))
  end
  if transports.sleep(seconds) == "cancelled" then
    return nil, errors.new { kind = "cancelled", sent = false, message = "the task was cancelled" }
  end
  return true
end

--- Returns a loop that a program with its own event loop drives: the program spawns tasks and calls the loop's step.
---@type fun(): dataworks.Loop
M.loop = lazy("dataworks.concurrency.run", "loop")

--- Creates an error object from the fields of an error that the core returns.
local function or_error(value, err)
  if value then
    return value
  end
  return nil, errors.new(err)
end

--- Encodes a TaskParam, or any other value, as the JSON text that a call sends.
---@param value any
---@return string|nil text
---@return dataworks.Error|nil err
function M.encode(value)
  return or_error(core.encode(value))
end

---@class dataworks.SignFields
---@field method string
---@field access_key_secret string
---@field algorithm? "ACS3-HMAC-SHA256"|"ACS3-HMAC-SM3"|"HMAC-SHA1" default: "ACS3-HMAC-SHA256"
---@field path? string default: "/"
---@field access_key_id? string used by the ACS3 algorithms only
---@field query? table<string, string|number|boolean> used by the ACS3 algorithms only
---@field headers? table<string, string> used by the ACS3 algorithms only; host, content-type and x-acs-* are signed
---@field body? string used by the ACS3 algorithms only
---@field params? table<string, string|number|boolean> used by HMAC-SHA1 only: all of query and form except Signature

--- Computes a signature and its intermediate texts from the given fields only. Raises if a field has a wrong type.
---@param fields dataworks.SignFields
---@return { canonical_request?: string, string_to_sign: string, signature: string, authorization?: string }|nil
---@return dataworks.Error|nil err
function M.sign(fields)
  return or_error(core.sign(fields))
end

return M
