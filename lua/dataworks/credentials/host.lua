-- The host gives the providers of a client what they need: clock, random numbers, environment and network. Providers do
-- not use the client's connections, because they reach the metadata service without the client's proxy and through
-- plain http.

local failures = require "dataworks.util.credential_failure"
local lazy = require "dataworks.util.lazy"
local proxies = require "dataworks.transport.proxy"
local response = require "dataworks.protocol.response"
local shared = lazy "dataworks.credentials.shared"

local M = {}

-- The largest reply that is read. Replies with credentials are short.
local MAX_REPLY_BYTES = 64 * 1024

---@class dataworks.CredentialHost
---@field getenv fun(name: string): string|nil returns nil for an empty variable too
---@field now fun(): number returns seconds since 1970
---@field clock fun(): number returns monotonic seconds
---@field random fun(): number returns a number from 0 to 1
---@field nonce fun(): string returns a text that is different in each call
---@field clock_skew dataworks.ClockSkew
---@field events dataworks.Events
---@field user_agent string
---@field allow_http boolean
---@field profile? string the profile to use; the environment can't change this choice
---@field shared? dataworks.SharedCredentials|false
---@field new_provider fun(value: string|table|function, host: dataworks.CredentialHost): dataworks.Provider
---@field caller dataworks.Caller
---@field options dataworks.Options
---@field transports table<boolean, dataworks.Transport> the transport without a proxy by `true`, and the other one by
--- `false`
local Host = {}
Host.__index = Host

function M.new(caller, options, getenv)
  local self = setmetatable({
    getenv = getenv, now = caller.now, clock = caller.clock, random = caller.random, nonce = caller.nonce,
    clock_skew = caller.clock_skew, events = caller.events, user_agent = caller.user_agent,
    allow_http = options.allow_http or false, profile = options.profile, caller = caller, options = options,
    transports = {},
  }, Host)
  self.shared = options.credentials_dict and shared.new(self, options)
  return self
end

--- Returns a host whose providers share credentials only with the providers of the same scope.
---@param scope string|nil nil means that the providers share no credentials
function Host:scoped(scope)
  return setmetatable({ shared = scope and self.shared:scoped(scope) or false }, { __index = self })
end

--- Returns the transport for direct or for other requests; creates it at the first call.
local function get_transport(self, is_direct)
  local options = self.options
  local transport, err = options.transport or self.transports[is_direct], nil
  if not transport then
    transport, err = self.caller.new_transport {
      max_reply_bytes = MAX_REPLY_BYTES, allow_http = is_direct or options.allow_http,
    }
    self.transports[is_direct] = transport
  end
  return transport, err
end

--- Sends a request through a transport. With proxy = "", the request uses no proxy, and may use plain http.
---@return table|nil reply
---@return table|nil failure the fields of an error
function Host:http(request, limits)
  if self.caller.closed then
    return nil, failures.CLOSED
  end
  local transport, err = get_transport(self, limits.proxy == "")
  local proxy = limits.proxy
  if transport and not proxy then
    proxy, err = proxies.find(request.url, self.options, self.getenv)
  end
  if err then
    return nil, err
  end
  local reply, lost = transport:send(request, {
    timeout = limits.timeout, connect_timeout = limits.connect_timeout, proxy = proxy,
  })
  if reply then
    reply.headers, reply.body = reply.headers or {}, reply.body or ""
  else
    lost.message = self.caller.key_cache:redactor(proxies.secrets(proxy))(lost.message, response.MAX_TEXT_BYTES)
  end
  return reply, lost
end

--- Returns a latch on which other coroutines can wait until the running coroutine opens it. Returns nil if there are no
--- other coroutines.
---@return dataworks.Latch|nil
---@return table|nil refusal the fields of an error, if the caller can't wait here
function Host:latch()
  local transport = get_transport(self, false)
  if transport and transport.latch then
    return transport:latch()
  end
end

--- Returns whether the client is closed. Its providers then fetch nothing.
function Host:is_closed()
  return self.caller.closed
end

--- Closes the transports. A second call has no effect.
function Host:close()
  for is_direct, transport in pairs(self.transports) do
    self.transports[is_direct] = nil
    transport:close()
  end
end

return M
