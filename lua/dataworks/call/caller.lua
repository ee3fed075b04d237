-- The caller of a client: the state that the client keeps between calls, such as the endpoint, keys, transport and
-- limit.

local clock_skew = require "dataworks.call.clock_skew"
local core = require "dataworks.core"
local credential_host = require "dataworks.credentials.host"
local credentials = require "dataworks.credentials.source"
local endpoints = require "dataworks.api.endpoints"
local events = require "dataworks.call.events"
local inside_nginx = require "dataworks.util.inside_nginx"
local key_cache = require "dataworks.protocol.key_cache"
local lazy = require "dataworks.util.lazy"
local limits = require "dataworks.limit.limit"
local pipeline = require "dataworks.call.pipeline"
local proxies = require "dataworks.transport.proxy"
local retry_budget = require "dataworks.call.retry_budget"
local tables = require "dataworks.util.tables"
local transport_contract = lazy "dataworks.transport.contract"
local transports = lazy "dataworks.transport.choose"
local version = require "dataworks.version"

local M = {}

local TIMEOUT, CONNECT_TIMEOUT, RETRIES = 30, 5, 2

-- The maximum number of seconds that a signed request stays in the queue of the transport. The service refuses a
-- request with an old date.
local MAX_QUEUED = 60

local USER_AGENT = ("dataworks-lua/%s (%s)"):format(version, rawget(_G, "jit") and "LuaJIT" or _VERSION)

---@class dataworks.Caller
---@field endpoint string|false URL of the service
---@field unresolved table|false the fields of an error that says why there is no endpoint
---@field proxy fun(): string|nil, table|nil returns the URL of the proxy or "" for no proxy; or nil and the fields of
--- an error
---@field timeout number seconds for a whole call
---@field connect_timeout number seconds for connecting
---@field max_retries integer
---@field user_agent string
---@field key_cache dataworks.KeyCache
---@field transport dataworks.Transport|false false until the first request opens it
---@field sign fun(name: string, row: dataworks.Action, params: table, context: table): userdata|table|nil, table|nil
--- builds and signs a request; returns nil and the fields of an error for wrong parameters
---@field in_nginx boolean whether this Lua runs inside nginx, where some phases cannot wait
---@field find_mistake false|fun(reply: any, failure: any): table|nil checks what a transport of the program returns
---@field owns_transport boolean true if the client opened the transport and must close it
---@field new_transport fun(changes?: table): dataworks.Transport|nil, table|nil the fields of `changes` replace
--- options of the client
---@field limit dataworks.Limit
---@field retry_budget dataworks.RetryBudget
---@field clock_skew dataworks.ClockSkew
---@field events dataworks.Events
---@field now fun(): number seconds since 1970 by the service's clock
---@field clock fun(): number monotonic seconds
---@field nonce fun(): string returns a text that is different in each call
---@field random fun(): number returns a number from 0 to 1
---@field injected_sleep false|fun(seconds: number) the option `sleep`, or false
---@field still_valid fun(signed_at: number): boolean returns whether a request signed at this time may still be sent
---@field closed boolean
local Caller = {}
Caller.__index = Caller

Caller.perform = pipeline.perform
Caller.request = pipeline.request

--- Returns the value of the header User-Agent. Control characters are dropped, because a header cannot contain them.
local function user_agent(getenv)
  local suffix = (getenv "ALIBABA_CLOUD_USER_AGENT" or ""):gsub("[%z\1-\31\127]", "")
  return suffix ~= "" and USER_AGENT .. " " .. suffix or USER_AGENT
end

--- Returns a function that creates a transport with the client's options. The options are kept in this closure, so that
--- no field of the caller holds the password of the client's key.
local function transport_maker(options, getenv)
  local ca_file = options.ca_file or getenv "DATAWORKS_CA_FILE"
  return function(changes)
    return transports.new(tables.merge({
      connect_timeout = options.connect_timeout, max_reply_bytes = options.max_reply_bytes,
      allow_http = options.allow_http, ca_file = ca_file, client_certificate = options.client_certificate,
      client_key = options.client_key, client_key_password = options.client_key_password, min_tls = options.min_tls,
    }, changes or {}))
  end
end

--- Lists the secrets to redact in addition to the keys.
local function secrets_of(options, proxy)
  local secrets = proxies.secrets(proxy)
  -- The credential providers may use the proxy of the options, even if a request to this endpoint does not use it.
  for _, secret in ipairs(proxies.secrets(options.proxy or "")) do
    secrets[#secrets + 1] = secret
  end
  secrets[#secrets + 1] = options.client_key_password
  return secrets
end

local function resolve_endpoint(options, getenv)
  local endpoint = options.endpoint or getenv "ALIBABA_CLOUD_ENDPOINT"
  local region = options.region or not endpoint and credentials.region(options, getenv) or nil
  return endpoints.resolve(endpoint, region, options.network or getenv "ALIBABA_CLOUD_ENDPOINT_TYPE")
end

--- Creates the caller of a client.
---@param options dataworks.Options the options, which were checked
function M.new(options)
  local lookup = options.getenv or os.getenv
  local function getenv(name)
    local value = lookup(name)
    return value ~= "" and value or nil
  end
  local url, unresolved = resolve_endpoint(options, getenv)
  local proxy, proxy_error
  if url then
    proxy, proxy_error = proxies.find(url, options, getenv)
  end
  local skew, in_nginx = clock_skew.new(options.now or core.time), (inside_nginx())
  local self = setmetatable({
    endpoint = url or false,
    unresolved = unresolved or false,
    -- The URL is kept in this closure, so that no field of the caller holds the proxy's password.
    proxy = function() return proxy, proxy_error end,
    timeout = options.timeout or TIMEOUT,
    connect_timeout = options.connect_timeout or CONNECT_TIMEOUT,
    max_retries = options.retries or RETRIES,
    transport = options.transport or false,
    find_mistake = options.transport and transport_contract.find_mistake or false,
    owns_transport = false,
    -- libcurl sends a signed request as it is. The other transports read its fields, each of which would be copied.
    sign = (options.transport or in_nginx) and core.request or core.signed_request,
    in_nginx = in_nginx,
    new_transport = transport_maker(options, getenv),
    events = events.new(options, getenv),
    retry_budget = retry_budget.new(),
    limit = limits.new(options.limit),
    clock_skew = skew,
    now = function() return skew:now() end,
    clock = options.clock or core.clock,
    nonce = options.nonce or core.nonce,
    random = options.random or core.random,
    user_agent = user_agent(getenv),
    injected_sleep = options.sleep or false,
    closed = false,
  }, Caller)
  -- The transport calls this function with only one argument: a time of core.clock.
  self.still_valid = function(signed_at)
    return core.clock() - signed_at < MAX_QUEUED and not self.limit:is_paused(self.clock())
  end
  local host = credential_host.new(self, options, getenv)
  local source, secrets = credentials.new(options, host), secrets_of(options, proxy or "")
  self.key_cache = key_cache.new(source, options.signature, secrets)
  return self
end

--- Returns the transport of the client. Opens one if none is open.
---@return dataworks.Transport|nil
---@return table|nil err the fields of an error
function Caller:open_transport()
  if not self.transport then
    local ok, transport, err = pcall(self.new_transport)
    if not ok then
      local message = "the transport cannot be loaded: " .. tostring(transport)
      return nil, { kind = "transport", sent = false, message = message }
    elseif not transport then
      return nil, err
    end
    self.transport, self.owns_transport = transport, true
  end
  return self.transport
end

--- Sleeps with the option `sleep` of the client. Without this option, sleeps with the client's transport.
---@param seconds number
---@param wake_at? number the time of the caller's clock at which the sleep ends; tasks wake in the order of these times
---@return boolean interrupted true when the client was closed or the task was cancelled
function Caller:sleep(seconds, wake_at)
  if self.injected_sleep then
    self.injected_sleep(seconds)
    return self.closed
  end
  local transport = not self.closed and self:open_transport()
  local outcome = transport and transport:sleep(seconds, self.clock == core.clock and wake_at or nil)
  return self.closed or outcome == "cancelled"
end

--- Closes the keys, and the transport if the client opened it. A second close has no effect.
function Caller:close()
  self.closed = true
  self.key_cache:close()
  if self.owns_transport then
    self.transport:close()
  end
  self.transport, self.owns_transport = false, false
end

return M
