-- Sends requests through nginx's cosockets: a worker that waits for a reply goes on with its other requests.

local certificates = require "dataworks.transport.ngx.certificate"
local connections = require "dataworks.transport.ngx.connection"
local core = require "dataworks.core"
local outcome = require "dataworks.transport.ngx.outcome"
local refusal = require "dataworks.transport.refusal"
local requests = require "dataworks.transport.ngx.request"

local ngx = rawget(_G, "ngx")

local M = {}

local CONNECT_TIMEOUT = 5
local MAX_REPLY_BYTES = 16 * 1024 * 1024

local Transport = {}
Transport.__index = Transport
Transport.__name = "dataworks.transport.ngx"

-- Where nginx has no cosockets: nothing may wait there.
local WITHOUT_WAITING = {
  init = true, init_worker = true, set = true, header_filter = true, body_filter = true, log = true, balancer = true,
  ssl_session_store = true, exit_worker = true,
}

local function cannot_wait(phase)
  return {
    kind = "invalid", sent = false,
    message = ("nginx can't wait for a reply in its phase %s"):format(phase),
    advice = "make the call in a timer: ngx.timer.at(0, function() ... end)",
  }
end

--- Why nothing can wait here, if that is so.
local function refused_phase()
  local phase = ngx.get_phase()
  return WITHOUT_WAITING[phase] and cannot_wait(phase) or nil
end

-- What a connection can't be told, the configuration has to say.
local BY_DIRECTIVE = {
  ca_file = "lua_ssl_trusted_certificate", min_tls = "lua_ssl_protocols",
}

local function set_by_directive(options)
  for option, directive in pairs(BY_DIRECTIVE) do
    if options[option] and not (option == "min_tls" and options.min_tls == "1.2") then
      return {
        kind = "invalid", sent = false, path = option,
        message = ("inside nginx this is set by the directive %s"):format(directive),
        advice = ("write %s into nginx's configuration, and leave the option out"):format(directive),
      }
    end
  end
end

local function exchange(self, connection, target, bytes, deadline)
  local ok, err = connection:write(bytes, deadline)
  if not ok then
    connection:close()
    return nil, err == "late" and connections.too_late()
      or outcome.unwritten(err, connection.reused, target.scheme == "https")
  end
  local reply, keep = connection:read(self.most, deadline)
  if not reply then
    connection:close()
    return nil, outcome.lost(keep, connection.source.begun, connection.reused)
  end
  local decoded, failure = outcome.decoded(reply, self.most)
  if not decoded or not keep or not connection:keep() then
    connection:close()
  end
  return decoded, failure
end

--- The certificates, read by the first request that needs them.
local function security_of(self, target)
  if target.scheme ~= "https" or self.security then
    return self.security or { name = "" }
  end
  local security = { name = "" }
  if self.options.client_certificate then
    local failure
    security, failure = certificates.load(self.options)
    if not security then
      return nil, failure
    end
  end
  self.security = security
  return security
end

-- Of each transport: where URLs lead, by all that comes before the path. Kept out of its fields, since a proxy's
-- password is among it.
local known_targets = setmetatable({}, { __mode = "k" })

-- A client speaks to a few hosts.
local MOST_TARGETS = 64

--- Where a URL leads.
---@return dataworks.NgxTarget|nil target
---@return string|table path or failure
local function target_of(self, url, proxy)
  local slash = url:find("/", #"https://" + 1, true)
  local origin, path = url:sub(1, (slash or 0) - 1), slash and url:sub(slash) or ""
  local known, key = known_targets[self], origin .. " " .. proxy
  local target = known[key]
  if target then
    if not connections.is_path(path) then
      return nil, connections.no_url()
    end
    return target, path
  end
  target, path = connections.target(url, proxy, self.options.allow_http)
  if target and #known < MOST_TARGETS and origin == target.scheme .. "://" .. target.authority then
    known[#known + 1], known[key] = key, target
  end
  return target, path
end

--- Why this transport sends nothing, if that is so. Whoever gets an error may change it: none is kept.
local function refused(self)
  if self.closed then
    return { kind = "cancelled", sent = false, message = "the transport is closed" }
  end
  return self.by_directive and set_by_directive(self.options) or refused_phase()
end

local function connected(self, target, limits, began)
  local security, failure = security_of(self, target)
  if not security then
    return nil, failure
  end
  local ok, sock = pcall(ngx.socket.tcp)
  if not ok then
    -- In a phase of a newer nginx.
    return nil, cannot_wait(ngx.get_phase())
  end
  local most = math.min(limits.connect_timeout or self.options.connect_timeout, limits.timeout)
  return connections.open(sock, target, security, began + most, core.clock)
end

local REFUSAL_ADVICE = {
  PROXY_AUTHENTICATION = "write user and password into the proxy's URL: http://user:password@host:port",
  CURLE_SSL_CLIENTCERT = "set client_certificate and client_key to a certificate that the service accepts",
}

---@param request { method: string, url: string, headers: table<string, string>, body: string }
---@param limits { timeout: number, connect_timeout?: number, proxy?: string } seconds; timeout is for all
---@return { status: integer, headers: table<string, string>, body: string }|nil reply
---@return { kind: string, sent: boolean|"unknown", message: string, code?: string, advice?: string }|nil err and path
function Transport:send(request, limits)
  local wrong = refused(self)
  if wrong then
    return nil, wrong
  end
  local began = core.clock()
  local target, path = target_of(self, request.url, limits.proxy or "")
  if not target then
    return nil, path
  end
  local bytes, failure = requests.compose(request, target, path)
  local connection, reply
  if bytes then
    connection, failure = connected(self, target, limits, began)
  end
  if connection then
    reply, failure = exchange(self, connection, target, bytes, began + limits.timeout)
  end
  if reply then
    failure = refusal.find(request.url, target.proxy and limits.proxy or "", reply.status, reply.body)
    if not failure then
      return reply
    end
    failure.advice = REFUSAL_ADVICE[failure.code]
  end
  return nil, failure
end

--- May whoever calls wait for something here?
---@return true|nil
---@return table|nil err
function Transport:can_wait() -- luacheck: no self
  local wrong = refused_phase()
  return not wrong or nil, wrong
end

--- Never less than the time that was asked for: callers count on it.
---@param seconds number
function Transport:sleep(seconds) -- luacheck: no self
  local wrong = refused_phase()
  if wrong then
    error(wrong.message .. "; " .. wrong.advice, 0)
  end
  local deadline = core.clock() + seconds
  while seconds > 0 do
    ngx.sleep(math.max(seconds, 0.001))
    seconds = deadline - core.clock()
  end
end

--- For requests that wait until another one has done something for all. `run_detached` runs that, soon, where it does
--- not end with the request; it gives nil when nginx has no room for it.
---@return dataworks.Latch|nil
---@return table|nil err where nothing can wait
function Transport:latch() -- luacheck: no self
  local wrong = refused_phase()
  if wrong then
    return nil, wrong
  end
  local ok, semaphore = pcall(require, "ngx.semaphore")
  local passage, open = ok and semaphore.new(0), false
  if not passage then
    return nil
  end
  return {
    wait = function(seconds)
      if not open and seconds > 0 and passage:wait(seconds) then
        -- Whoever was let in holds the gate for the next.
        passage:post(1)
      end
      return open
    end,
    open = function()
      open = true
      passage:post(1)
    end,
    run_detached = function(fn)
      return (ngx.timer.at(0, fn))
    end,
  }
end

--- Kept connections are nginx's: they end with their idle time.
function Transport:close()
  self.closed = true
end

function Transport:__tostring()
  return ("dataworks.transport.ngx (%s)"):format(self.closed and "closed" or "open")
end

---@param options dataworks.TransportOptions
function M.new(options)
  local password = options.client_key_password
  local self = setmetatable({
    options = {
      ca_file = options.ca_file, min_tls = options.min_tls, client_certificate = options.client_certificate,
      client_key = options.client_key, client_key_password = password ~= nil and password ~= "",
      connect_timeout = options.connect_timeout or CONNECT_TIMEOUT, allow_http = options.allow_http or false,
    },
    by_directive = set_by_directive(options) ~= nil, most = options.max_reply_bytes or MAX_REPLY_BYTES, closed = false,
    security = false,
  }, Transport)
  known_targets[self] = {}
  return self
end

return M
