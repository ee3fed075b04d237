-- Sends requests through nginx's cosockets: while one waits for its reply, the worker runs other requests.

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

-- Options that nginx takes from its configuration.
local DIRECTIVES = { ca_file = "lua_ssl_trusted_certificate", min_tls = "lua_ssl_protocols" }

--- Returns the first option that nginx can't apply, or false. TLS 1.2 is the least in any case.
local function find_unsupported(options)
  return options.ca_file and "ca_file" or options.min_tls and options.min_tls ~= "1.2" and "min_tls" or false
end

local function unsupported(option)
  local directive = DIRECTIVES[option]
  local failure = outcome.not_sent("invalid", nil, "inside nginx this is set by the directive " .. directive,
    ("write %s into the %s of nginx's configuration, and leave the option out"):format(
      directive, select(2, inside_nginx())))
  failure.path = option
  return failure
end

local function check_usable(self)
  if self.closed then
    error(outcome.not_sent("cancelled", nil, "the transport is closed"), 0)
  elseif self.unsupported then
    error(unsupported(self.unsupported), 0)
  end
  local ok, failure = phase.can_wait()
  if not ok then
    error(failure, 0)
  end
end

--- The client's certificate; false without one. The first request that needs it reads the files.
local function certificate_for(self, target)
  if target.scheme ~= "https" or not self.options.client_certificate then
    return false
  end
  self.certificate = self.certificate or certificates.load(self.options)
  return self.certificate
end

local function open(self, target, limits, started)
  local certificate = certificate_for(self, target)
  local ok, sock = pcall(ngx.socket.tcp)
  if not ok then
    -- A phase that this library does not know.
    error(phase.cannot_wait(), 0)
  end
  local timeout = math.min(limits.connect_timeout or self.options.connect_timeout, limits.timeout)
  return connections.open(sock, target, certificate, started + timeout, core.clock)
end

--- Gives the connection back, too.
local function exchange(self, connection, bytes, deadline)
  connection:write(bytes, deadline)
  local reply, is_reusable = connection:read(self.max_reply_bytes, deadline)
  local body, message = inflate.decode(reply.body, reply.headers["content-encoding"], self.max_reply_bytes)
  if not body or not is_reusable or not connection:keep() then
    connection:close()
  end
  if not body then
    error(outcome.not_decoded(message), 0)
  end
  reply.body = body
  return reply
end

local function send(self, request, limits)
  check_usable(self)
  local started = core.clock()
  local target, path = targets.find(self, request.url, limits.proxy or "")
  local bytes = requests.compose(request, target, path)
  local connection = open(self, target, limits, started)
  local reply = exchange(self, connection, bytes, started + limits.timeout)
  -- A proxy or a web server may have answered in the service's place.
  local failure = refusal.find(request.url, target.proxy and limits.proxy or "", reply.status, reply.body)
  return not failure and reply or nil, failure
end

---@param request { method: string, url: string, headers: table<string, string>, body: string }
---@param limits { timeout: number, connect_timeout?: number, proxy?: string } seconds; timeout is for the whole
--- exchange; no proxy is "" or nil
---@return { status: integer, headers: table<string, string>, body: string }|nil reply
---@return { kind: string, sent: boolean|"unknown", message: string, code?: string, advice?: string }|nil err and path
function Transport:send(request, limits)
  return catch(send, self, request, limits)
end

--- Whether the current phase of nginx can wait.
---@return true|nil
---@return table|nil err
function Transport:can_wait() -- luacheck: no self
  return phase.can_wait()
end

--- Sleeps at least as long as asked; nginx may wake a little early.
---@param seconds number
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

---@param seconds number
function Transport:sleep(seconds) -- luacheck: no self
  M.sleep(seconds)
end

---@return dataworks.Latch|nil
---@return table|nil err in a phase that can't wait
function Transport:latch() -- luacheck: no self
  local ok, failure = phase.can_wait()
  if not ok then
    return nil, failure
  end
  return latches.new()
end

--- Idle connections stay in nginx's pools until their timeout.
function Transport:close()
  self.closed = true
end

function Transport:__tostring()
  return ("dataworks.transport.ngx (%s)"):format(self.closed and "closed" or "open")
end

---@param options dataworks.TransportOptions
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
