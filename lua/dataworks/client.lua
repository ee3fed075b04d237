-- A client: checks the arguments of its methods, and passes each call to the room that carries it out.

local callers = require "dataworks.call.caller"
local catalog = require "dataworks.api.catalog"
local check_options = require "dataworks.util.check_options"
local client_options = require "dataworks.call.client_options"
local generate = require "dataworks.tasks.generate"
local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"
local nearest = lazy "dataworks.util.nearest"
require "dataworks.api.core_data"

-- Loaded on first use: many programs need none of these modules.
local configuration = lazy "dataworks.tasks.configuration"
local flow = lazy "dataworks.tasks.flow"
local lifecycle = lazy "dataworks.tasks.lifecycle"
local paginator = lazy "dataworks.tasks.paginator"
local printable_request = lazy "dataworks.protocol.printable_request"

local M = {}

---@class dataworks.CallOptions
---@field timeout? number seconds for the whole call
---@field retries? integer retries after the first attempt
local CALL_OPTIONS = { timeout = "seconds", retries = "count" }

---@class dataworks.ActionOptions: dataworks.CallOptions
---@field version? "2020-05-18"|"2024-05-18" of the action; default: the client's
local ACTION_OPTIONS = { timeout = "seconds", retries = "count", version = "text" }

---@class dataworks.EachOptions: dataworks.ActionOptions timeout and retries hold for each request
---@field pages? boolean returns whole replies
local EACH_OPTIONS = { timeout = "seconds", retries = "count", version = "text", pages = "boolean" }

local REQUEST_OPTIONS = { version = "text" }

---@class dataworks.Client has a method for each action of the catalog too
local methods = {}
local Client = { __name = "dataworks.Client" }

--- A wrong option raises at the caller's line.
---@param options? dataworks.Options
---@return dataworks.Client
function M.new(options)
  local checked = client_options.check(options)
  return setmetatable({ _caller = callers.new(checked), _version = checked.version }, Client)
end

-- Calls

local function check_call(self, what, params, given, known)
  check_options.check_self(Client, self, what)
  if self._caller.closed then
    misuse(("%s: the client is closed"):format(what))
  elseif type(params) ~= "table" then
    misuse(("%s: a table of parameters was expected, got %s"):format(what, type(params)))
  end
  return check_options.check(what, known, given)
end

--- Also finds the row of the action.
local function check_action(self, what, action, params, given, known)
  local options = check_call(self, what, params, given, known)
  client_options.check_word(what, "version", options.version)
  local version = options.version or self._version
  local row = catalog.find(action, version)
  if not row then
    local name = tostring(action) .. (version and " of version " .. version or "")
    misuse(("unknown action %s%s"):format(name, catalog.hint(action, version)))
  end
  return row, options
end

--- Calls an action by its documented name.
---@param action string
---@param params table in the provider's spelling
---@param options? dataworks.ActionOptions
---@return table|nil result the decoded reply
---@return dataworks.Error|nil err
function methods:call(action, params, options)
  local row, checked = check_action(self, "call", action, params, options, ACTION_OPTIONS)
  return self._caller:perform(row, params, checked)
end

--- Iterates over the items that an action lists, page after page. A failure is the last iteration, without an item:
--- for count, item, err in client:each("ListFiles", { ProjectId = 10000 }) do
---@param action string
---@param params table in the provider's spelling, for the first page
---@param options? dataworks.EachOptions
---@return fun(): integer|nil, any, dataworks.Error|nil
function methods:each(action, params, options)
  local row, checked = check_action(self, "each", action, params, options, EACH_OPTIONS)
  if not row.list then
    misuse(("each: no list is documented in the reply of %s"):format(action))
  end
  return paginator.each(self._caller, row, params, checked)
end

--- Calls GenerateDISyncTaskConfigForCreating.
---@param params { ProjectId: integer|string, TaskType: string, TaskParam: table|string, ClientToken?: string }
---@param options? dataworks.CallOptions
---@return dataworks.Generated|nil result for `wait`
---@return dataworks.Error|nil err
function methods:generate(params, options)
  options = check_call(self, "generate", params, options, CALL_OPTIONS)
  return generate(self._caller, params, options)
end

--- Signs the request of a call without sending it. Its fields hold a valid signature; its tostring does not.
---@param action string
---@param params table
---@param options? { version?: string }
---@return { method: string, url: string, headers: table<string, string>, body: string }|nil request
---@return dataworks.Error|nil err
function methods:request(action, params, options)
  local row = check_action(self, "request", action, params, options, REQUEST_OPTIONS)
  local request, err = self._caller:request(row, params)
  return request and printable_request.wrap(request), err
end

-- Flows

--- A method that a function of a module carries out.
---@param name string
---@param module table
---@param fn string fun(caller, params, options, name)
---@param known? table<string, string> the types of its options; else module.OPTIONS
local function method(name, module, fn, known)
  return function(self, params, options)
    options = check_call(self, name, params, options, known or module.OPTIONS)
    return module[fn](self._caller, params, options, name)
  end
end

--- Polls QueryDISyncTaskConfigProcessResult until it returns a TaskContent or a failure, or the deadline passes.
--- The params are a result of `generate`, or ProjectId, TaskType and ProcessId or AsyncProcessId. The result has
--- Data.TaskContent.
---@type fun(self, params: dataworks.Generated|table, options?: dataworks.WaitOptions): table|nil, dataworks.Error|nil
methods.wait = method("wait", configuration, "wait")

--- Creates a task from a script: generate, wait, create. An offline task needs only the last step. After an error,
--- options.resume = err.state continues from there.
---@type fun(self, params: dataworks.CreateParams, options?: dataworks.FlowOptions):
---  dataworks.FlowResult|nil, dataworks.Error|nil
methods.create_sync_task = method("create_sync_task", flow, "run")

--- Changes the tables of a real-time task or solution, or the script of an offline task. After an error,
--- options.resume = err.state continues from there.
---@type fun(self, params: dataworks.UpdateParams, options?: dataworks.FlowOptions):
---  dataworks.FlowResult|nil, dataworks.Error|nil
methods.update_sync_task = method("update_sync_task", flow, "run")

-- The lifecycle of a task

---@class dataworks.TaskId or a result of create_sync_task
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"|"DI_OFFLINE" an offline task is refused
---@field FileId integer|string

--- Returns the reply.
---@alias dataworks.TaskMethod
---| fun(self, params: dataworks.TaskId, options?: dataworks.CallOptions): table|nil, dataworks.Error|nil

--- Returns the reply; with the option wait, the result of wait_for_state.
---@alias dataworks.WaitingTaskMethod
---| fun(self, params: dataworks.TaskId, options?: dataworks.LifeOptions): table|nil, dataworks.Error|nil

--- Submits and deploys a task, so that it can be started.
---@type dataworks.TaskMethod
methods.deploy = method("deploy", lifecycle, "act", CALL_OPTIONS)

--- Starts a deployed task; its state becomes WAIT, then RUN. It takes StartParam too.
---@type dataworks.WaitingTaskMethod
methods.start = method("start", lifecycle, "act")

--- Stops a real-time task; its state becomes KILLING, then PAUSE.
---@type dataworks.WaitingTaskMethod
methods.stop = method("stop", lifecycle, "act")

--- Undeploys a real-time task; its state becomes NORUN.
---@type dataworks.WaitingTaskMethod
methods.terminate = method("terminate", lifecycle, "act")

--- Deletes a real-time task.
---@type dataworks.TaskMethod
methods.delete = method("delete", lifecycle, "act", CALL_OPTIONS)

--- Returns the reply of GetDISyncInstanceInfo, with `state`: the state of a task.
---@type dataworks.TaskMethod
methods.status = method("status", lifecycle, "status", CALL_OPTIONS)

local function state_list(states)
  local list = type(states) == "table" and states or { states }
  local good = #list > 0
  for _, name in ipairs(list) do
    good = good and type(name) == "string"
  end
  if not good then
    misuse 'wait_for_state: a state or a list of states was expected, as in "RUN"'
  end
  return list
end

--- Waits until a task is in one of the states.
---@param params dataworks.TaskId
---@param states string|string[]
---@param options? dataworks.WaitOptions
---@return table|nil result the reply of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err err.state holds the params for another wait_for_state
function methods:wait_for_state(params, states, options)
  options = check_call(self, "wait_for_state", params, options, configuration.OPTIONS)
  return lifecycle.wait_for_state(self._caller, params, state_list(states), options)
end

--- Wipes the keys and closes the connection. Idempotent. Every other method raises afterwards.
---@return boolean
function methods:close()
  self._caller:close()
  return true
end

-- The methods of actions

function Client.__index(_, name)
  if methods[name] then
    return methods[name]
  elseif type(name) ~= "string" or not name:find("^%a") then
    return nil
  elseif catalog.find(name) then
    methods[name] = function(self, params, options)
      local row, checked = check_action(self, name, name, params, options, ACTION_OPTIONS)
      return self._caller:perform(row, params, checked)
    end
    return methods[name]
  end
  local known = catalog.names()
  for own in pairs(methods) do
    known[own] = true
  end
  misuse(("a client has no method %s%s"):format(name, nearest.hint(name, known)))
end

function Client:__tostring()
  local caller = self._caller
  local state = caller.closed and "closed" or "open"
  if caller.events.callback_error then
    state = state .. ", on_event raised: " .. caller.events.callback_error
  end
  return ("dataworks.Client (%s, %s)"):format(caller.endpoint or "no endpoint", state)
end

Client.__close = methods.close

return M
