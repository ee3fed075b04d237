-- A connection to the service, over a socket of nginx (a cosocket). nginx takes the connection from a pool or opens a
-- new one; for a new one, this module sets up the proxy's tunnel and TLS. If a function here fails, it closes the
-- connection and raises the failure as a table.

local http1 = require "dataworks.transport.http1"
local outcome = require "dataworks.transport.ngx.outcome"
local requests = require "dataworks.transport.ngx.request"

local ngx = rawget(_G, "ngx")

local M = {}

-- Milliseconds after which nginx closes an idle connection. The service's gateway closes it after 25 seconds.
local IDLE_TIMEOUT = 20000

-- Each worker keeps at most this many idle connections in a pool.
local MAX_IDLE = 64

-- The largest number of bytes to write or to read in one call. nginx limits a read further, by lua_socket_buffer_size.
local BLOCK = 64 * 1024

-- After this many reads in a row, other requests of the worker run.
local READS_PER_TURN = 16

---@class dataworks.NgxConnection
---@field sock table
---@field clock fun(): number seconds
---@field is_tls boolean
---@field is_reused boolean whether nginx took the connection from its pool
local Connection = {}
Connection.__index = Connection

--- Closes the connection and raises the failure. The transport catches and returns the failure.
local function fail(self, failure)
  self.sock:close()
  error(failure, 0)
end

--- Sets the socket's timeout to the time left until the deadline. Sets nothing if that is less than a millisecond,
--- because nginx would replace 0 by its default timeout.
---@return boolean has_time false if the deadline has passed
local function set_timeout(self, deadline)
  local milliseconds = math.floor((deadline - self.clock()) * 1000)
  if milliseconds < 1 then
    return false
  end
  self.sock:settimeout(milliseconds)
  return true
end

--- Sets the socket's timeout to the time left. If the deadline has passed, closes the connection and raises a failure.
local function set_timeout_or_fail(self, deadline)
  if not set_timeout(self, deadline) then
    fail(self, outcome.deadline_passed())
  end
end

--- Returns a source of bytes that reads from the connection until the deadline.
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

--- Returns the name of nginx's pool for a connection. Two requests may share a connection only if the service, the
--- proxy, the proxy's login and the client certificate are the same, so the name contains all four.
local function pool_name(target, certificate_name)
  local proxy, peer = target.proxy, target.peer
  return table.concat({
    "dataworks", target.origin, proxy and peer.host .. ":" .. peer.port or "",
    proxy and proxy.login and ngx.md5(proxy.login) or "", certificate_name,
  }, "|")
end

--- Returns the options with which nginx finds the pool for a connection. Keeps them in the target.
local function pool_options(target, certificate)
  local name = target.scheme == "https" and certificate and certificate.name or ""
  local options = target.pools[name]
  if not options then
    options = { pool = pool_name(target, name), pool_size = MAX_IDLE }
    target.pools[name] = options
  end
  return options
end

local function store_connection_result(result, sock, peer, options)
  result.ok, result.err = sock:connect(peer.host, peer.port, options)
end

-- Seconds between two checks whether the calling thread was killed.
local WATCH_INTERVAL = 0.1

--- Waits until the deadline passes or the calling thread is dead. When nginx kills a thread, the threads that it
--- started keep running, so they must watch their caller.
local function watch_caller(caller, clock, deadline)
  while coroutine.status(caller) ~= "dead" do
    local seconds = deadline - clock()
    if seconds <= 0 then
      return
    end
    ngx.sleep(math.max(math.min(seconds, WATCH_INTERVAL), 0.001))
  end
end

--- Connects, and gives up when the deadline passes or the caller is killed. Runs in a thread of its own, which
--- continues if the caller is killed.
local function connect_before_deadline(result, sock, peer, options, caller, clock, deadline)
  local connecting = ngx.thread.spawn(store_connection_result, result, sock, peer, options)
  if coroutine.status(connecting) == "zombie" then
    return
  end
  local alarm = ngx.thread.spawn(watch_caller, caller, clock, deadline)
  ngx.thread.wait(connecting, alarm)
  ngx.thread.kill(alarm)
  ngx.thread.kill(connecting)
end

--- Connects to a host name before the deadline. nginx applies no timeout of the socket while it resolves a name, only
--- resolver_timeout, so threads watch the deadline. A thread may still run after this call, so it writes its result
--- into a table and not into a local variable.
local function connect_by_name(sock, peer, options, clock, deadline)
  local result, caller = { err = "timeout" }, coroutine.running()
  ngx.thread.wait(ngx.thread.spawn(connect_before_deadline, result, sock, peer, options, caller, clock, deadline))
  return result.ok, result.err
end

local function connect(self, target, certificate, deadline)
  set_timeout_or_fail(self, deadline)
  local peer, options = target.peer, pool_options(target, certificate)
  local ok, err
  if peer.is_name then
    ok, err = connect_by_name(self.sock, peer, options, self.clock, deadline)
  else
    ok, err = self.sock:connect(peer.host, peer.port, options)
  end
  if not ok then
    fail(self, outcome.connecting_failed(err, target.proxy ~= false, peer.is_name))
  end
  self.is_reused = (self.sock:getreusedtimes() or 0) > 0
end

--- Asks the proxy for a tunnel to the service.
local function open_tunnel(self, proxy, deadline)
  set_timeout_or_fail(self, deadline)
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
  set_timeout_or_fail(self, deadline)
  -- false: don't reuse a TLS session, because a session may come from a connection of another pool.
  local ok, err = self.sock:sslhandshake(false, target.host, true)
  if not ok then
    fail(self, outcome.handshake_failed(err or "handshake failed"))
  end
end

--- Opens a connection that is ready for a request.
---@param sock table a new cosocket
---@param certificate dataworks.NgxCertificate|false the client's certificate
---@param deadline number the value of `clock` at which opening fails
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

--- Writes the bytes of a request. Writes block by block and sets the timeout for each block, because nginx restarts its
--- timeout whenever it has written a part of a block.
function Connection:write(data, deadline)
  for first = 1, #data, BLOCK do
    local ok, err = nil, "timeout"
    if set_timeout(self, deadline) then
      ok, err = self.sock:send(#data <= BLOCK and data or data:sub(first, first + BLOCK - 1))
    elseif first == 1 then
      fail(self, outcome.deadline_passed())
    end
    if not ok then
      err = first > 1 and err == "closed" and "closed after a part was written" or err
      fail(self, outcome.writing_failed(err, self.is_reused, self.is_tls))
    end
  end
end

--- Reads a reply.
---@param max_bytes integer the largest allowed size of the body
---@return { status: integer, headers: table<string, string>, body: string } reply
---@return boolean is_reusable whether the connection can carry another request
function Connection:read(max_bytes, deadline)
  local source = new_source(self, deadline)
  local reply, is_reusable = http1.read(source, max_bytes)
  if not reply then
    fail(self, outcome.reading_failed(is_reusable, source.has_final_status, self.is_reused))
  end
  return reply, is_reusable
end

--- Puts the connection back into its pool. nginx refuses a connection on which unread bytes have arrived.
function Connection:keep()
  return self.sock:setkeepalive(IDLE_TIMEOUT, MAX_IDLE) == 1
end

function Connection:close()
  self.sock:close()
end

return M
