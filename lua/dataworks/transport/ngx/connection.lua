-- A connection to the service through a cosocket: from nginx's pool, or a new one with a proxy's tunnel and TLS. Its
-- functions raise the failure that ends the exchange.

local http1 = require "dataworks.transport.http1"
local outcome = require "dataworks.transport.ngx.outcome"
local requests = require "dataworks.transport.ngx.request"

local ngx = rawget(_G, "ngx")

local M = {}

-- Idle connections: milliseconds until nginx closes one (the gateway does after 25 s), and how many a worker keeps of
-- each pool.
local IDLE_TIMEOUT, MAX_IDLE = 20000, 64

-- Bytes written at once, and asked for at once; a read returns at most lua_socket_buffer_size of them.
local BLOCK = 64 * 1024

-- Reads after which other requests run, though more bytes are there.
local READS_PER_TURN = 16

---@class dataworks.NgxConnection
---@field sock table
---@field clock fun(): number
---@field is_tls boolean
---@field is_reused boolean
local Connection = {}
Connection.__index = Connection

--- Closes the connection and raises the failure, which the transport returns.
local function fail(self, failure)
  self.sock:close()
  error(failure, 0)
end

--- nginx takes 0 milliseconds for its default.
---@return boolean is_in_time
local function set_timeout(self, deadline)
  local milliseconds = math.floor((deadline - self.clock()) * 1000)
  if milliseconds < 1 then
    return false
  end
  self.sock:settimeout(milliseconds)
  return true
end

local function set_timeout_to_send(self, deadline)
  if not set_timeout(self, deadline) then
    fail(self, outcome.not_sent_in_time())
  end
end

local function new_source(self, deadline)
  local sock, reads = self.sock, 0
  return http1.source(function()
    if not set_timeout(self, deadline) then
      return nil, "timeout"
    end
    reads = reads + 1
    if reads % READS_PER_TURN == 0 then
      ngx.sleep(0)
    end
    return sock:receiveany(BLOCK)
  end)
end

-- Opening

--- Connections may be shared only where all of this agrees.
local function pool_name(target, certificate_name)
  local proxy, peer = target.proxy, target.peer
  return table.concat({
    "dataworks", target.origin, proxy and peer.host .. ":" .. peer.port or "",
    proxy and proxy.login and ngx.md5(proxy.login) or "", certificate_name,
  }, "|")
end

local function pool_options(target, certificate)
  local name = target.scheme == "https" and certificate and certificate.name or ""
  local options = target.pools[name]
  if not options then
    options = { pool = pool_name(target, name), pool_size = MAX_IDLE }
    target.pools[name] = options
  end
  return options
end

local function connect_into(result, sock, peer, options)
  result.ok, result.err = sock:connect(peer.host, peer.port, options)
end

-- Seconds between two looks whether the caller was killed while it connects.
local WATCH_INTERVAL = 0.1

--- Returns when the time has passed or the caller is dead: nginx does not end the threads of a killed thread.
local function watch(caller, clock, deadline)
  local seconds = deadline - clock()
  while seconds > 0 and coroutine.status(caller) ~= "dead" do
    ngx.sleep(math.max(math.min(seconds, WATCH_INTERVAL), 0.001))
    seconds = deadline - clock()
  end
end

--- Runs in a thread of its own, which outlives a killed caller.
local function connect_until(result, sock, peer, options, caller, clock, deadline)
  local connecting = ngx.thread.spawn(connect_into, result, sock, peer, options)
  if coroutine.status(connecting) == "zombie" then
    ngx.thread.wait(connecting)
    return
  end
  local alarm = ngx.thread.spawn(watch, caller, clock, deadline)
  ngx.thread.wait(connecting, alarm)
  ngx.thread.kill(alarm)
  ngx.thread.kill(connecting)
end

--- Connects to a name. nginx waits for a name server as long as resolver_timeout says; threads keep the deadline.
--- The result is a table because a thread may outlive this call, and its variables with it.
local function connect_by_name(sock, peer, options, clock, deadline)
  local result = { err = "timeout" }
  ngx.thread.wait(ngx.thread.spawn(connect_until, result, sock, peer, options, coroutine.running(), clock, deadline))
  return result.ok, result.err
end

local function connect(self, target, certificate, deadline)
  set_timeout_to_send(self, deadline)
  local peer, options = target.peer, pool_options(target, certificate)
  local ok, err
  if peer.is_name then
    ok, err = connect_by_name(self.sock, peer, options, self.clock, deadline)
  else
    ok, err = self.sock:connect(peer.host, peer.port, options)
  end
  if not ok then
    fail(self, outcome.not_connected(err, target.proxy ~= false, peer.is_name))
  end
  self.is_reused = (self.sock:getreusedtimes() or 0) > 0
end

--- Asks the proxy for a tunnel to the service.
local function open_tunnel(self, proxy, deadline)
  set_timeout_to_send(self, deadline)
  local ok, err = self.sock:send(("CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n"):format(proxy.tunnel_to, proxy.tunnel_to,
    requests.proxy_header(proxy)))
  if not ok then
    fail(self, outcome.tunnel_failed(err))
  end
  local head, rest = http1.read_head(new_source(self, deadline))
  if not head then
    fail(self, outcome.tunnel_failed(rest.error or rest.message))
  elseif head.status >= 300 then
    fail(self, outcome.tunnel_refused(head.status))
  elseif rest then
    fail(self, outcome.tunnel_failed "it sent bytes of its own into the tunnel")
  end
end

local function handshake(self, target, certificate, deadline)
  if certificate and not self.sock.setclientcert then
    fail(self, outcome.client_certificate_unsupported())
  elseif certificate then
    local ok, err = self.sock:setclientcert(certificate.certificate, certificate.key)
    if not ok then
      fail(self, outcome.client_certificate_refused(tostring(err)))
    end
  end
  set_timeout_to_send(self, deadline)
  -- Connections are kept, so sessions are not: one would link connections that the pools separate.
  local ok, err = self.sock:sslhandshake(false, target.host, true)
  if not ok then
    fail(self, outcome.handshake_failed(err or "handshake failed"))
  end
end

---@param sock table a new cosocket
---@param target dataworks.NgxTarget
---@param certificate dataworks.NgxCertificate|nil that the client shows
---@param deadline number by `clock`, for the connection to be open
---@param clock fun(): number
---@return dataworks.NgxConnection
function M.open(sock, target, certificate, deadline, clock)
  local self = setmetatable({
    sock = sock, clock = clock, is_tls = target.scheme == "https", is_reused = false,
  }, Connection)
  connect(self, target, certificate, deadline)
  if not self.is_reused and target.proxy and target.proxy.tunnel_to then
    open_tunnel(self, target.proxy, deadline)
  end
  if not self.is_reused and self.is_tls then
    handshake(self, target, certificate, deadline)
  end
  return self
end

-- An exchange

--- Writes block by block, because nginx restarts its timeout whenever a part of one send was written.
---@param data string
---@param deadline number
function Connection:write(data, deadline)
  for first = 1, #data, BLOCK do
    local ok, err = nil, "timeout"
    if set_timeout(self, deadline) then
      ok, err = self.sock:send(#data <= BLOCK and data or data:sub(first, first + BLOCK - 1))
    elseif first == 1 then
      fail(self, outcome.not_sent_in_time())
    end
    if not ok then
      err = first > 1 and err == "closed" and "closed after a part was written" or err
      fail(self, outcome.not_written(err, self.is_reused, self.is_tls))
    end
  end
end

---@param max_bytes integer of the body
---@param deadline number
---@return { status: integer, headers: table<string, string>, body: string } reply
---@return boolean is_reusable whether the connection can carry another request
function Connection:read(max_bytes, deadline)
  local source = new_source(self, deadline)
  local reply, is_reusable = http1.read(source, max_bytes)
  if not reply then
    fail(self, outcome.not_read(is_reusable, source.has_final_status, self.is_reused))
  end
  return reply, is_reusable
end

--- Puts the connection into its pool. nginx refuses one on which more bytes have arrived.
---@return boolean is_kept
function Connection:keep()
  return self.sock:setkeepalive(IDLE_TIMEOUT, MAX_IDLE) == 1
end

function Connection:close()
  self.sock:close()
end

return M
