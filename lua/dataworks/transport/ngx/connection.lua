-- A connection to the service by a cosocket of nginx: from its pool, or made anew, through a proxy and with TLS where
-- these are wanted.

local address = require "dataworks.transport.ip_address"
local http1 = require "dataworks.transport.http1"
local requests = require "dataworks.transport.ngx.request"

local ngx = rawget(_G, "ngx")

local M = {}

-- How long a kept connection may lie idle, in milliseconds (the gateway closes it after 25 s), and how many of one kind
-- a worker keeps.
local KEPT_FOR, KEPT = 20000, 64

-- So much is given to a socket at once, and asked of it; it gives a part of that (lua_socket_buffer_size).
local BLOCK = 64 * 1024

-- After so many of these, others get their turn.
local TURN = 16

---@class dataworks.NgxTarget where a request goes
---@field scheme "http"|"https"
---@field host string without brackets
---@field port integer
---@field authority string as it stands in the URL
---@field is_name boolean and no address
---@field pools table<string, table> options of connect by the name of the security
---@field proxy false|{ host: string, port: integer, is_name: boolean, name: string, login: string|nil }

---@class dataworks.NgxConnection
---@field sock table
---@field source dataworks.ReplySource
---@field reused boolean
local Connection = {}
Connection.__index = Connection

local function failure(kind, message, advice, code)
  return { kind = kind, sent = false, message = message, advice = advice, code = code }
end

-- Milliseconds that are left; nginx takes 0 for its default.
local function left(deadline, clock)
  return math.floor((deadline - clock()) * 1000)
end

local function too_late()
  return failure("timeout", "the deadline passed before the request was sent", nil, "CURLE_OPERATION_TIMEDOUT")
end

M.too_late = too_late

local function in_time(self, deadline)
  local ms = left(deadline, self.clock)
  if ms < 1 then
    return false
  end
  self.sock:settimeout(ms)
  return true
end

--- What has come can be read without a wait: now and then others get their turn.
local function source_of(self, deadline)
  local sock, blocks = self.sock, 0
  return http1.source(function()
    if not in_time(self, deadline) then
      return nil, "timeout"
    end
    blocks = blocks + 1
    if blocks % TURN == 0 then
      ngx.sleep(0)
    end
    return sock:receiveany(BLOCK)
  end)
end

-- Connecting

local function explain_connect(err, target)
  local proxy = target.proxy
  local whom = proxy and "the proxy: " or ""
  local unresolved = proxy and "CURLE_COULDNT_RESOLVE_PROXY" or "CURLE_COULDNT_RESOLVE_HOST"
  if err == "timeout" then
    return failure("timeout", whom .. "no connection in time", proxy
      and "check the proxy's host and port, or name the endpoint in no_proxy"
      or "check the endpoint, the network and any firewall between", "CURLE_OPERATION_TIMEDOUT")
  elseif err:find("no resolver", 1, true) then
    return failure("transport", whom .. "nginx has no name server: " .. err,
      "set the directive resolver, as in: resolver 100.100.2.136 valid=60s;", unresolved)
  elseif err:find("resolve", 1, true) then
    return failure("transport", whom .. err, "check the region or endpoint, and the directive resolver", unresolved)
  end
  return failure("transport", whom .. err, proxy
    and "check the proxy's host and port, or name the endpoint in no_proxy"
    or "check the endpoint, the network and any firewall between", "CURLE_COULDNT_CONNECT")
end

--- Connections that differ in any of these are not to be taken for each other.
local function pool_name(target, security)
  local proxy = target.proxy
  return table.concat({
    "dataworks", target.scheme, target.host, target.port, proxy and proxy.name or "",
    proxy and proxy.login and ngx.md5(proxy.login) or "", target.scheme == "https" and security.name or "",
  }, "|")
end

local function connect_into(result, sock, host, port, options)
  result.ok, result.err = sock:connect(host, port, options)
end

--- nginx waits for a name server as long as resolver_timeout says; this, no longer than there is time. What the thread
--- finds goes into a table: it may outlive the one that began it, and with that its variables.
local function connect_in_time(sock, host, port, options, seconds)
  local result = { err = "timeout" }
  local connecting = ngx.thread.spawn(connect_into, result, sock, host, port, options)
  if coroutine.status(connecting) ~= "zombie" then
    local alarm = ngx.thread.spawn(function() ngx.sleep(seconds) end)
    ngx.thread.wait(connecting, alarm)
    ngx.thread.kill(alarm)
    ngx.thread.kill(connecting)
  else
    ngx.thread.wait(connecting)
  end
  return result.ok, result.err
end

local function connect(self, target, security, deadline)
  if not in_time(self, deadline) then
    return nil, too_late()
  end
  local to = target.proxy or target
  -- nginx's resolver does not read /etc/hosts.
  local host = to.host == "localhost" and "127.0.0.1" or to.host
  local is_name = to.is_name and to.host ~= "localhost"
  host = host:find(":", 1, true) and "[" .. host .. "]" or host
  local options = target.pools[security.name]
  if not options then
    options = { pool = pool_name(target, security), pool_size = KEPT }
    target.pools[security.name] = options
  end
  local ok, err
  if is_name then
    ok, err = connect_in_time(self.sock, host, to.port, options, deadline - self.clock())
  else
    ok, err = self.sock:connect(host, to.port, options)
  end
  if not ok then
    return nil, explain_connect(err, target)
  end
  self.reused = (self.sock:getreusedtimes() or 0) > 0
  return true
end

-- The proxy's tunnel

--- Some proxies say 401 to a wrong password.
local function tunnel_refused(status)
  local message = ("the proxy answered HTTP %d when asked for a connection to the service"):format(status)
  if status == 407 or status == 401 then
    return failure("transport", message, "write user and password into the proxy's URL: http://user:password@host:port",
      "PROXY_AUTHENTICATION")
  elseif status >= 400 and status < 500 then
    return failure("transport", message, "ask whoever runs the proxy to allow this endpoint, or name it in no_proxy",
      "PROXY_REFUSED")
  end
  return failure("transport", message, "check that the proxy can reach the endpoint", "PROXY_FAILED")
end

local function tunnel(self, target, deadline)
  if not in_time(self, deadline) then
    return nil, too_late()
  end
  local host = target.host:find(":", 1, true) and "[" .. target.host .. "]" or target.host
  local authority = ("%s:%d"):format(host, target.port)
  local ok, err = self.sock:send(("CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n"):format(authority, authority,
    requests.proxy_header(target.proxy)))
  local head, wrong
  if ok then
    head, wrong = http1.head(source_of(self, deadline))
  end
  if not head then
    err = err or wrong.error or wrong.message
    local late = err == "timeout"
    return nil, failure(late and "timeout" or "transport", "the proxy: " .. err,
      "check the scheme and the port of the proxy's URL", late and "CURLE_OPERATION_TIMEDOUT" or "CURLE_RECV_ERROR")
  elseif head.status >= 300 then
    return nil, tunnel_refused(head.status)
  elseif wrong then
    return nil, failure("transport", "the proxy sent something of its own into the tunnel", "check the proxy",
      "CURLE_RECV_ERROR")
  end
  return true
end

-- TLS

local PAIR = "check that client_certificate and client_key are PEM files that belong together"

-- In front of the text nginx may put the number of an earlier handshake's failure.
local function explain_handshake(err)
  err = err:gsub("^%d+: ", "")
  if err == "timeout" then
    return failure("timeout", "the TLS handshake took too long", "check that the endpoint's port speaks TLS",
      "CURLE_OPERATION_TIMEDOUT")
  elseif err:find("set client", 1, true) then
    return failure("invalid", "the client certificate can't be used: " .. err, PAIR, "CURLE_SSL_CERTPROBLEM")
  elseif err == "closed" or err:find("^no ") or err:find("failed", 1, true) then
    return failure("transport", "no TLS: " .. err, "check that the endpoint's port speaks TLS, and the directive "
      .. "lua_ssl_protocols", "CURLE_SSL_CONNECT_ERROR")
  end
  return failure("transport", "the certificate is not good: " .. err, "check the endpoint and the clock; the "
    .. "authorities to trust are set by lua_ssl_trusted_certificate, longer chains by lua_ssl_verify_depth",
    "CURLE_PEER_FAILED_VERIFICATION")
end

local function handshake(self, target, security, deadline)
  if security.certificate then
    local ok, err = self.sock:setclientcert(security.certificate, security.key)
    if not ok then
      return nil, failure("invalid", "the client certificate can't be used: " .. tostring(err), PAIR,
        "CURLE_SSL_CERTPROBLEM")
    end
  end
  if not in_time(self, deadline) then
    return nil, too_late()
  end
  -- No session is given back: connections are kept, and a session would tie together what the pool keeps apart.
  local ok, err = self.sock:sslhandshake(false, target.host, true)
  if not ok then
    return nil, explain_handshake(err or "handshake failed")
  end
  return true
end

---@param sock table a new one of nginx
---@param target dataworks.NgxTarget
---@param security { name: string, certificate?: userdata, key?: userdata }
---@param deadline number for being connected, of `clock`
---@param clock fun(): number
---@return dataworks.NgxConnection|nil connection
---@return table|nil failure
function M.open(sock, target, security, deadline, clock)
  local self = setmetatable({ sock = sock, clock = clock, reused = false }, Connection)
  local ok, wrong = connect(self, target, security, deadline)
  if ok and target.proxy and target.scheme == "https" and not self.reused then
    ok, wrong = tunnel(self, target, deadline)
  end
  if ok and target.scheme == "https" and not self.reused then
    ok, wrong = handshake(self, target, security, deadline)
  end
  if not ok then
    self:close()
    return nil, wrong
  end
  return self
end

--- In blocks: nginx begins its timeout anew with each part of one that it could write.
---@param data string
---@param deadline number
---@return boolean|nil ok
---@return string|nil err "late" and "closed" only when nothing of it was written
function Connection:write(data, deadline)
  for first = 1, #data, BLOCK do
    if not in_time(self, deadline) then
      return nil, first == 1 and "late" or "timeout"
    end
    local ok, err = self.sock:send(#data <= BLOCK and data or data:sub(first, first + BLOCK - 1))
    if not ok then
      return nil, first > 1 and err == "closed" and "closed after a part of it" or err
    end
  end
  return true
end

--- A reply, with the time up to the deadline for each wait of it.
---@param most integer
---@param deadline number
function Connection:read(most, deadline)
  self.source = source_of(self, deadline)
  return http1.read(self.source, most)
end

--- Not one on which more has come meanwhile.
---@return boolean|nil kept
function Connection:keep()
  return (self.sock:setkeepalive(KEPT_FOR, KEPT))
end

function Connection:close()
  self.sock:close()
end

-- Where to

local PORTS = { http = 80, https = 443 }

local function split_host(authority, scheme)
  local host, port = authority:match("^%[([%x:.]+)%]:?(%d*)$")
  if not host then
    host, port = authority:match("^([^:%[%]]+):?(%d*)$")
  end
  port = port ~= "" and tonumber(port) or PORTS[scheme]
  return host, port
end

local function parse_proxy(proxy)
  local scheme, rest = proxy:match("^(%w+)://(.*)$")
  if scheme ~= "http" then
    return nil, {
      kind = "invalid", sent = false, path = "proxy", message = ("inside nginx a proxy has to be http://, not %s://")
        :format(tostring(scheme)), advice = "name an http proxy, or reach the endpoint directly (proxy = \"\")",
    }
  end
  local login, authority = rest:match("^(.*)@([^@]*)$")
  local host, port = split_host((authority or rest):gsub("/.*$", ""), "http")
  return {
    host = host, port = port, is_name = not address.parse(host), name = ("%s:%s"):format(host, port), login = login,
  }
end

function M.no_url()
  return failure("invalid", "the URL must be http:// or https:// and a host, without a user name or spaces",
    "an endpoint looks like https://dataworks.cn-shanghai.aliyuncs.com", "CURLE_URL_MALFORMAT")
end

local NOT_IN_PATH = { " ", "#", "\r", "\n", "\t", "\0" }

--- Long ones are common: a pattern would take a multiple of the time.
---@param path string
---@return boolean
function M.is_path(path)
  for i = 1, #NOT_IN_PATH do
    if path:find(NOT_IN_PATH[i], 1, true) then
      return false
    end
  end
  return true
end

---@param url string
---@param proxy string URL, "" for none
---@param allow_http boolean
---@return dataworks.NgxTarget|nil target
---@return string|table path with what follows it; or failure
function M.target(url, proxy, allow_http)
  local scheme, authority, path = url:match("^(https?)://([^/?#%s%c]+)(.*)$")
  local host, port
  if scheme and not authority:find("@", 1, true) and M.is_path(path) then
    host, port = split_host(authority, scheme)
  end
  if not host or not port or port < 1 or port > 65535 then
    return nil, M.no_url()
  end
  local loopback = address.is_loopback(host)
  if scheme == "http" and not loopback and not allow_http then
    return nil, failure("invalid", "plain http is refused: the host is not loopback",
      "use an https:// endpoint, or set allow_http = true", "CURLE_UNSUPPORTED_PROTOCOL")
  end
  local target = {
    scheme = scheme, host = host, port = port, authority = authority, proxy = false, is_name = not address.parse(host),
    pools = {},
  }
  if proxy ~= "" and not loopback then
    local found, wrong = parse_proxy(proxy)
    if not found then
      return nil, wrong
    end
    target.proxy = found
  end
  return target, path:sub(1, 1) == "/" and path or "/" .. path
end

return M
