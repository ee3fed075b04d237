-- Sends requests inside nginx, through its cosockets. While a call waits for its reply, the worker handles other
-- requests.

local catch = require "dataworks.transport.catch"
local certificates = require "dataworks.transport.ngx.certificate"
local connections = require "dataworks.transport.ngx.connection"
local core = require "dataworks.core"
local inflate = require "dataworks.transport.inflate"
local inside_nginx = require "dataworks.util.inside_nginx"
local latches = require "dataworks.transport.ngx.latch"
local misuse = require "dataworks.util.misuse"
local outcome = require "dataworks.transport.ngx.outcome"
local phase = require "dataworks.transport.ngx.phase"
local refusal = require "dataworks.transport.refusal"
local requests = require "dataworks.transport.ngx.request"
local targets = require "dataworks.transport.ngx.target"

local ngx = rawget(_G, "ngx")

local M = {}

local CONNECT_TIMEOUT = 5
local MAX_REPLY_BYTES = 16 * 1024 * 1024

local Transport = {}
Transport.__index = Transport
Transport.__name = "dataworks.transport.ngx"

-- The directives that set these options in nginx's configuration.
local DIRECTIVES = { ca_file = "lua_ssl_trusted_certificate", min_tls = "lua_ssl_protocols" }

--- Returns the name of the first option that a program can't set inside nginx, or false. min_tls = "1.2" is accepted,
--- because nginx requires at least TLS 1.2 anyway.
local function find_unsupported(options)
  return options.ca_file and "ca_file" or options.min_tls and options.min_tls ~= "1.2" and "min_tls" or false
end

local function unsupported(option)
  local directive = DIRECTIVES[option]
  local failure = outcome.unsent_failure("invalid", nil, "inside nginx this is set by the directive " .. directive,
    ("write %s into the %s block of nginx's configuration, and leave the option out"):format(
      directive, select(2, inside_nginx())))
  failure.path = option
  return failure
end

local function check_usable(self)
  if self.closed then
    error(outcome.unsent_failure("cancelled", nil, "the transport is closed"), 0)
  elseif self.unsupported then
    error(unsupported(self.unsupported), 0)
  end
  local ok, failure = phase.can_wait()
  if not ok then
    error(failure, 0)
  end
end

--- Returns the client's certificate for a request, or false if it needs none. The first such request reads the files.
local function certificate_for(self, target)
  if target.scheme ~= "https" or not self.options.client_certificate then
    return false
  end
  self.certificate = self.certificate or certificates.load(self.options)
  return self.certificate
end

--- Opens a connection to the target, or takes one from the pool.
local function open(self, target, limits, started)
  local certificate = certificate_for(self, target)
  local ok, sock = pcall(ngx.socket.tcp)
  if not ok then
    -- Only in a phase that transport/ngx/phase.lua does not know.
    error(phase.wait_failure(), 0)
  end
  local timeout = math.min(limits.connect_timeout or self.options.connect_timeout, limits.timeout)
  return connections.open(sock, target, certificate, started + timeout, core.clock)
end

--- Writes a request and reads its reply. Then puts the connection back into its pool, or closes it.
local function exchange(self, connection, bytes, deadline)
  connection:write(bytes, deadline)
  local reply, is_reusable = connection:read(self.max_reply_bytes, deadline)
  local body, message = inflate.decode(reply.body, reply.headers["content-encoding"], self.max_reply_bytes)
  if not body or not is_reusable or not connection:keep() then
    connection:close()
  end
  if not body then
    error(outcome.decoding_failed(message), 0)
  end
  reply.body = body
  return reply
end

--- Sends a request and returns the reply. Raises most failures as tables.
local function send(self, request, limits)
  check_usable(self)
  local started = core.clock()
  local target, path = targets.find(self, request.url, limits.proxy or "")
  local bytes = requests.compose(request, target, path)
  local connection = open(self, target, limits, started)
  local reply = exchange(self, connection, bytes, started + limits.timeout)
  -- A proxy or a web server may have answered in the service's place.
  local failure = refusal.find(request, target.proxy and limits.proxy or "", reply.status, reply.body)
  return not failure and reply or nil, failure
end

--- Sends a request and returns the reply.
---@param limits { timeout: number, connect_timeout?: number, proxy?: string } The timeouts are in seconds; `timeout` is
---  for the whole exchange. `proxy` is a URL; "" or nil means no proxy.
function Transport:send(request, limits)
  return catch(send, self, request, limits)
end

--- Returns true if a call can wait for its reply here.
function Transport:can_wait() -- luacheck: no self
  return phase.can_wait()
end

--- Pauses the running request. Sleeps again if nginx wakes it a little early.
function M.sleep(seconds)
  local ok, failure = phase.can_wait()
  if not ok then
    misuse(failure.message .. "; " .. failure.advice)
  end
  local deadline = core.clock() + seconds
  while seconds > 0 do
    ngx.sleep(math.max(seconds, 0.001))
    seconds = deadline - core.clock()
  end
end

function Transport:sleep(seconds) -- luacheck: no self
  M.sleep(seconds)
end

--- Creates a latch with which other requests of this worker wait for the running request.
---@return dataworks.Latch|nil
---@return table|nil err the fields of an error, if the caller can't wait here
function Transport:latch() -- luacheck: no self
  local ok, failure = phase.can_wait()
  if not ok then
    return nil, failure
  end
  return latches.new()
end

--- Closes the transport. Its idle connections stay in nginx's pools until they time out.
function Transport:close()
  self.closed = true
end

function Transport:__tostring()
  return ("dataworks.transport.ngx (%s)"):format(self.closed and "closed" or "open")
end

function M.new(options)
  local password = options.client_key_password
  return setmetatable({
    options = {
      client_certificate = options.client_certificate, client_key = options.client_key,
      has_key_password = password ~= nil and password ~= "",
      connect_timeout = options.connect_timeout or CONNECT_TIMEOUT, allow_http = options.allow_http or false,
    },
    unsupported = find_unsupported(options), max_reply_bytes = options.max_reply_bytes or MAX_REPLY_BYTES,
    certificate = false, closed = false,
  }, Transport)
end

return M
