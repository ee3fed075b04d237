-- One call: request, send, read; and again if it should be.

local budget = require "dataworks.call.retry_budget"
local catalog = require "dataworks.api.catalog"
local core = require "dataworks.core"
local credential_host = require "dataworks.credentials.host"
local credentials = require "dataworks.credentials.source"
local endpoints = require "dataworks.api.endpoints"
local errors = require "dataworks.error"
local events = require "dataworks.call.events"
local failures = require "dataworks.util.credential_failure"
local inside_nginx = require "dataworks.util.inside_nginx"
local limits = require "dataworks.limit.limit"
local percent = require "dataworks.util.percent"
local proxies = require "dataworks.transport.proxy"
local repetition = require "dataworks.call.repetition"
local response = require "dataworks.protocol.response"
local retry = require "dataworks.call.retry"
local signer = require "dataworks.protocol.key_cache"
local skew = require "dataworks.call.clock_skew"
local version = require "dataworks.version"

local M = {}

-- This one has a C entry of its own.
local GENERATE = "GenerateDISyncTaskConfigForCreating"

local TIMEOUT, CONNECT_TIMEOUT, RETRIES = 30, 5, 2

-- Seconds that a signed request may stand in a line of the transport's: the service refuses an old date.
local LONGEST_STAND = 60
local USER_AGENT = ("dataworks-lua/%s (%s)"):format(version, rawget(_G, "jit") and "LuaJIT" or _VERSION)

---@class dataworks.Caller what a client keeps between its calls
---@field endpoint string|false
---@field now fun(): number seconds since 1970, by the service's clock once it has refused a date
---@field skew dataworks.Skew
---@field budget dataworks.Budget
---@field clock fun(): number
---@field nonce fun(): string
---@field random fun(): number
---@field events dataworks.Events
---@field limit dataworks.Limit
---@field proxy fun(): string|nil, table|nil URL, "" for none; or fields of an error
---@field may_go fun(since: number): boolean is a request that was signed then still to be sent?
---@field closed boolean
local Caller = {}
Caller.__index = Caller

local function reader(getenv)
  return function(name)
    local value = getenv(name)
    return value ~= "" and value or nil
  end
end

--- What a header can't carry is left out.
local function user_agent(getenv)
  local more = (getenv "ALIBABA_CLOUD_USER_AGENT" or ""):gsub("[%z\1-\31\127]", "")
  return more ~= "" and USER_AGENT .. " " .. more or USER_AGENT
end

-- The URL of a proxy and the password of a key stay in closures, as the keys do.

local function transport_maker(options, getenv)
  return function(changes)
    local chosen = {
      connect_timeout = options.connect_timeout, max_reply_bytes = options.max_reply_bytes,
      allow_http = options.allow_http, ca_file = options.ca_file or getenv "DATAWORKS_CA_FILE",
      client_certificate = options.client_certificate, client_key = options.client_key,
      client_key_password = options.client_key_password, min_tls = options.min_tls,
    }
    for name, value in pairs(changes or {}) do
      chosen[name] = value
    end
    return require("dataworks.transport.choose").new(chosen)
  end
end

--- What no text may show, beside the keys.
local function secrets_of(options, proxy)
  local secrets = proxies.secrets(proxy)
  -- The metadata service is reached past the proxy that the option names, but not past this.
  for _, secret in ipairs(proxies.secrets(options.proxy or "")) do
    secrets[#secrets + 1] = secret
  end
  secrets[#secrets + 1] = options.client_key_password
  return secrets
end

---@param options dataworks.Options checked
---@return dataworks.Caller
function M.new(options)
  local getenv = reader(options.getenv or os.getenv)
  local endpoint = options.endpoint or getenv "ALIBABA_CLOUD_ENDPOINT"
  local url, unresolved = endpoints.resolve(endpoint,
    options.region or not endpoint and credentials.region(options, getenv) or nil,
    options.network or getenv "ALIBABA_CLOUD_ENDPOINT_TYPE")
  local proxy, wrong
  if url then
    proxy, wrong = proxies.find(url, options, getenv)
  end
  local time = skew.new(options.now or core.time)
  local self = setmetatable({
    endpoint = url or false,
    unresolved = unresolved or false,
    proxy = function() return proxy, wrong end,
    timeout = options.timeout or TIMEOUT,
    connect_timeout = options.connect_timeout or CONNECT_TIMEOUT,
    retries = options.retries or RETRIES,
    transport = options.transport or false,
    new_transport = transport_maker(options, getenv),
    owns_transport = false,
    events = events.new(options, getenv),
    budget = budget.new(),
    limit = limits.new(options.limit),
    skew = time,
    now = time.now,
    clock = options.clock or core.clock,
    nonce = options.nonce or core.nonce,
    user_agent = user_agent(getenv),
    random = options.random or core.random,
    pause = options.sleep or false,
    closed = false,
  }, Caller)
  self.may_go = function(since)
    return core.clock() - since < LONGEST_STAND and not self.limit:is_paused(self.clock())
  end
  local host = credential_host.new(self, options, getenv)
  self.signer = signer.new(credentials.source(options, getenv, host), options.signature,
    secrets_of(options, proxy or ""))
  return self
end

-- One attempt

local function transport_of(self)
  if not self.transport then
    local transport, err = self.new_transport()
    if not transport then
      return nil, err
    end
    self.transport, self.owns_transport = transport, true
  end
  return self.transport
end

---@param seconds number
---@return boolean was it cut short?
function Caller:sleep(seconds)
  local what
  if self.pause then
    self.pause(seconds)
  elseif self.transport then
    what = self.transport:sleep(seconds)
  end
  return self.closed or what == "cancelled"
end

--- Leaves the keys in the call, for the case that they are refused.
local function build(self, call)
  if not self.endpoint then
    return nil, self.unresolved
  end
  local row, params = call.row, call.params
  local keys, err = self.signer.get(call.deadline)
  if not keys then
    return nil, err
  end
  call.keys = keys
  local context = {
    signer = keys, endpoint = self.endpoint, date = self.now(), nonce = self.nonce(), user_agent = self.user_agent,
  }
  local request
  if row.name == GENERATE then
    request, err = core.generate(params, context)
  else
    request, err = core.request(row.name, row, params, context)
  end
  return request, err and catalog.explain(err, row)
end

--- Takes out of a text the client's keys, and the signature of this request. Made only for what failed.
local function hider(self, request)
  local hide
  return function(text)
    if not hide then
      local signature = (request.headers.authorization or request.url .. "&" .. request.body):match("Signature=([^&]*)")
      hide = signer.hider { signature or "", percent.decode(signature or "") }
    end
    return hide(self.signer.hide(text))
  end
end

local function hidden(fields, hide)
  for name, value in pairs(fields) do
    fields[name] = type(value) == "string" and hide(value) or value
  end
  return fields
end

local CLOSED = failures.CLOSED

---@class dataworks.Call one call, with all its attempts
---@field action string
---@field row dataworks.Action
---@field params table
---@field has_token boolean
---@field started number
---@field deadline number
---@field attempts integer
---@field repetitions integer those of them that were retries
---@field most integer retries at the most
---@field put_right table<string, boolean> what was wrong with our side, and corrected
---@field keys userdata of the last attempt
---@field cost integer|nil of the last retry
---@field unsure boolean|"unknown" an attempt so far may have had an effect
---@field told integer|nil the last attempt that an event told of: it may be made anew before it is sent
---@field token number|nil its place in the line of the limit
---@field slept_to number|nil the time at which its last sleep was to end
---@field turned_away boolean|nil the line is longer than its time

--- The request, signed when the call's turn has come. What can't be built does not wait, and what has to wait is
--- built anew: its date and its keys would be old by then, and a long line would be held in memory.
local function in_turn(self, call)
  local wait, reason
  do
    local request, err = build(self, call)
    if not request then
      return nil, err
    end
    wait, reason = self.limit:line_up(self, call)
    if wait == 0 then
      return request
    end
  end
  local ok, err
  if wait then
    ok, err = transport_of(self)
    if not ok then
      return nil, err
    end
    ok, err = self.limit:wait(self, call, wait, reason)
  end
  if self.closed then
    return nil, CLOSED
  elseif not ok then
    err = err or reason
    call.turned_away = err.kind ~= "cancelled"
    return nil, err
  end
  return build(self, call)
end

--- Inside nginx there are phases in which nothing can wait: not for a reply, for keys or for a turn either.
local function can_wait(self)
  local transport = inside_nginx() and transport_of(self)
  if transport and transport.can_wait then
    return transport:can_wait()
  end
  return true
end

--- Builds the request and has the transport ready.
local function prepare(self, call)
  if self.closed then
    return nil, CLOSED
  end
  local ok, wrong = can_wait(self)
  if not ok then
    return nil, wrong
  end
  local request, err = in_turn(self, call)
  if not request then
    return nil, err
  end
  if call.told ~= call.attempts and self.events:are_heard() then
    call.told = call.attempts
    self.events:emit {
      type = "request", action = call.action, attempt = call.attempts, endpoint = self.endpoint,
      client_token = call.has_token and call.params.ClientToken or nil,
    }
  end
  if self.closed then
    return nil, CLOSED
  end
  local transport
  transport, err = transport_of(self)
  return transport and request, err or transport
end

--- The request as it was signed, whatever a transport of the program's own does to the table that it is handed.
local function copy_of(request)
  local headers = {}
  for name, value in pairs(request.headers) do
    headers[name] = value
  end
  return { method = request.method, url = request.url, headers = headers, body = request.body }
end

--- Sends a request that has its turn. In a line of the transport's own it may stand until it has it no more: then it
--- is made anew.
---@return table|nil signed the request as it was; nil: nothing was sent
---@return table|nil reply or fields of an error
---@return table|nil failure of what was sent
local function send(self, call, proxy)
  while true do
    local request, transport = prepare(self, call)
    if not request then
      return nil, transport
    end
    local signed = self.owns_transport and request or copy_of(request)
    local left = call.deadline - self.clock()
    if left <= 0 then
      return nil, { kind = "timeout", sent = false, message = "the deadline passed before the request was sent" }
    end
    local reply, failure = transport:send(request, {
      timeout = left, connect_timeout = math.min(self.connect_timeout, left), proxy = proxy,
      may_go = self.owns_transport and self.may_go or nil,
    })
    if reply or failure.kind ~= "turned back" then
      return signed, reply, failure
    end
  end
end

local function exchange(self, call)
  local proxy, wrong = self.proxy()
  if wrong then
    return nil, wrong
  end
  local signed, reply, failure = send(self, call, proxy)
  if not signed then
    return nil, reply
  elseif not reply then
    return nil, hidden(failure, hider(self, signed))
  end
  reply.headers, reply.body = reply.headers or {}, reply.body or ""
  local result, fields = response.read(reply, call.row.status, {
    request = signed, hide = hider(self, signed), now = self.now,
  })
  return result, fields, reply
end

--- Completes what is known about a failed attempt with what is known about the call.
local function failed(self, call, fields, reply)
  local err = errors.new(fields)
  err.action = call.action
  err.attempts = call.attempts
  err.elapsed = self.clock() - call.started
  err.retryable = retry.allowed(err, call.row.repeatable, call.has_token)
  err.client_token = call.has_token and call.params.ClientToken or nil
  if retry.to_put_right(err) == "clock" then
    err.advice = self.skew.advice(reply.headers.date) or err.advice
  end
  if err.kind == "invalid" or err.kind == "credentials" then
    err.sent = false
    return err
  elseif err.sent == nil then
    err.sent = "unknown"
  end
  err.endpoint = self.endpoint:match("//(.*)$")
  return err
end

--- What an earlier attempt may have done stays so when a later one surely did nothing.
local function remember(call, err)
  if retry.may_have_acted(err) then
    call.unsure = err.sent
  elseif call.unsure and (err.sent == false or call.has_token) then
    err.sent = "unknown"
  end
end

local function attempt(self, call)
  call.attempts = call.attempts + 1
  local began = self.clock()
  local result, fields, reply = exchange(self, call)
  local err
  if not result then
    err = failed(self, call, fields, reply)
    remember(call, err)
  end
  if reply then
    self.limit:heard(self, call, err)
  end
  if self.events:are_heard() then
    self.events:emit {
      type = "response", action = call.action, attempt = call.attempts, elapsed = self.clock() - began,
      status = reply and reply.status, error = err,
      request_id = err and err.request_id or result and result.RequestId or nil,
    }
  end
  return result, err, reply
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
  copy.ClientToken = self.nonce()
  return copy, true
end

local function begin(self, row, params, options)
  local started = self.clock()
  local call = {
    action = row.name, row = row, started = started, deadline = started + (options.timeout or self.timeout),
    attempts = 0, repetitions = 0, most = options.retries or self.retries, put_right = {}, unsure = false,
  }
  call.params, call.has_token = with_token(self, row, params)
  return call
end

--- Is there room in the line for the repetition? During a pause a call keeps its place in it.
local function gets_turn(self, call, err)
  if err.retry_after and retry.throttled(err) then
    call.turned_away = not self.limit:line_up(self, call)
  end
  return not call.turned_away
end

--- What the call failed with before there was no turn in time for a repetition.
local function not_repeated(self, call, err)
  if call.cost then
    self.budget:refill(call.cost)
  end
  err.gave_up = "deadline"
  return nil, err
end

local function carry_out(self, call)
  local last
  while true do
    local result, err, reply = attempt(self, call)
    if result then
      self.budget:refill(call.cost)
      if call.has_token and result.ClientToken == nil then
        result.ClientToken = call.params.ClientToken
      end
      return result
    elseif call.turned_away then
      if last then
        return not_repeated(self, call, last)
      end
      return nil, err
    end
    local delay = repetition.delay(self, call, err, reply)
    if not delay then
      return nil, err
    elseif not gets_turn(self, call, err) then
      return not_repeated(self, call, err)
    end
    last = err
    self.events:emit { type = "retry", action = call.action, attempt = call.attempts + 1, delay = delay, error = err }
    if delay > 0 then
      local till = self.clock() + delay
      call.slept_to = not self:sleep(delay) and till or nil
    end
  end
end

---@param row dataworks.Action
---@param params table
---@param options dataworks.CallOptions
---@return table|nil result the decoded reply
---@return dataworks.Error|nil err
function Caller:perform(row, params, options)
  local call = begin(self, row, params, options)
  local result, err = carry_out(self, call)
  if call.token then
    self.limit:leave(self, call)
  end
  return result, err
end

--- The request of a call, signed and not sent.
---@param row dataworks.Action
---@param params table
---@return table|nil request
---@return dataworks.Error|nil err
function Caller:request(row, params)
  local request, fields = build(self, { row = row, params = (with_token(self, row, params)) })
  if request then
    return request
  end
  local err = errors.new(fields)
  err.action, err.sent = row.name, false
  return nil, err
end

--- It may be called again.
function Caller:close()
  self.closed = true
  self.signer.close()
  if self.owns_transport then
    self.transport:close()
  end
  self.transport, self.owns_transport = false, false
end

return M
