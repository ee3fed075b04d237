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

-- What is written

local function malformed_header(name, value)
  if not name:find "^[%w!#$%%&'*+%-.^_`|~]+$" then
    return "a header name has a character that HTTP doesn't allow"
  elseif value:find "[%z\r\n]" then
    return "a header value has a CR, LF or NUL in it"
  end
  name = name:lower()
  if name == "content-length" or name == "transfer-encoding" then
    return "content-length and transfer-encoding are written by the transport"
  end
end

--- The request as pieces that nginx writes one after the other.
---@return string[]|nil
---@return table|nil failure
local function compose(request, target)
  local absolute = target.proxy and target.scheme == "http"
  local path = absolute and "http://" .. target.authority .. target.path or target.path
  local lines, named = { ("%s %s HTTP/1.1\r\n"):format(request.method, path) }, {}
  for name, value in pairs(request.headers) do
    local wrong = malformed_header(name, value)
    if wrong then
      return nil, { kind = "invalid", sent = false, message = wrong }
    end
    named[name:lower()] = true
    lines[#lines + 1] = name .. ": " .. value .. "\r\n"
  end
  if not named.host then
    lines[#lines + 1] = "Host: " .. target.authority .. "\r\n"
  end
  if not named["accept-encoding"] and inflate.available() then
    lines[#lines + 1] = "Accept-Encoding: gzip\r\n"
  end
  if request.method ~= "GET" or request.body ~= "" then
    lines[#lines + 1] = ("Content-Length: %d\r\n"):format(#request.body)
  end
  if absolute then
    lines[#lines + 1] = connections.proxy_header(target.proxy)
  end
  lines[#lines + 1] = "\r\n"
  lines[#lines + 1] = request.body
  return lines
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

local function exchange(self, connection, pieces, deadline)
  local ok, err = connection:write(pieces, deadline)
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

local CLOSED = { kind = "cancelled", sent = false, message = "the transport is closed" }

---@param request { method: string, url: string, headers: table<string, string>, body: string }
---@param limits { timeout: number, connect_timeout?: number, proxy?: string } seconds; timeout is for all
---@return { status: integer, headers: table<string, string>, body: string }|nil reply
---@return { kind: string, sent: boolean|"unknown", message: string, advice?: string }|nil err
function Transport:send(request, limits)
  local wrong = self.closed and CLOSED or self.wrong or refused_phase()
  if wrong then
    return nil, wrong
  end
  local began = core.clock()
  local target, failure = connections.target(request.url, limits.proxy or "", self.options.allow_http or false)
  local pieces, security, connection
  if target then
    pieces, failure = compose(request, target)
  end
  if pieces then
    security, failure = security_of(self, target)
  end
  if security then
    local most = math.min(limits.connect_timeout or self.options.connect_timeout or CONNECT_TIMEOUT, limits.timeout)
    connection, failure = connections.open(target, security, began + most, core.clock)
  end
  if not connection then
    return nil, failure
  end
  local reply
  reply, failure = exchange(self, connection, pieces, began + limits.timeout)
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

---@param options dataworks.TransportOptions
function M.new(options)
  return setmetatable({
    options = options, most = options.max_reply_bytes or MAX_REPLY_BYTES, wrong = set_by_directive(options),
    closed = false, security = false,
  }, Transport)
end

return M
