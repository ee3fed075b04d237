-- Sends requests through nginx's cosockets: a worker that waits for a reply goes on with its other requests.

local certificates = require "dataworks.transport.ngx.certificate"
local connections = require "dataworks.transport.ngx.connection"
local core = require "dataworks.core"
local inflate = require "dataworks.transport.inflate"
local refusal = require "dataworks.transport.refusal"

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

--- Why nothing can wait here, if that is so.
local function refused_phase()
  local phase = ngx.get_phase()
  if WITHOUT_WAITING[phase] then
    return {
      kind = "invalid", sent = false,
      message = ("nginx can't wait for a reply in its phase %s"):format(phase),
      advice = "make the call in a timer: ngx.timer.at(0, function() ... end)",
    }
  end
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

-- What is written

-- Names that were written before, in lower case: a program has few.
local MOST_NAMES = 256
local names, name_count = {}, 0

local function lower_name(name)
  local lower = names[name]
  if not lower and name:find "^[%w!#$%%&'*+%-.^_`|~]+$" then
    lower = name:lower()
    if name_count < MOST_NAMES then
      names[name], name_count = lower, name_count + 1
    end
  end
  return lower
end

local function malformed_header(name, value)
  if not name then
    return "a header name has a character that HTTP doesn't allow"
  elseif value:find("\r", 1, true) or value:find("\n", 1, true) or value:find("\0", 1, true) then
    return "a header value has a CR, LF or NUL in it"
  elseif name == "content-length" or name == "transfer-encoding" then
    return "content-length and transfer-encoding are written by the transport"
  end
end

---@return string|nil bytes
---@return table|nil failure
local function compose(request, target, path)
  local absolute = target.proxy and target.scheme == "http"
  local parts, count = { request.method, absolute and " http://" .. target.authority or " ", path, " HTTP/1.1" }, 4
  local has_host, has_encoding = false, false
  for name, value in pairs(request.headers) do
    local lower = lower_name(name)
    local wrong = malformed_header(lower, value)
    if wrong then
      return nil, { kind = "invalid", sent = false, message = wrong }
    end
    has_host, has_encoding = has_host or lower == "host", has_encoding or lower == "accept-encoding"
    parts[count + 1], parts[count + 2], parts[count + 3], parts[count + 4] = "\r\n", name, ": ", value
    count = count + 4
  end
  parts[count + 1] = has_host and "" or "\r\nHost: " .. target.authority
  parts[count + 2] = (has_encoding or not inflate.available()) and "" or "\r\nAccept-Encoding: gzip"
  parts[count + 3] = request.method == "GET" and request.body == "" and "\r\n"
    or ("\r\nContent-Length: %d\r\n"):format(#request.body)
  parts[count + 4] = absolute and connections.proxy_header(target.proxy) or ""
  parts[count + 5], parts[count + 6] = "\r\n", request.body
  return table.concat(parts)
end

-- What comes of it

local MAX_ADVICE = "max_reply_bytes sets the limit"

local function lost(failure, source, reused)
  local sent = source.begun or "unknown"
  if failure.why == "malformed" then
    return {
      kind = "protocol", sent = sent, message = failure.message,
      advice = failure.message:find("larger than", 1, true) and MAX_ADVICE or nil,
    }
  elseif failure.error == "timeout" then
    return { kind = "timeout", sent = sent, message = "the deadline passed while the reply was awaited" }
  end
  local message = failure.message
  if failure.error ~= "closed" then
    message = message .. ": " .. tostring(failure.error)
  elseif reused and not source.begun then
    message = message .. " (it was a kept one)"
  end
  return { kind = "transport", sent = sent, message = message }
end

--- The reply's body as it was before it was compressed.
local function decoded(reply, most)
  local coding = (reply.headers["content-encoding"] or "identity"):lower()
  if coding == "identity" or reply.body == "" then
    return reply
  elseif (coding ~= "gzip" and coding ~= "x-gzip") or not inflate.available() then
    return nil, { kind = "protocol", sent = true, message = "the reply has a Content-Encoding that was not asked for" }
  end
  local body, message = inflate.gunzip(reply.body, most)
  if not body then
    return nil, {
      kind = "protocol", sent = true, message = message,
      advice = message:find("larger than", 1, true) and MAX_ADVICE or nil,
    }
  end
  reply.body = body
  return reply
end

--- nginx says "closed" of a connection that had ended before anything was written to it. So it ends one whose
--- certificate it refused, too; but when the handshake was over at once, it has called that a success before
--- (lua-nginx-module's pull request 2506).
local function not_sent(err, reused)
  if err == "late" then
    return { kind = "timeout", sent = false, message = connections.LATE }
  elseif err == "timeout" then
    return { kind = "timeout", sent = "unknown", message = "the deadline passed while the request was sent" }
  elseif err == "closed" and not reused then
    return {
      kind = "transport", sent = false,
      message = "the connection ended before the request was sent; if it was TLS, the certificate was refused",
      advice = "check the endpoint and the clock; the authorities to trust are set by lua_ssl_trusted_certificate",
    }
  end
  return { kind = "transport", sent = "unknown", message = "the request could not be sent: " .. tostring(err) }
end

local function exchange(self, connection, bytes, deadline)
  local ok, err = connection:write(bytes, deadline)
  if not ok then
    connection:close()
    return nil, not_sent(err, connection.reused)
  end
  local reply, keep = connection:read(self.most, deadline)
  if not reply then
    connection:close()
    return nil, lost(keep, connection.source, connection.reused)
  elseif keep then
    connection:keep()
  else
    connection:close()
  end
  return decoded(reply, self.most)
end

--- The certificates, read by the first request that needs them.
local function security_of(self, target)
  if target.scheme ~= "https" or self.security then
    return self.security or { name = "" }
  end
  local security = {}
  if self.options.client_certificate then
    local failure
    security, failure = certificates.load(self.options)
    if not security then
      return nil, failure
    end
  end
  security.name = table.concat({ self.options.client_certificate or "", self.options.client_key or "" }, "|")
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

---@param request { method: string, url: string, headers: table<string, string>, body: string }
---@param limits { timeout: number, connect_timeout?: number, proxy?: string } seconds; timeout is for all
---@return { status: integer, headers: table<string, string>, body: string }|nil reply
---@return { kind: string, sent: boolean|"unknown", message: string, advice?: string }|nil err
function Transport:send(request, limits)
  local wrong = refused(self)
  if wrong then
    return nil, wrong
  end
  local began = core.clock()
  local bytes, security, connection, failure
  local target, path = target_of(self, request.url, limits.proxy or "")
  if not target then
    return nil, path
  end
  bytes, failure = compose(request, target, path)
  if bytes then
    security, failure = security_of(self, target)
  end
  if security then
    local most = math.min(limits.connect_timeout or self.options.connect_timeout, limits.timeout)
    connection, failure = connections.open(target, security, began + most, core.clock)
  end
  if not connection then
    return nil, failure
  end
  local reply
  reply, failure = exchange(self, connection, bytes, began + limits.timeout)
  if not reply then
    return nil, failure
  end
  failure = refusal.find(request.url, target.proxy and limits.proxy or "", reply.status, reply.body)
  if failure then
    failure.advice = failure.code == "PROXY_AUTHENTICATION"
      and "write user and password into the proxy's URL: http://user:password@host:port"
      or "set client_certificate and client_key to a certificate that the service accepts"
    return nil, failure
  end
  return reply
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

--- For requests that wait until another one has done something for all.
---@return { wait: fun(seconds: number): boolean, open: fun() }|nil
function Transport:gate() -- luacheck: no self
  local ok, semaphore = pcall(require, "ngx.semaphore")
  if not ok then
    return nil
  end
  local passage, open = semaphore.new(0), false
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
