-- One call: request, send, read; and again if it should be.

local actions = require "dataworks.actions"
local core = require "dataworks.core"
local credentials = require "dataworks.credentials"
local endpoints = require "dataworks.endpoints"
local errors = require "dataworks.error"
local flow = require "dataworks.flow"
local nearest = require "dataworks.nearest"
local options_of = require "dataworks.options"
local response = require "dataworks.response"
local retry = require "dataworks.retry"
local signer = require "dataworks.signer"
local version = require "dataworks.version"
local waiter = require "dataworks.waiter"

local M = {}

local GENERATE = "GenerateDISyncTaskConfigForCreating"
local QUERY = "QueryDISyncTaskConfigProcessResult"

local TIMEOUT, CONNECT_TIMEOUT, RETRIES = 30, 5, 2
local USER_AGENT = ("dataworks-lua/%s (%s)"):format(version, rawget(_G, "jit") and "LuaJIT" or _VERSION)

---@class dataworks.Options
---@field region? string as in cn-shanghai; ALIBABA_CLOUD_REGION_ID
---@field endpoint? string host, host:port or URL, wins over the region; ALIBABA_CLOUD_ENDPOINT
---@field access_key_id? string ALIBABA_CLOUD_ACCESS_KEY_ID
---@field access_key_secret? string ALIBABA_CLOUD_ACCESS_KEY_SECRET
---@field security_token? string ALIBABA_CLOUD_SECURITY_TOKEN
---@field credentials? fun(): dataworks.Credentials|nil, string|nil asked before each attempt
---@field signature? "ACS3-HMAC-SHA256"|"ACS3-HMAC-SM3"|"HMAC-SHA1" the first
---@field timeout? number seconds for a whole call with its repetitions, 30
---@field connect_timeout? number seconds, 5
---@field retries? integer repetitions after the first attempt, 2
---@field proxy? string URL; https_proxy and its kin otherwise
---@field ca_file? string PEM file of the authorities to trust; DATAWORKS_CA_FILE
---@field max_reply_bytes? integer 16 MiB
---@field allow_http? boolean plain http to hosts other than loopback
---@field transport? dataworks.Transport stays open when the client is closed
---@field on_event? fun(event: dataworks.Event) what it raises is dropped; tostring(client) shows it
---@field now? fun(): number seconds since 1970
---@field clock? fun(): number seconds that never jump
---@field nonce? fun(): string
---@field random? fun(): number from 0 to 1
---@field sleep? fun(seconds: number)
---@field getenv? fun(name: string): string|nil
local OPTIONS = {
  region = "text", endpoint = "text", access_key_id = "text", access_key_secret = "text", security_token = "string",
  credentials = "function", signature = "text", timeout = "seconds", connect_timeout = "seconds", retries = "count",
  proxy = "string", ca_file = "text", max_reply_bytes = "size", allow_http = "boolean", transport = "transport",
  on_event = "function", now = "function", clock = "function", nonce = "function", random = "function",
  sleep = "function", getenv = "function",
}

---@class dataworks.CallOptions
---@field timeout? number seconds for the whole call
---@field retries? integer repetitions after the first attempt
local CALL_OPTIONS = { timeout = "seconds", retries = "count" }
local WAIT_OPTIONS = { timeout = "seconds", delay = "seconds", max_delay = "seconds", on_progress = "function" }

local SIGNATURES = { ["ACS3-HMAC-SHA256"] = true, ["ACS3-HMAC-SM3"] = true, ["HMAC-SHA1"] = true }

---@class dataworks.Event what on_event is told; never parameters, headers or bodies
---@field type "request"|"response"|"retry"|"wait"
---@field action string
---@field attempt integer
---@field endpoint? string "request"
---@field client_token? string "request"
---@field status? integer "response": of HTTP
---@field request_id? string "response"
---@field elapsed? number "response": seconds of this attempt; "wait": of the whole wait
---@field error? dataworks.Error "response" and "retry"
---@field delay? number "retry" and "wait": seconds until the next attempt

---@class dataworks.Client every action of dataworks.actions is a method too
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
  end
end

local function check_options(given, level)
  local options = options_of.check("dataworks.new", OPTIONS, given, level + 1)
  check_secrets(options, level + 1)
  if options.signature and not SIGNATURES[options.signature] then
    error("dataworks.new: signature must be one of " .. nearest.list(SIGNATURES), level + 1)
  end
  -- What the program itself says wrong is misuse; what the environment says wrong comes as an error of each call.
  if options.endpoint or options.region then
    local _, wrong = endpoints.resolve(options.endpoint, options.region)
    if wrong then
      error(("dataworks.new: %s: %s"):format(wrong.path, wrong.message), level + 1)
    end
  end
  return options
end

local function reader(getenv)
  return function(name)
    local value = getenv(name)
    return value ~= "" and value or nil
  end
end

local function proxy_secrets(options)
  return { options.proxy and options.proxy:match("//[^/@]*:([^/@]*)@") }
end

--- Misuse raises at the caller's line.
---@param given? dataworks.Options
---@return dataworks.Client
function M.new(given)
  local options = check_options(given, 2)
  local getenv = reader(options.getenv or os.getenv)
  local url, unresolved = endpoints.resolve(options.endpoint or getenv "ALIBABA_CLOUD_ENDPOINT",
    options.region or getenv "ALIBABA_CLOUD_REGION_ID")
  return setmetatable({
    _endpoint = url or false,
    _unresolved = unresolved or false,
    _signer = signer.new(credentials.source(options, getenv), options.signature, proxy_secrets(options)),
    _timeout = options.timeout or TIMEOUT,
    _connect_timeout = options.connect_timeout or CONNECT_TIMEOUT,
    _retries = options.retries or RETRIES,
    _transport = options.transport or false,
    _transport_options = {
      connect_timeout = options.connect_timeout, proxy = options.proxy, max_reply_bytes = options.max_reply_bytes,
      ca_file = options.ca_file or getenv "DATAWORKS_CA_FILE", allow_http = options.allow_http,
    },
    _owns_transport = false,
    _on_event = options.on_event or false,
    _event_error = false,
    _now = options.now or core.time,
    _clock = options.clock or core.clock,
    _nonce = options.nonce or core.nonce,
    _random = options.random or core.random,
    _pause = options.sleep or false,
    _closed = false,
  }, Client)
end

-- Events

--- A callback must not cut a call in two: a task that was created would be lost with it.
local function emit(self, event)
  if self._on_event then
    local ok, message = pcall(self._on_event, event)
    if not ok then
      self._event_error = errors.line(message, 200)
    end
  end
end

-- One attempt

local function transport_of(self)
  if not self._transport then
    local transport, err = require("dataworks.transport").new(self._transport_options)
    if not transport then
      return nil, err
    end
    self._transport, self._owns_transport = transport, true
  end
  return self._transport
end

local function sleep(self, seconds)
  if self._pause then
    self._pause(seconds)
  elseif self._transport then
    self._transport:sleep(seconds)
  end
end

local function build(self, action, params)
  if not self._endpoint then
    return nil, self._unresolved
  end
  local keys, err = self._signer.get()
  if not keys then
    return nil, err
  end
  local context = {
    signer = keys, endpoint = self._endpoint, date = self._now(), nonce = self._nonce(), user_agent = USER_AGENT,
  }
  if action == GENERATE then
    return core.generate(params, context)
  end
  return core.request(action, actions[action], params, context)
end

--- Takes out of a text the client's keys, and the signature of this request. Made only for what failed.
local function hider(self, request)
  local hide
  return function(text)
    hide = hide or signer.hider {
      (request.headers.authorization or request.body):match("Signature=([^&]*)") or "",
    }
    return hide(self._signer.hide(text))
  end
end

local function hidden(fields, hide)
  for name, value in pairs(fields) do
    fields[name] = type(value) == "string" and hide(value) or value
  end
  return fields
end

local CLOSED = { kind = "cancelled", sent = false, message = "the client was closed during the call" }

---@class dataworks.Call one call, with all its attempts
---@field action string
---@field row dataworks.Action
---@field params table
---@field has_token boolean
---@field started number
---@field deadline number
---@field attempts integer
---@field unsure boolean|"unknown" an attempt so far may have had an effect

--- Builds the request and has the transport ready.
local function prepare(self, call)
  if self._closed then
    return nil, CLOSED
  end
  local request, err = build(self, call.action, call.params)
  if not request then
    return nil, err
  end
  emit(self, {
    type = "request", action = call.action, attempt = call.attempts, endpoint = self._endpoint,
    client_token = call.has_token and call.params.ClientToken or nil,
  })
  if self._closed then
    return nil, CLOSED
  end
  local transport
  transport, err = transport_of(self)
  return transport and request, err or transport
end

local function exchange(self, call)
  local request, transport = prepare(self, call)
  if not request then
    return nil, transport
  end
  local left = call.deadline - self._clock()
  if left <= 0 then
    return nil, { kind = "timeout", sent = false, message = "the deadline passed before the request was sent" }
  end
  local reply, failure = transport:send(request, {
    timeout = left, connect_timeout = math.min(self._connect_timeout, left),
  })
  if not reply then
    return nil, hidden(failure, hider(self, request))
  end
  reply.headers, reply.body = reply.headers or {}, reply.body or ""
  local result, fields = response.read(reply, call.row.status, hider(self, request))
  return result, fields, reply
end

--- Completes what is known about a failed attempt with what is known about the call.
local function failed(self, call, fields)
  local err = errors.new(fields)
  err.action = call.action
  err.attempts = call.attempts
  err.elapsed = self._clock() - call.started
  err.retryable = retry.allowed(err, call.row.repeatable, call.has_token)
  err.client_token = call.has_token and call.params.ClientToken or nil
  if err.kind == "invalid" or err.kind == "credentials" then
    err.sent = false
    return err
  elseif err.sent == nil then
    err.sent = "unknown"
  end
  err.endpoint = self._endpoint:match("//(.*)$")
  return err
end

--- What an earlier attempt may have done stays so when a later one surely did nothing.
local function remember(call, err)
  if retry.may_have_acted(err) then
    call.unsure = err.sent
  elseif call.unsure and err.sent == false then
    err.sent = "unknown"
  end
end

local function attempt(self, call)
  call.attempts = call.attempts + 1
  local began = self._clock()
  local result, fields, reply = exchange(self, call)
  local err
  if not result then
    err = failed(self, call, fields)
    remember(call, err)
  end
  emit(self, {
    type = "response", action = call.action, attempt = call.attempts, elapsed = self._clock() - began,
    status = reply and reply.status, error = err,
    request_id = err and err.request_id or result and result.RequestId or nil,
  })
  return result, err
end

-- A whole call

--- An action with a ClientToken gets one, so that repeating the call can't do it twice.
local function with_token(self, row, params)
  local token = params.ClientToken
  if row.repeatable ~= "token" then
    return params, false
  elseif token ~= nil and token ~= core.null then
    return params, true
  end
  local copy = {}
  for name, value in next, params do
    copy[name] = value
  end
  copy.ClientToken = self._nonce()
  return copy, true
end

local function perform(self, action, params, options)
  local row = actions[action]
  local started = self._clock()
  local call = {
    action = action, row = row, started = started, deadline = started + (options.timeout or self._timeout),
    attempts = 0, unsure = false,
  }
  call.params, call.has_token = with_token(self, row, params)
  local most = 1 + (options.retries or self._retries)
  while true do
    local result, err = attempt(self, call)
    if result then
      if call.has_token and result.ClientToken == nil then
        result.ClientToken = call.params.ClientToken
      end
      return result
    elseif not err.retryable or call.attempts >= most then
      return nil, err
    end
    local delay = retry.delay(call.attempts, err, self._random)
    if self._clock() + delay >= call.deadline then
      return nil, err
    end
    emit(self, { type = "retry", action = action, attempt = call.attempts + 1, delay = delay, error = err })
    sleep(self, delay)
  end
end

--- Misuse, raised at the line `level` calls up.
local function check_call(self, what, params, given, known, level)
  if getmetatable(self) ~= Client then
    error(("%s: call it as a method of a client, client:%s"):format(what, what), level + 1)
  elseif self._closed then
    error(("%s: the client is closed"):format(what), level + 1)
  elseif type(params) ~= "table" then
    error(("%s: a table of parameters was expected, got %s"):format(what, type(params)), level + 1)
  end
  -- No tail call: the levels are counted.
  local options = options_of.check(what, known, given, level + 1)
  return options
end

local function check_action(action, level)
  if type(action) ~= "string" or not actions[action] then
    error(("unknown action %s%s"):format(tostring(action), nearest.hint(action, actions)), level + 1)
  end
end

--- Any action by its documented name.
---@param action string
---@param params table in the provider's spelling
---@param options? dataworks.CallOptions
---@return table|nil result the decoded reply
---@return dataworks.Error|nil err
function methods:call(action, params, options)
  check_action(action, 2)
  options = check_call(self, "call", params, options, CALL_OPTIONS, 2)
  return perform(self, action, params, options)
end

--- GenerateDISyncTaskConfigForCreating for methods and the front door; `level` is of the caller to blame.
function M.generate(self, params, options, level)
  options = check_call(self, "generate", params, options, CALL_OPTIONS, level + 1)
  return perform(self, GENERATE, params, options)
end

--- GenerateDISyncTaskConfigForCreating.
---@param params { ProjectId: integer|string, TaskType: string, TaskParam: table|string, ClientToken?: string }
---@param options? dataworks.CallOptions
---@return table|nil result Data.ProcessId is to be waited for
---@return dataworks.Error|nil err
function methods:generate(params, options)
  options = check_call(self, "generate", params, options, CALL_OPTIONS, 2)
  return perform(self, GENERATE, params, options)
end

local SECRET_HEADERS = { authorization = true, ["x-acs-security-token"] = true }

local Request = { __name = "dataworks.Request" }

--- For people: as it would go over the wire, less what is secret.
function Request:__tostring()
  local lines, names = { self.method .. " " .. self.url }, {}
  for name in pairs(self.headers) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    lines[#lines + 1] = name .. ": " .. (SECRET_HEADERS[name] and "***" or self.headers[name])
  end
  local body = self.body:gsub("(%f[^%z&]Signature=)[^&]*", "%1***"):gsub("(%f[^%z&]SecurityToken=)[^&]*", "%1***")
  lines[#lines + 1] = body ~= "" and "\n" .. body or nil
  return table.concat(lines, "\n")
end

--- The request of a call, signed and not sent. Its fields hold a valid signature; tostring leaves that out.
---@param action string
---@param params table
---@return { method: string, url: string, headers: table<string, string>, body: string }|nil request
---@return dataworks.Error|nil err
function methods:request(action, params)
  check_action(action, 2)
  check_call(self, "request", params, nil, CALL_OPTIONS, 2)
  local all = with_token(self, actions[action], params)
  local request, fields = build(self, action, all)
  if request then
    return setmetatable(request, Request)
  end
  local err = errors.new(fields)
  err.action, err.sent = action, false
  return nil, err
end

-- Waiting and flows

local function classify(result)
  local data = type(result.Data) == "table" and result.Data or {}
  if response.is_done(data.Status) and type(data.TaskContent) == "string" and data.TaskContent ~= "" then
    return "success", result
  end
  return "pending", data.Status
end

local function asker(self, params)
  return function(remaining)
    local result, err = perform(self, QUERY, params, { timeout = math.min(remaining, self._timeout) })
    if result then
      return classify(result)
    elseif err.retryable then
      return "pending", nil, err
    end
    return "failure", nil, err
  end
end

--- Reports each wait to on_event, and then to on_progress, which may end it.
local function announcer(self, on_progress)
  return function(event)
    emit(self, {
      type = "wait", action = QUERY, attempt = event.attempt, elapsed = event.elapsed, delay = event.delay,
    })
    if on_progress then
      on_progress(event)
    end
  end
end

local function await(self, params, options)
  local process = tostring(params.AsyncProcessId)
  local result, err = waiter.run {
    what = "the configuration of process " .. process, ask = asker(self, params), clock = self._clock,
    random = self._random, timeout = options.timeout, delay = options.delay, max_delay = options.max_delay,
    on_progress = announcer(self, options.on_progress),
    sleep = function(seconds) sleep(self, seconds) end,
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

local WAIT_PARAMS = { ProjectId = true, TaskType = true, AsyncProcessId = true, ProcessId = true }

--- Polls QueryDISyncTaskConfigProcessResult until there is a TaskContent, a failure or the deadline.
---@param params { ProjectId: integer|string, TaskType: string, ProcessId: integer|string } or AsyncProcessId
---@param options? dataworks.WaitOptions
---@return table|nil result Data.TaskContent
---@return dataworks.Error|nil err
function methods:wait(params, options)
  options = check_call(self, "wait", params, options, WAIT_OPTIONS, 2)
  for name in pairs(params) do
    if not WAIT_PARAMS[name] then
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
  return await(self, { ProjectId = params.ProjectId, TaskType = params.TaskType, AsyncProcessId = process }, options)
end

--- What a flow needs of a client.
local function flow_client(self)
  return {
    clock = self._clock,
    nonce = self._nonce,
    call = function(action, params, remaining)
      return perform(self, action, params, { timeout = math.min(remaining, self._timeout) })
    end,
    wait = function(params, options)
      return await(self, params, options)
    end,
    check = function(action, params)
      local request, err = methods.request(self, action, params)
      return not request and err or nil
    end,
  }
end

--- From a script to a created task: generate, wait, create. An offline task is created directly.
---@param params dataworks.CreateParams
---@param options? dataworks.FlowOptions
---@return dataworks.FlowResult|nil
---@return dataworks.Error|nil err its state goes on where this ended: options.resume = err.state
function methods:create_sync_task(params, options)
  options = check_call(self, "create_sync_task", params, options, flow.OPTIONS, 2)
  return flow.create_sync_task(flow_client(self), params, options)
end

--- Changes the tables of a real-time task or solution, or the script of an offline task.
---@param params dataworks.UpdateParams
---@param options? dataworks.FlowOptions
---@return dataworks.FlowResult|nil
---@return dataworks.Error|nil err its state goes on where this ended: options.resume = err.state
function methods:update_sync_task(params, options)
  options = check_call(self, "update_sync_task", params, options, flow.OPTIONS, 2)
  return flow.update_sync_task(flow_client(self), params, options)
end

--- Wipes the keys and closes the connection. It may be called again; the other methods raise from then on.
---@return boolean
function methods:close()
  self._closed = true
  self._signer.close()
  if self._owns_transport then
    self._transport:close()
  end
  self._transport, self._owns_transport = false, false
  return true
end

-- Every action is a method too

local action_methods = {}

local function action_method(action)
  action_methods[action] = action_methods[action] or function(self, params, options)
    options = check_call(self, action, params, options, CALL_OPTIONS, 2)
    return perform(self, action, params, options)
  end
  return action_methods[action]
end

function Client.__index(_, name)
  if methods[name] then
    return methods[name]
  elseif actions[name] then
    return action_method(name)
  elseif type(name) ~= "string" or not name:find("^%a") then
    return nil
  end
  local known = {}
  for _, source in ipairs { methods, actions } do
    for key in pairs(source) do
      known[key] = true
    end
  end
  error(("a client has no method %s%s"):format(name, nearest.hint(name, known)), 2)
end

function Client:__tostring()
  local state = self._closed and "closed" or "open"
  if self._event_error then
    state = state .. ", on_event raised: " .. self._event_error
  end
  return ("dataworks.Client (%s, %s)"):format(self._endpoint or "no endpoint", state)
end

Client.__close = methods.close

return M
