-- The client object. Its methods check their arguments and pass the call to the module that carries it out.

local callers = require "dataworks.call.caller"
local catalog = require "dataworks.api.catalog"
local check_options = require "dataworks.util.check_options"
local client_options = require "dataworks.call.client_options"
local generate = require "dataworks.tasks.generate"
local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"
local nearest = lazy "dataworks.util.nearest"
local tables = require "dataworks.util.tables"

-- These modules are loaded on first use, because many programs need none of them.
local configuration = lazy "dataworks.tasks.configuration"
local flow = lazy "dataworks.tasks.flow"
local lifecycle = lazy "dataworks.tasks.lifecycle"
local paginator = lazy "dataworks.tasks.paginator"
local publish = lazy "dataworks.tasks.publish"
local printable_request = lazy "dataworks.protocol.printable_request"
local unchecked = lazy "dataworks.api.unchecked"

local M = {}

---@class dataworks.CallOptions
---@field timeout? number seconds for the whole call
---@field retries? integer retries after the first attempt

local CALL_OPTIONS = { timeout = "seconds", retries = "count" }

---@class dataworks.ScriptOptions: dataworks.CallOptions
---@field unchecked? boolean true: the script in TaskParam is sent without a check

local SCRIPT_OPTIONS = { timeout = "seconds", retries = "count", unchecked = "boolean" }
M.SCRIPT_OPTIONS = SCRIPT_OPTIONS

---@class dataworks.ActionOptions: dataworks.CallOptions
---@field version? "2020-05-18"|"2024-05-18"|string version of the action; default: the client's option `version`
---@field unchecked? boolean true: the action, its version and its parameters may be unknown, and a TaskParam is sent
--- without a check
---@field method? "GET"|"POST"|"PUT" with unchecked: the HTTP method; default: that of the catalog, or "POST"
---@field location? "query"|"form" with unchecked: where parameters are sent that the catalog lacks; default: "form",
--- or "query" with GET

local ACTION_OPTIONS = {
  timeout = "seconds", retries = "count", version = "text", unchecked = "boolean", method = "text", location = "text",
}

---@class dataworks.EachOptions: dataworks.CallOptions the timeout and retries apply to the request of each page
---@field version? "2020-05-18"|"2024-05-18" version of the action; default: the client's option `version`
---@field pages? boolean true: iterate over whole replies instead of items

local EACH_OPTIONS = { timeout = "seconds", retries = "count", version = "text", pages = "boolean" }

local REQUEST_OPTIONS = { version = "text", unchecked = "boolean", method = "text", location = "text" }

---@class dataworks.Client has the methods below, and one method for each action of the catalog. The method has the
--- name of the action.
local methods = {}
local Client = { __name = "dataworks.Client", __index = methods }

--- Creates a client. Raises at the line of the program if an option is wrong.
---@param options? dataworks.Options
---@param what string the name of the called function, for messages
---@return dataworks.Client
function M.create(options, what)
  local checked = client_options.check(options, what)
  return setmetatable({ _caller = callers.new(checked), _version = checked.version }, Client)
end

--- Returns whether a client has a method of this name.
---@param name any
---@return boolean
function M.has_method(name)
  return rawget(methods, name) ~= nil or catalog.find(name) ~= nil
end

-- Calls

--- Raises if an option of a call is an option of dataworks.new only.
local function check_place(what, known, given)
  for name in pairs(given) do
    if not known[name] and client_options.is_known(name) then
      misuse(("%s: %s is an option of dataworks.new; the options here are %s"):format(what, name, nearest.list(known)))
    end
  end
end

--- Returns the required parameters of an action as an example for a message; "" if there are none.
local function example(action)
  local row = action and catalog.find(action)
  local required = {}
  for _, param in ipairs(row and row.params or {}) do
    required[#required + 1] = param.required and param[1] .. " = ..." or nil
  end
  return #required > 0 and ", as in { " .. table.concat(required, ", ") .. " }" or ""
end

--- Checks the arguments of a method, and returns its options. Raises if an argument is wrong or the client is closed.
local function check_call(self, what, params, given, known, action)
  check_options.check_self(Client, self, what)
  if self._caller.closed then
    misuse(("%s: the client is closed"):format(what))
  elseif type(params) ~= "table" then
    misuse(("%s: params must be a table of parameters%s, got %s"):format(what, example(action),
      check_options.describe(params)))
  elseif type(given) == "table" then
    check_place(what, known, given)
  end
  return check_options.check(what, known, given)
end

--- Checks the arguments of a method that calls any action. Returns the catalog row of the action, and the options.
local function check_action(self, what, action, params, given, known)
  if type(action) ~= "string" then
    check_options.check_self(Client, self, what)
    misuse(("%s: action must be the name of an action, as in \"ListFiles\", got %s"):format(what,
      check_options.describe(action)))
  end
  local options = check_call(self, what, params, given, known, action)
  local version = options.version or self._version
  if options.unchecked then
    return unchecked.row(what, action, version, params, options), options
  elseif options.method or options.location then
    unchecked.refuse(what, options)
  end
  client_options.check_word(what, "version", options.version)
  local row = catalog.find(action, version)
  if not row then
    local name = action .. (version and " of version " .. version or "")
    local hint = catalog.hint(action, version)
    if hint == "" and known.unchecked then
      hint = "; to call an action that the catalog lacks, add unchecked = true and its version"
    end
    misuse(("%s: unknown action %s%s"):format(what, name, hint))
  end
  return row, options
end

--- Calls an action by its documented name.
---@param action string
---@param params table names and values as in the provider's documentation
---@param options? dataworks.ActionOptions
---@return table|nil result the decoded reply
---@return dataworks.Error|nil err
function methods:call(action, params, options)
  local row, checked = check_action(self, "call", action, params, options, ACTION_OPTIONS)
  return self._caller:perform(row, params, checked)
end

--- Returns an iterator over the items that an action lists, page after page. If a request fails, the iterator returns a
--- count, nil and the error, and then ends. Example:
---     for count, item, err in client:each("ListFiles", { ProjectId = 10000 }) do
---@param action string
---@param params table the parameters of the first page, named as in the provider's documentation
---@param options? dataworks.EachOptions
---@return fun(): integer|nil, any, dataworks.Error|nil iterator
function methods:each(action, params, options)
  local row, checked = check_action(self, "each", action, params, options, EACH_OPTIONS)
  if not row.list then
    misuse(("each: the reply of %s has no documented list; use client:call"):format(action))
  end
  return paginator.each(self._caller, row, params, checked)
end

--- Calls GenerateDISyncTaskConfigForCreating.
---@param params { ProjectId: integer|string, TaskType: string, TaskParam: table|string, ClientToken?: string }
---@param options? dataworks.ScriptOptions
---@return dataworks.Generated|nil result the reply, which `wait` accepts as its params
---@return dataworks.Error|nil err
function methods:generate(params, options)
  options = check_call(self, "generate", params, options, SCRIPT_OPTIONS)
  return generate(self._caller, params, options)
end

--- Signs the request of a call without sending it. The fields of the request hold a valid signature; tostring(request)
--- shows the request without its secrets.
---@param action string
---@param params table
---@param options? dataworks.ActionOptions except timeout and retries
---@return { method: string, url: string, headers: table<string, string>, body: string }|nil request
---@return dataworks.Error|nil err
function methods:request(action, params, options)
  local row, checked = check_action(self, "request", action, params, options, REQUEST_OPTIONS)
  local request, err = self._caller:request(row, params, checked.unchecked)
  return request and printable_request.wrap(request), err
end

-- Flows

--- Returns a method that checks its arguments and then calls a function of a module.
---@param name string the name of the method
---@param module table
---@param fn string the name of the function, which takes (caller, params, options, name)
---@param known? table<string, string> the types of the method's options; default: module.OPTIONS
local function method(name, module, fn, known)
  return function(self, params, options)
    options = check_call(self, name, params, options, known or module.OPTIONS)
    return module[fn](self._caller, params, options, name)
  end
end

---@class dataworks.Process identifies a generation; a result of `generate` can be used instead
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"
---@field ProcessId? integer|string one of ProcessId and AsyncProcessId is required
---@field AsyncProcessId? integer|string the name of ProcessId in the provider's documentation

--- Calls QueryDISyncTaskConfigProcessResult repeatedly until the reply has a TaskContent or a failure, or until the
--- deadline passes. The result has the field Data.TaskContent.
---@type fun(self, params: dataworks.Generated|dataworks.Process, options?: dataworks.WaitOptions):
---  table|nil, dataworks.Error|nil
methods.wait = method("wait", configuration, "wait")

--- Creates a task from a script. The steps are generate, wait and create; an offline task needs only create. To
--- continue after an error, call again with options.resume = err.state.
---@type fun(self, params: dataworks.CreateParams, options?: dataworks.FlowOptions):
---  dataworks.FlowResult|nil, dataworks.Error|nil
methods.create_sync_task = method("create_sync_task", flow, "run")

--- Changes the tables of a real-time task or solution, or the script of an offline task. To continue after an error,
--- call again with options.resume = err.state.
---@type fun(self, params: dataworks.UpdateParams, options?: dataworks.FlowOptions):
---  dataworks.FlowResult|nil, dataworks.Error|nil
methods.update_sync_task = method("update_sync_task", flow, "run")

-- The lifecycle of a task

---@class dataworks.TaskId identifies a task; a result of create_sync_task can be used instead
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"|"DI_OFFLINE" the methods for deployed tasks return an error for
--- DI_OFFLINE
---@field FileId integer|string

--- A method that returns the reply of its action.
---@alias dataworks.TaskMethod
---| fun(self, params: dataworks.TaskId, options?: dataworks.CallOptions): table|nil, dataworks.Error|nil

--- A method that returns the reply of its action. With the option wait = true, the method also waits for the new state,
--- and returns the result of wait_for_state.
---@alias dataworks.WaitingTaskMethod
---| fun(self, params: dataworks.TaskId, options?: dataworks.LifeOptions): table|nil, dataworks.Error|nil

--- Submits and deploys a task. Only a deployed task can be started.
---@type dataworks.TaskMethod
methods.deploy = method("deploy", lifecycle, "act", CALL_OPTIONS)

--- Brings an offline task into production: sets its schedule, submits and deploys it. No completed step is repeated.
---@type fun(self, params: dataworks.PublishParams, options?: dataworks.WaitOptions):
---  dataworks.Published|nil, dataworks.Error|nil
methods.publish = method("publish", publish, "run")

--- Starts a deployed task. The state becomes WAIT, then RUN. The params can also have StartParam.
---@type dataworks.WaitingTaskMethod
methods.start = method("start", lifecycle, "act")

--- Stops a real-time task. The state becomes KILLING, then PAUSE.
---@type dataworks.WaitingTaskMethod
methods.stop = method("stop", lifecycle, "act")

--- Terminates a real-time task, which reverses its deployment. The state becomes NORUN.
---@type dataworks.WaitingTaskMethod
methods.terminate = method("terminate", lifecycle, "act")

--- Deletes a real-time task.
---@type dataworks.TaskMethod
methods.delete = method("delete", lifecycle, "act", CALL_OPTIONS)

--- Calls GetDISyncInstanceInfo, and adds the state of the task to the reply as the field `state`.
---@type dataworks.TaskMethod
methods.status = method("status", lifecycle, "status", CALL_OPTIONS)

--- Returns the states as a list. Raises if a state is not a string, or if there is none.
local function state_list(states)
  local list = type(states) == "table" and states or { states }
  local hole = tables.find_hole(list)
  if hole then
    misuse(("wait_for_state: states[%d] is nil: the list has a hole"):format(hole))
  elseif #list == 0 then
    misuse(('wait_for_state: states must be a state or a list of states, as in "RUN", got %s'):format(
      type(states) == "table" and "a table that has no item 1" or check_options.describe(states)))
  end
  for index, name in ipairs(list) do
    if type(name) ~= "string" then
      misuse(('wait_for_state: states[%d] must be a state, as in "RUN", got %s'):format(index,
        check_options.describe(name)))
    end
  end
  return list
end

--- Waits until a task is in one of the states.
---@param params dataworks.TaskId
---@param states string|string[]
---@param options? dataworks.WaitOptions
---@return table|nil result the reply of GetDISyncInstanceInfo, with the added field `state`
---@return dataworks.Error|nil err after a timeout, `wait_for_state` accepts err.state as its params
function methods:wait_for_state(params, states, options)
  options = check_call(self, "wait_for_state", params, options, configuration.OPTIONS)
  return lifecycle.wait_for_state(self._caller, params, state_list(states), options)
end

--- Wipes the keys and closes the connection. A second call has no effect. After it, all other methods of the client
--- raise an error.
---@return boolean
function methods:close()
  self._caller:close()
  return true
end

-- The methods of actions

-- The functions of the module that are looked for in a client.
local MODULE_FUNCTIONS = tables.set_of "new task encode decode sign run spawn map sleep loop limit list is_error"

--- Creates the method of an action at its first use. Raises for a name that is not an action.
setmetatable(methods, { __index = function(_, name)
  if type(name) ~= "string" or not name:find("^%a") then
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
  local hint = MODULE_FUNCTIONS[name] and ("; it is a function of the module, as in dataworks.%s(...)"):format(name)
  misuse(("a client has no method %s%s"):format(name, hint or nearest.hint(name, known)))
end })

function Client.__newindex(_, name)
  misuse(("a client can't be changed: give %s to dataworks.new, or to one call as an option"):format(tostring(name)))
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
