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
local version = require "dataworks.version"
local waiter = require "dataworks.waiter"

local M = {}

local GENERATE = "GenerateDISyncTaskConfigForCreating"
local QUERY = "QueryDISyncTaskConfigProcessResult"

local OPTIONS = {
  region = "string", endpoint = "string", access_key_id = "string", access_key_secret = "string",
  security_token = "string", credentials = "function", signature = "string", timeout = "seconds",
  connect_timeout = "seconds", retries = "count", proxy = "string", ca_file = "string",
  max_reply_bytes = "bytes", allow_http = "boolean", transport = "transport", on_event = "function",
  now = "function", clock = "function", nonce = "function", random = "function", sleep = "function",
  getenv = "function",
}
local SIGNATURES = { ["ACS3-HMAC-SHA256"] = true, ["ACS3-HMAC-SM3"] = true, ["HMAC-SHA1"] = true }
local CALL_OPTIONS = { timeout = "seconds" }
local WAIT_OPTIONS = { timeout = "seconds", delay = "seconds", max_delay = "seconds", on_progress = "function" }

local DEFAULT_TIMEOUT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_RETRIES = 30, 5, 2
local USER_AGENT = ("dataworks-lua/%s (%s)"):format(version, rawget(_G, "jit") and "LuaJIT" or _VERSION)

---@class dataworks.Client
local methods = {}
local Client = { __name = "dataworks.Client" }

-- Every action is a method too.
function Client.__index(_, name)
  if methods[name] then return methods[name] end
  if actions[name] then
    return function(client, params, options) return client:call(name, params, options) end
  end
  if type(name) ~= "string" or name:sub(1, 1) == "_" then return nil end
  local known = {}
  for _, source in ipairs { methods, actions } do
    for key in pairs(source) do known[key] = true end
  end
  error(("dataworks.Client has no method %s%s"):format(name, nearest.hint(name, known)), 2)
end

function Client:__tostring()
  return ("dataworks.Client (%s)"):format(self._closed and "closed" or self._endpoint or "no endpoint")
end

---@class dataworks.Options
---@field region? string as in cn-shanghai; ALIBABA_CLOUD_REGION_ID
---@field endpoint? string host, host:port or URL; ALIBABA_CLOUD_ENDPOINT. It wins over the region.
---@field access_key_id? string ALIBABA_CLOUD_ACCESS_KEY_ID
---@field access_key_secret? string ALIBABA_CLOUD_ACCESS_KEY_SECRET
---@field security_token? string ALIBABA_CLOUD_SECURITY_TOKEN
---@field credentials? fun(): dataworks.Credentials|nil, string|nil asked before each request
---@field signature? "ACS3-HMAC-SHA256"|"ACS3-HMAC-SM3"|"HMAC-SHA1" the first
---@field timeout? number seconds for a whole call with its repetitions, 30
---@field connect_timeout? number seconds, 5
---@field retries? integer repetitions after the first attempt, 2
---@field proxy? string URL; https_proxy and its kin otherwise
---@field ca_file? string PEM file of the authorities to trust; DATAWORKS_CA_FILE
---@field max_reply_bytes? integer 16 MiB
---@field allow_http? boolean plain http to hosts other than loopback
---@field transport? dataworks.Transport
---@field on_event? fun(event: table)
---@field now? fun(): number seconds since 1970
---@field clock? fun(): number seconds that never jump
---@field nonce? fun(): string
---@field random? fun(): number
---@field sleep? fun(seconds: number)
---@field getenv? fun(name: string): string|nil

local function setting(options, name, getenv, variable)
  local value = options[name] or getenv(variable)
  return value ~= "" and value or nil
end

local function find_endpoint(options, getenv)
  local endpoint = setting(options, "endpoint", getenv, "ALIBABA_CLOUD_ENDPOINT")
  if endpoint then
    local url = endpoints.url(endpoint)
    return url, not url and ("endpoint: expected a host, host:port or URL without a path, got %q"):format(endpoint)
  end
  local region = setting(options, "region", getenv, "ALIBABA_CLOUD_REGION_ID")
  if not region then return nil, nil end
  local host = endpoints.host(region)
  return host and "https://" .. host, not host and ("region: expected a name such as cn-shanghai, got %q"):format(region)
end

--- Misuse raises at the caller's line.
---@param options? dataworks.Options
---@return dataworks.Client
function M.new(options)
  options = options or {}
  if type(options) ~= "table" then error("dataworks.new: a table of options was expected, got " .. type(options), 2) end
  local wrong = options_of.wrong(options, OPTIONS)
  if not wrong and options.signature and not SIGNATURES[options.signature] then
    wrong = "option signature: expected ACS3-HMAC-SHA256, ACS3-HMAC-SM3 or HMAC-SHA1"
  end
  local getenv = options.getenv or os.getenv
  local endpoint
  if not wrong then endpoint, wrong = find_endpoint(options, getenv) end
  if wrong then error("dataworks.new: " .. wrong, 2) end
  return setmetatable({
    _endpoint = endpoint,
    _credentials = credentials.source(options, getenv),
    _signature = options.signature,
    _timeout = options.timeout or DEFAULT_TIMEOUT,
    _retries = options.retries or DEFAULT_RETRIES,
    _connect_timeout = options.connect_timeout or DEFAULT_CONNECT_TIMEOUT,
    _transport = options.transport,
    _transport_options = {
      connect_timeout = options.connect_timeout, proxy = options.proxy, max_reply_bytes = options.max_reply_bytes,
      ca_file = setting(options, "ca_file", getenv, "DATAWORKS_CA_FILE"), allow_http = options.allow_http,
    },
    _on_event = options.on_event,
    _now = options.now or core.time,
    _clock = options.clock or options.now or core.clock,
    _nonce = options.nonce or core.nonce,
    _random = options.random or core.random,
    _pause = options.sleep,
  }, Client)
end

-- A callback must not cut a call in two: a task that was created would be lost with it.
local function guarded(callback, what)
  return callback and function(event)
    local ok, message = pcall(callback, event)
    if not ok then io.stderr:write("dataworks: ", what, " failed: ", tostring(message), "\n") end
  end
end

local function emit(self, event)
  if self._on_event then guarded(self._on_event, "on_event")(event) end
end

local function transport_of(self)
  if not self._transport then
    local transport, err = require("dataworks.transport").new(self._transport_options)
    if not transport then return nil, err end
    self._transport = transport
    self._owns_transport = true
  end
  return self._transport
end

local function sleep(self, seconds)
  if self._pause then return self._pause(seconds) end
  return self._transport:sleep(seconds)
end

-- The prepared keys, made anew when the credentials have changed.
local function signer_of(self)
  local found, err = self._credentials()
  if not found then return nil, err end
  local key = self._signer_key
  local same = key and key[1] == found.access_key_id and key[2] == found.access_key_secret and key[3] == found.security_token
  if same then return self._signer end
  local signer, wrong = core.signer {
    algorithm = self._signature, access_key_id = found.access_key_id, access_key_secret = found.access_key_secret,
    security_token = found.security_token,
  }
  if not signer then
    return nil, { kind = "credentials", sent = false, message = wrong.path .. " " .. wrong.message,
      advice = "copy the key again, without blanks and line breaks around it" }
  end
  if self._signer then self._signer:close() end
  self._signer = signer
  self._signer_key = { found.access_key_id, found.access_key_secret, found.security_token }
  return signer
end

local function build(self, action, params)
  if not self._endpoint then
    return nil, { kind = "invalid", path = "endpoint", message = "is not known: neither endpoint nor region was given",
      advice = "give region = \"cn-shanghai\" (or endpoint) to dataworks.new, or set ALIBABA_CLOUD_REGION_ID" }
  end
  local signer, err = signer_of(self)
  if not signer then return nil, err end
  local context = {
    signer = signer, endpoint = self._endpoint, date = self._now(), nonce = self._nonce(), user_agent = USER_AGENT,
  }
  if action == GENERATE then return core.generate(params, context) end
  return core.request(action, actions[action], params, context)
end

local function takes_token(action)
  return actions[action].repeatable == "token"
end

local function with_token(self, action, params)
  if not takes_token(action) or params.ClientToken ~= nil then return params end
  local copy = {}
  for name, value in pairs(params) do copy[name] = value end
  copy.ClientToken = self._nonce()
  return copy
end

-- Misuse of a method: raised at the line that called it.
local function check_call(self, what, params, options, known)
  local wrong
  if self._closed then
    wrong = "the client is closed"
  elseif type(params) ~= "table" then
    wrong = "a table of parameters was expected, got " .. type(params)
  elseif options ~= nil and type(options) ~= "table" then
    wrong = "a table of options was expected, got " .. type(options)
  elseif options then
    wrong = options_of.wrong(options, known)
  end
  if wrong then error(("%s: %s"):format(what, wrong), 3) end
end

local function check_action(action)
  if type(action) == "string" and actions[action] then return end
  error(("unknown action %s%s"):format(tostring(action), nearest.hint(action, actions)), 3)
end

-- One try: {result} or an error's fields.
local function attempt(self, action, params, deadline)
  local request, err = build(self, action, params)
  if not request then return nil, err end
  local transport
  transport, err = transport_of(self)
  if not transport then return nil, err end
  local left = deadline - self._clock()
  if left <= 0 then return nil, { kind = "timeout", sent = false, message = "the deadline passed before the request was sent" } end
  local reply
  reply, err = transport:send(request, { timeout = left, connect_timeout = self._connect_timeout })
  if not reply then return nil, err end
  return response.read(reply, actions[action].status)
end

local function finish(self, fields, action, params, started, attempts)
  local err = errors.new(fields)
  err.action = action
  err.attempts = err.attempts or attempts
  err.elapsed = self._clock() - started
  err.retryable = retry.allowed(err, actions[action].repeatable)
  err.client_token = takes_token(action) and params.ClientToken or nil
  return err
end

local function perform(self, action, params, options)
  local started = self._clock()
  local deadline = started + (options and options.timeout or self._timeout)
  params = with_token(self, action, params)
  local attempts, unsure = 0, nil
  while true do
    attempts = attempts + 1
    emit(self, { type = "request", action = action, attempt = attempts })
    local result, fields = attempt(self, action, params, deadline)
    local elapsed = self._clock() - started
    if result then
      emit(self, { type = "response", action = action, attempt = attempts, elapsed = elapsed, request_id = result.RequestId })
      return result
    end
    -- What an earlier attempt may have done stays so when a later one surely did nothing.
    if fields.sent == "unknown" then unsure = "unknown" end
    if unsure and fields.sent == false then fields.sent = unsure end
    local err = finish(self, fields, action, params, started, attempts)
    emit(self, { type = "error", action = action, attempt = attempts, elapsed = elapsed, error = err })
    if attempts > self._retries or not err.retryable then return nil, err end
    local delay = retry.delay(attempts, err, self._random)
    if self._clock() + delay >= deadline then return nil, err end
    emit(self, { type = "retry", action = action, attempt = attempts, delay = delay, error = err })
    sleep(self, delay)
  end
end

--- Any action by its documented name.
---@param action string
---@param params table in the provider's spelling
---@param options? { timeout?: number }
---@return table|nil result the decoded reply
---@return dataworks.Error|nil err
function methods:call(action, params, options)
  check_action(action)
  check_call(self, action, params, options, CALL_OPTIONS)
  return perform(self, action, params, options)
end

--- The signed request of a call, not sent. It holds a valid signature: it is as secret as a password for 15 minutes.
---@param action string
---@param params table
---@return { method: string, url: string, headers: table<string, string>, body: string }|nil request
---@return dataworks.Error|nil err
function methods:request(action, params)
  check_action(action)
  check_call(self, action, params)
  local request, fields = build(self, action, with_token(self, action, params))
  if request then return request end
  fields.action = action
  return nil, errors.new(fields)
end

--- GenerateDISyncTaskConfigForCreating.
---@param params { ProjectId: integer|string, TaskType: string, TaskParam: table|string, ClientToken?: string }
---@param options? { timeout?: number }
---@return table|nil result Data.ProcessId is to be waited for
---@return dataworks.Error|nil err
function methods:generate(params, options)
  check_call(self, "generate", params, options, CALL_OPTIONS)
  return perform(self, GENERATE, params, options)
end

local function classify(result)
  local data = type(result.Data) == "table" and result.Data or {}
  local done = data.Status == "success" or data.Status == "true" or data.Status == true
  if done and type(data.TaskContent) == "string" and data.TaskContent ~= "" then return "success", result end
  return "pending", data.Status
end

local function poller(self, params)
  return {
    clock = self._clock,
    random = self._random,
    sleep = function(seconds)
      emit(self, { type = "wait", action = QUERY, delay = seconds })
      sleep(self, seconds)
    end,
    poll = function(left)
      local result, err = perform(self, QUERY, params, { timeout = math.max(0.001, math.min(left, self._timeout)) })
      if result then return classify(result) end
      if err.retryable then return "pending", nil, err end
      return "failure", nil, err
    end,
  }
end

local function await(self, params, options)
  local process_id = params.AsyncProcessId or params.ProcessId
  local query = { ProjectId = params.ProjectId, TaskType = params.TaskType, AsyncProcessId = process_id }
  local result, fields = waiter.run(poller(self, query), {
    timeout = options.timeout, delay = options.delay, max_delay = options.max_delay,
    on_progress = guarded(options.on_progress, "on_progress"),
  })
  if result then return result end
  if errors.is(fields) then return nil, fields end
  fields.action = QUERY
  fields.retryable = true
  fields.advice = ("the service may still be at work: wait again for process %s"):format(tostring(process_id))
  fields.state = { ProjectId = params.ProjectId, TaskType = params.TaskType, ProcessId = process_id }
  return nil, errors.new(fields)
end

--- Polls QueryDISyncTaskConfigProcessResult until there is a TaskContent, a failure or the deadline.
---@param params { ProjectId: integer|string, TaskType: string, AsyncProcessId?: integer|string, ProcessId?: integer|string }
---@param options? dataworks.WaitOptions
---@return table|nil result Data.TaskContent
---@return dataworks.Error|nil err
function methods:wait(params, options)
  check_call(self, "wait", params, options, WAIT_OPTIONS)
  for name in pairs(params) do
    local known = name == "ProjectId" or name == "TaskType" or name == "AsyncProcessId" or name == "ProcessId"
    if not known then
      return nil, errors.new { kind = "invalid", action = QUERY, path = tostring(name),
        message = "is no parameter of wait; it takes ProjectId, TaskType and AsyncProcessId (or ProcessId)" }
    end
  end
  return await(self, params, options or {})
end

-- What the flows need of a client.
local function steps(self, options)
  return {
    call = function(action, params, timeout) return perform(self, action, params, { timeout = timeout }) end,
    wait = function(params, limits) return await(self, params, limits) end,
    clock = self._clock,
    nonce = self._nonce,
    timeout = self._timeout,
    progress = guarded(options.on_progress, "on_progress") or function() end,
  }
end

for _, name in ipairs { "create_sync_task", "update_sync_task" } do
  methods[name] = function(self, params, options)
    check_call(self, name, params, options, flow.OPTIONS)
    return flow[name](steps(self, options or {}), params, options or {})
  end
end

--- Wipes the keys and closes the connection. It may be called again; other methods raise from then on.
function methods:close()
  self._closed = true
  if self._signer then self._signer:close() end
  self._signer, self._signer_key, self._credentials = nil, nil, nil
  if self._owns_transport then self._transport:close() end
  self._transport = nil
end

return M
