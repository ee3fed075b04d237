-- The public functions of the library.

local client = require "dataworks.client"
local core = require "dataworks.core"
local errors = require "dataworks.error"
local lazy = require "dataworks.util.lazy"
local limit = require "dataworks.limit.limit"
local misuse = require "dataworks.util.misuse"
local task = require "dataworks.api.task_param"
local transports = lazy "dataworks.transport.choose"

local M = {
  _VERSION = require "dataworks.version",
  new = client.new,
  limit = limit.make,
  task = task.build,
  list = core.list,
  null = core.null,
  is_error = errors.is,
}

local default_client

--- Calls GenerateDISyncTaskConfigForCreating with a client that the first call makes from the environment.
---@param params { ProjectId: integer|string, TaskType: string, TaskParam: table|string, ClientToken?: string }
---@param options? dataworks.CallOptions
---@return dataworks.Generated|nil result for client:wait
---@return dataworks.Error|nil err
function M.generate(params, options)
  default_client = default_client or client.new()
  return default_client:generate(params, options)
end

--- Calls fn(...) as the first task of a loop, in which the calls of different tasks overlap, and waits for all tasks.
--- Returns what fn returns.
---@type fun(fn: function, ...: any): any
M.run = lazy("dataworks.concurrency.run", "run")

--- Adds a task to the running loop: fn(...) in a coroutine of its own.
---@type fun(fn: function, ...: any): dataworks.Task
M.spawn = lazy("dataworks.concurrency.run", "spawn")

--- Calls fn(item, index) for each item, several at a time; fn returns a value, or nil and an error. Returns the results
--- in the order of the items, and why the map ended early.
---@type fun(items: any[], fn: (fun(item: any, index: integer): any, any), options?: dataworks.MapOptions):
---  ({ value: any }|{ err: any })[], any
M.map = lazy("dataworks.concurrency.map", "map")

--- Pauses the running task of a loop while the others go on; outside a loop it blocks. Inside nginx it pauses the
--- running request.
---@param seconds number
---@return true|nil
---@return dataworks.Error|nil err the task was cancelled
function M.sleep(seconds)
  if type(seconds) ~= "number" or seconds ~= seconds or seconds == math.huge then
    misuse("dataworks.sleep: seconds were expected, got " .. tostring(seconds))
  end
  if transports.sleep(seconds) == "cancelled" then
    return nil, errors.new { kind = "cancelled", sent = false, message = "the task was cancelled" }
  end
  return true
end

--- A loop for a program that has an event loop of its own, which spawns tasks and steps the loop.
---@type fun(): dataworks.Loop
M.loop = lazy("dataworks.concurrency.run", "loop")

local function or_error(value, err)
  if value then
    return value
  end
  return nil, errors.new(err)
end

--- Encodes a TaskParam, or any other value, as the JSON text that a call sends.
---@param task_param any
---@return string|nil text
---@return dataworks.Error|nil err
function M.encode(task_param)
  return or_error(core.encode(task_param))
end

---@class dataworks.SignFields
---@field method string
---@field access_key_secret string
---@field algorithm? "ACS3-HMAC-SHA256"|"ACS3-HMAC-SM3"|"HMAC-SHA1" the first is the default
---@field path? string default "/"
---@field access_key_id? string for ACS3
---@field query? table<string, string|number|boolean> for ACS3
---@field headers? table<string, string> for ACS3: host, content-type and x-acs-* are signed
---@field body? string for ACS3
---@field params? table<string, string|number|boolean> for HMAC-SHA1: query and form, without Signature

--- Computes the stages of a signature from the given fields alone. A wrong type raises.
---@param fields dataworks.SignFields
---@return { canonical_request?: string, string_to_sign: string, signature: string, authorization?: string }|nil
---@return dataworks.Error|nil err
function M.sign(fields)
  return or_error(core.sign(fields))
end

return M
