-- The public functions of the library.

local check_options = require "dataworks.util.check_options"
local core = require "dataworks.core"
local errors = require "dataworks.error"
local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"
local option_types = require "dataworks.options"
local tables = require "dataworks.util.tables"
require "dataworks.api.core_data"

-- These modules are loaded on first use. A program that only builds or signs needs no client.
local client = lazy "dataworks.client"
local nearest = lazy "dataworks.util.nearest"
local task_param = lazy "dataworks.api.task_param"
local transports = lazy "dataworks.transport.choose"

local M = {
  _VERSION = require "dataworks.version",
  limit = lazy("dataworks.limit.limit", "make"),
  null = core.null,
  -- Many tasks from one file: see docs/fleets.md.
  fleet = lazy "dataworks.fleet.fleet",
  is_error = errors.is,
}

--- Creates a client. Raises at the line of the program if an option is wrong.
---@param options? dataworks.Options
---@return dataworks.Client
function M.new(options)
  return client.create(options, "dataworks.new")
end

--- Marks a table as a list, so that it is encoded as a JSON list even if it is empty.
---@param list table
---@return table list the same table
function M.list(list)
  if type(list) ~= "table" then
    misuse("dataworks.list: list must be a table, got " .. check_options.describe(list))
  end
  return core.list(list)
end

--- Builds a TaskParam. Raises at the line of the program if an argument is wrong.
---@param spec dataworks.TaskSpec
---@return table TaskParam
function M.task(spec)
  return task_param.build(spec)
end

local default_client

---@class dataworks.GenerateOptions: dataworks.Options, dataworks.ScriptOptions

--- Splits the options of dataworks.generate.
---@return dataworks.Options|nil of_client nil if there is no option that only a client has
---@return dataworks.ScriptOptions of_call
local function split_options(options)
  local of_client, of_call = nil, {}
  local known = tables.merge(option_types, client.SCRIPT_OPTIONS)
  for name, value in pairs(check_options.check("dataworks.generate", known, options)) do
    if client.SCRIPT_OPTIONS[name] then
      of_call[name] = value
    else
      of_client = of_client or {}
      of_client[name] = value
    end
  end
  return of_client, of_call
end

--- Calls GenerateDISyncTaskConfigForCreating. Without options of a client, a default client makes the call; the first
--- call creates this client from environment variables and the default configuration files. With options of a client,
--- each call creates a client and closes it.
---@param params { ProjectId: integer|string, TaskType: string, TaskParam: table|string, ClientToken?: string }
---@param options? dataworks.GenerateOptions
---@return dataworks.Generated|nil result the reply, which client:wait accepts as its params
---@return dataworks.Error|nil err
function M.generate(params, options)
  local of_client, of_call = split_options(options)
  if of_client then
    local own_client = client.create(of_client, "dataworks.generate")
    local result, err = own_client:generate(params, of_call)
    own_client:close()
    return result, err
  end
  default_client = default_client or client.create(nil, "dataworks.generate")
  return default_client:generate(params, of_call)
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
    misuse("dataworks.sleep: seconds must be a finite number, got " .. check_options.describe(seconds, "number"))
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
  return nil, errors.new(nearest.explain(err))
end

--- Raises if a program calls a function with a colon. The module is then the first argument.
local function check_dot(name, first)
  if rawequal(first, M) then
    misuse(("dataworks:%s: call it with a dot, as in dataworks.%s(...)"):format(name, name))
  end
end

local ENCODE_OPTIONS = { unchecked = "boolean" }

--- Encodes a value as the JSON text that a call sends. A table whose `type` is "realtime" is checked as a TaskParam,
--- unless the option `unchecked` is true.
---@type fun(value: any, options?: { unchecked?: boolean }): string|nil, dataworks.Error|nil
M.encode = core.encoder(
  function(value, options)
    check_dot("encode", value)
    return check_options.check("dataworks.encode", ENCODE_OPTIONS, options).unchecked
  end,
  function(value, err)
    check_dot("encode", value)
    return errors.new(nearest.explain(err))
  end
)

--- Decodes a JSON text. Lists are marked as `dataworks.list` marks them, and null is `dataworks.null`. An integer that
--- the numbers of this Lua can't hold is an int64 of LuaJIT, or a userdata that `tostring` and `encode` accept.
---@type fun(text: string): any, dataworks.Error|nil
M.decode = core.decoder(
  function(text)
    check_dot("decode", text)
    misuse("dataworks.decode: text must be a string, got " .. check_options.describe(text))
  end,
  function(_, err)
    err.message = "the text " .. err.message
    return errors.new(err)
  end
)

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

local SIGN_FIELDS = {
  method = "string", access_key_secret = "string", algorithm = "string", path = "string", access_key_id = "string",
  query = "table", headers = "table", body = "string", params = "table",
}

--- Computes a signature and its intermediate texts from the given fields only. Raises if a field has a wrong type.
---@param fields dataworks.SignFields
---@return { canonical_request?: string, string_to_sign: string, signature: string, authorization?: string }|nil
---@return dataworks.Error|nil err
function M.sign(fields)
  local ok, value, err = pcall(core.sign, check_options.check("dataworks.sign", SIGN_FIELDS, fields, "field"))
  if not ok then
    if value == "not enough memory" then
      error(value, 0)
    end
    misuse("dataworks.sign: " .. value)
  end
  return or_error(value, err)
end

--- Returns a function that raises if a program calls it with a colon.
local function refuse_colon(name, fn)
  return function(first, ...)
    check_dot(name, first)
    return fn(first, ...)
  end
end

local CHECKS_ITSELF = { encode = true, decode = true }

for name, value in pairs(M) do
  if type(value) == "function" and not CHECKS_ITSELF[name] then
    M[name] = refuse_colon(name, value)
  end
end

return setmetatable(M, {
  __index = function(_, name)
    if type(name) ~= "string" or not name:find "^%a" then
      return nil
    elseif client.has_method(name) then
      misuse(("dataworks.%s: it is a method of a client, as in client:%s(...)"):format(name, name))
    end
    misuse(("dataworks has no function %s%s"):format(name, nearest.hint(name, M)))
  end,
})
