-- A client: checks how it is used, and hands on to what does the work.

local caller = require "dataworks.call.pipeline"
local catalog = require "dataworks.api.catalog"
local credentials = require "dataworks.credentials.source"
local endpoints = require "dataworks.api.endpoints"
local lazy = require "dataworks.util.lazy"
local limit = require "dataworks.limit.limit"
local nearest = lazy "dataworks.util.nearest"
local options_of = require "dataworks.util.check_options"
local proxies = require "dataworks.transport.proxy"
local settings = require "dataworks.options"
require "dataworks.api.core_data"

local M = {}

-- Loaded by the first call that needs it: many programs need none of these.
local function pages() return require "dataworks.tasks.paginator" end
local function wait() return require "dataworks.tasks.configuration" end
local function flow() return require "dataworks.tasks.flow" end
local function lifecycle() return require "dataworks.tasks.lifecycle" end

local GENERATE = "GenerateDISyncTaskConfigForCreating"

---@class dataworks.CallOptions
---@field timeout? number seconds for the whole call
---@field retries? integer repetitions after the first attempt
local CALL_OPTIONS = { timeout = "seconds", retries = "count" }

local function with(options, more)
  for name, kind in pairs(options) do
    more[name] = kind
  end
  return more
end

---@class dataworks.ActionOptions: dataworks.CallOptions
---@field version? "2020-05-18"|"2024-05-18" of the action; the client's otherwise
local ACTION_OPTIONS = with(CALL_OPTIONS, { version = "text" })

---@class dataworks.EachOptions: dataworks.ActionOptions timeout and retries are those of each request
---@field pages? boolean gives whole replies
local EACH_OPTIONS = with(ACTION_OPTIONS, { pages = "boolean" })

local REQUEST_OPTIONS = { version = "text" }

--- Options that have to be one of a few words.
local WORDS = {
  version = { ["2020-05-18"] = true, ["2024-05-18"] = true },
  signature = { ["ACS3-HMAC-SHA256"] = true, ["ACS3-HMAC-SM3"] = true, ["HMAC-SHA1"] = true },
  network = { public = true, vpc = true },
  min_tls = { ["1.2"] = true, ["1.3"] = true },
}

---@class dataworks.Client every action of the catalog is a method too
local methods = {}
local Client = { __name = "dataworks.Client" }

-- Making a client

local function check_secrets(options, level)
  if (options.access_key_id == nil) ~= (options.access_key_secret == nil) then
    error("dataworks.new: access_key_id and access_key_secret belong together; one of them is missing", level + 1)
  elseif options.security_token and not options.access_key_id then
    error("dataworks.new: security_token needs its access_key_id and access_key_secret", level + 1)
  elseif options.access_key_id and options.credentials then
    error("dataworks.new: give either access_key_id and access_key_secret or credentials, not both", level + 1)
  elseif options.credentials then
    credentials.check("dataworks.new: credentials", options.credentials, level + 1)
  end
  if options.credentials_dict then
    local wrong = require("dataworks.credentials.shared").wrong(options.credentials_dict)
    if wrong then
      error("dataworks.new: " .. wrong, level + 1)
    end
  end
end

-- What the program itself says wrong is misuse; what the environment says wrong comes as an error of each call.
local function check_network(options, level)
  if options.client_key and not options.client_certificate then
    error("dataworks.new: client_key needs its client_certificate", level + 1)
  elseif options.client_key_password and not options.client_certificate then
    error("dataworks.new: client_key_password needs a client_certificate", level + 1)
  end
  if options.endpoint or options.region then
    local _, wrong = endpoints.resolve(options.endpoint, options.region, options.network)
    if wrong then
      error(("dataworks.new: %s: %s"):format(wrong.path, wrong.message), level + 1)
    end
  end
  if options.proxy and options.proxy ~= "" then
    local _, wrong = proxies.parse(options.proxy)
    if wrong then
      error("dataworks.new: proxy: " .. wrong, level + 1)
    end
  end
end

local function check_options(given, level)
  local options = options_of.check("dataworks.new", settings, given, level + 1)
  check_secrets(options, level + 1)
  for name, words in pairs(WORDS) do
    if options[name] and not words[options[name]] then
      error(("dataworks.new: %s must be one of %s"):format(name, nearest.list(words)), level + 1)
    end
  end
  check_network(options, level + 1)
  local wrong = options.limit and limit.wrong(options.limit)
  if wrong then
    error("dataworks.new: limit: " .. wrong, level + 1)
  end
  return options
end

--- Misuse raises at the caller's line.
---@param given? dataworks.Options
---@return dataworks.Client
function M.new(given)
  local options = check_options(given, 2)
  return setmetatable({ _caller = caller.new(options), _version = options.version }, Client)
end

--- Misuse, raised at the line `level` calls up.
local function check_call(self, what, params, given, known, level)
  if getmetatable(self) ~= Client then
    error(("%s: call it as a method of a client, client:%s"):format(what, what), level + 1)
  elseif self._caller.closed then
    error(("%s: the client is closed"):format(what), level + 1)
  elseif type(params) ~= "table" then
    error(("%s: a table of parameters was expected, got %s"):format(what, type(params)), level + 1)
  end
  -- No tail call: the levels are counted.
  local options = options_of.check(what, known, given, level + 1)
  return options
end

local function find_action(self, what, action, options, level)
  if options.version and not WORDS.version[options.version] then
    error(("%s: version must be one of %s"):format(what, nearest.list(WORDS.version)), level + 1)
  end
  local version = options.version or self._version
  local row = catalog.find(action, version)
  if not row then
    local name = tostring(action) .. (version and " of version " .. version or "")
    error(("unknown action %s%s"):format(name, catalog.hint(action, version)), level + 1)
  end
  return row
end

-- Calls

--- Any action by its documented name.
---@param action string
---@param params table in the provider's spelling
---@param options? dataworks.ActionOptions
---@return table|nil result the decoded reply
---@return dataworks.Error|nil err
function methods:call(action, params, options)
  options = check_call(self, "call", params, options, ACTION_OPTIONS, 2)
  local row = find_action(self, "call", action, options, 2)
  return self._caller:perform(row, params, options)
end

--- The items of the list that an action gives, page after page. A failure comes as a last turn without an item:
--- for count, item, err in client:each("ListFiles", { ProjectId = 10000 }) do
---@param action string
---@param params table in the provider's spelling; it begins at the page they name
---@param options? dataworks.EachOptions
---@return fun(): integer|nil, any, dataworks.Error|nil
function methods:each(action, params, options)
  options = check_call(self, "each", params, options, EACH_OPTIONS, 2)
  local row = find_action(self, "each", action, options, 2)
  if not row.list then
    error(("each: no list is documented in the reply of %s"):format(action), 2)
  end
  return pages().each(self._caller, row, params, options)
end

--- GenerateDISyncTaskConfigForCreating for the front door; `level` is of the caller to blame.
function M.generate(self, params, options, level)
  options = check_call(self, "generate", params, options, CALL_OPTIONS, level + 1)
  return self._caller:perform(catalog.find(GENERATE), params, options)
end

--- GenerateDISyncTaskConfigForCreating.
---@param params { ProjectId: integer|string, TaskType: string, TaskParam: table|string, ClientToken?: string }
---@param options? dataworks.CallOptions
---@return table|nil result Data.ProcessId is to be waited for
---@return dataworks.Error|nil err
function methods:generate(params, options)
  local result, err = M.generate(self, params, options, 2)
  return result, err
end

local SECRET_HEADERS = { authorization = true, ["x-acs-security-token"] = true, ["x-acs-bearer-token"] = true }

local Request = { __name = "dataworks.Request" }

local function without_secrets(text)
  for _, name in ipairs { "Signature", "SecurityToken", "BearerToken" } do
    text = text:gsub("(%f[^%z&?]" .. name .. "=)[^&]*", "%1***")
  end
  return text
end

--- For people: as it would go over the wire, less what is secret.
function Request:__tostring()
  local lines, names = { self.method .. " " .. without_secrets(self.url) }, {}
  for name in pairs(self.headers) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    lines[#lines + 1] = name .. ": " .. (SECRET_HEADERS[name] and "***" or self.headers[name])
  end
  lines[#lines + 1] = self.body ~= "" and "\n" .. without_secrets(self.body) or nil
  return table.concat(lines, "\n")
end

--- The request of a call, signed and not sent. Its fields hold a valid signature; tostring leaves that out.
---@param action string
---@param params table
---@param options? { version?: string }
---@return { method: string, url: string, headers: table<string, string>, body: string }|nil request
---@return dataworks.Error|nil err
function methods:request(action, params, options)
  options = check_call(self, "request", params, options, REQUEST_OPTIONS, 2)
  local row = find_action(self, "request", action, options, 2)
  local request, err = self._caller:request(row, params)
  return request and setmetatable(request, Request), err
end

-- Waiting and flows

--- Polls QueryDISyncTaskConfigProcessResult until there is a TaskContent, a failure or the deadline.
---@param params { ProjectId: integer|string, TaskType: string, ProcessId: integer|string } or AsyncProcessId
---@param options? dataworks.WaitOptions
---@return table|nil result Data.TaskContent
---@return dataworks.Error|nil err
function methods:wait(params, options)
  options = check_call(self, "wait", params, options, wait().OPTIONS, 2)
  local asked, err = wait().params(params)
  if not asked then
    return nil, err
  end
  return wait().configuration(self._caller, asked, options)
end

--- From a script to a created task: generate, wait, create. An offline task is created directly.
---@param params dataworks.CreateParams
---@param options? dataworks.FlowOptions
---@return dataworks.FlowResult|nil
---@return dataworks.Error|nil err its state goes on where this ended: options.resume = err.state
function methods:create_sync_task(params, options)
  options = check_call(self, "create_sync_task", params, options, flow().OPTIONS, 2)
  return flow().create_sync_task(self._caller, params, options)
end

--- Changes the tables of a real-time task or solution, or the script of an offline task.
---@param params dataworks.UpdateParams
---@param options? dataworks.FlowOptions
---@return dataworks.FlowResult|nil
---@return dataworks.Error|nil err its state goes on where this ended: options.resume = err.state
function methods:update_sync_task(params, options)
  options = check_call(self, "update_sync_task", params, options, flow().OPTIONS, 2)
  return flow().update_sync_task(self._caller, params, options)
end

-- A task's life

local function check_life(self, what, params, options, level)
  options = check_call(self, what, params, options, lifecycle().OPTIONS, level + 1)
  for _, name in ipairs(lifecycle().WAITING) do
    if options[name] ~= nil and not options.wait then
      error(("%s: %s says how to wait, and wait is not true"):format(what, name), level + 1)
    end
  end
  return options
end

---@class dataworks.TaskOf
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"
---@field FileId integer|string

--- Submits and deploys a task, so that it can be started.
---@param params dataworks.TaskOf
---@param options? dataworks.CallOptions
---@return table|nil result the reply
---@return dataworks.Error|nil err
function methods:deploy(params, options)
  options = check_call(self, "deploy", params, options, CALL_OPTIONS, 2)
  return lifecycle().act(self._caller, "deploy", params, options)
end

--- Starts a deployed task; it goes to WAIT, then RUN.
---@param params dataworks.TaskOf and StartParam
---@param options? dataworks.LifeOptions
---@return table|nil result the reply; with wait as of wait_for_state
---@return dataworks.Error|nil err
function methods:start(params, options)
  options = check_life(self, "start", params, options, 2)
  return lifecycle().act(self._caller, "start", params, options)
end

--- Stops a real-time task; it goes to KILLING, then PAUSE.
---@param params dataworks.TaskOf
---@param options? dataworks.LifeOptions
---@return table|nil result the reply; with wait as of wait_for_state
---@return dataworks.Error|nil err
function methods:stop(params, options)
  options = check_life(self, "stop", params, options, 2)
  return lifecycle().act(self._caller, "stop", params, options)
end

--- Undeploys a real-time task; it goes to NORUN.
---@param params dataworks.TaskOf
---@param options? dataworks.LifeOptions
---@return table|nil result the reply; with wait as of wait_for_state
---@return dataworks.Error|nil err
function methods:terminate(params, options)
  options = check_life(self, "terminate", params, options, 2)
  return lifecycle().act(self._caller, "terminate", params, options)
end

--- Deletes a real-time task.
---@param params dataworks.TaskOf
---@param options? dataworks.CallOptions
---@return table|nil result the reply
---@return dataworks.Error|nil err
function methods:delete(params, options)
  options = check_call(self, "delete", params, options, CALL_OPTIONS, 2)
  return lifecycle().act(self._caller, "delete", params, options)
end

--- The state that a task is in.
---@param params dataworks.TaskOf
---@param options? dataworks.CallOptions
---@return table|nil result the reply of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err
function methods:status(params, options)
  options = check_call(self, "status", params, options, CALL_OPTIONS, 2)
  return lifecycle().status(self._caller, params, options)
end

local function state_list(states, level)
  local list = type(states) == "table" and states or { states }
  local good = #list > 0
  for _, name in ipairs(list) do
    good = good and type(name) == "string"
  end
  if not good then
    error("wait_for_state: a state or a list of states was expected, as in \"RUN\"", level + 1)
  end
  return list
end

--- Waits until a task is in a state, or in one of several.
---@param params dataworks.TaskOf
---@param states string|string[]
---@param options? dataworks.WaitOptions
---@return table|nil result the reply of GetDISyncInstanceInfo, with `state`
---@return dataworks.Error|nil err its state is what another wait_for_state takes as params
function methods:wait_for_state(params, states, options)
  options = check_call(self, "wait_for_state", params, options, wait().OPTIONS, 2)
  local list = state_list(states, 2)
  return lifecycle().wait_for_state(self._caller, params, list, options)
end

--- Wipes the keys and closes the connection. It may be called again; the other methods raise from then on.
---@return boolean
function methods:close()
  self._caller:close()
  return true
end

-- Every action is a method too

local action_methods = {}

local function action_method(name)
  action_methods[name] = action_methods[name] or function(self, params, options)
    options = check_call(self, name, params, options, ACTION_OPTIONS, 2)
    local row = find_action(self, name, name, options, 2)
    return self._caller:perform(row, params, options)
  end
  return action_methods[name]
end

function Client.__index(_, name)
  if methods[name] then
    return methods[name]
  elseif type(name) ~= "string" or not name:find("^%a") then
    return nil
  elseif catalog.find(name) then
    return action_method(name)
  end
  local known = catalog.names()
  for method in pairs(methods) do
    known[method] = true
  end
  error(("a client has no method %s%s"):format(name, nearest.hint(name, known)), 2)
end

function Client:__tostring()
  local called = self._caller
  local state = called.closed and "closed" or "open"
  if called.events.wrong then
    state = state .. ", on_event raised: " .. called.events.wrong
  end
  return ("dataworks.Client (%s, %s)"):format(called.endpoint or "no endpoint", state)
end

Client.__close = methods.close

return M
