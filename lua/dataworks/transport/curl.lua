-- Sends requests through libcurl: for PUC Lua and LuaJIT, outside nginx. In a task of a loop the others go on
-- meanwhile; everywhere else it waits for the reply.

local curl = require "dataworks.curl"
local refusal = require "dataworks.transport.refusal"

local M = {}

local Transport = {}
Transport.__index = Transport
Transport.__name = "dataworks.transport.curl"

local ADVICE = {
  CURLE_UNSUPPORTED_PROTOCOL = "use an https:// endpoint, or set allow_http = true",
  CURLE_URL_MALFORMAT = "an endpoint looks like https://dataworks.cn-shanghai.aliyuncs.com",
  CURLE_COULDNT_RESOLVE_HOST = "check the region or endpoint, and the name server",
  CURLE_COULDNT_RESOLVE_PROXY = "check the host in the proxy option, or in the environment variable https_proxy",
  CURLE_COULDNT_CONNECT = "check the endpoint, the network and any firewall between",
  CURLE_PEER_FAILED_VERIFICATION = "check the endpoint and the clock; a private CA goes into ca_file",
  CURLE_SSL_CONNECT_ERROR = "check that the endpoint's port speaks TLS, min_tls, and whether a client_certificate "
    .. "is wanted",
  CURLE_SSL_CACERT_BADFILE = "check that ca_file holds PEM certificates",
  CURLE_SSL_CERTPROBLEM = "check that client_certificate and client_key are PEM files that belong together, "
    .. "and client_key_password",
  CURLE_SSL_CLIENTCERT = "set client_certificate and client_key to a certificate that the service accepts",
  CURLE_FILESIZE_EXCEEDED = "max_reply_bytes sets the limit",
  PROXY_AUTHENTICATION = "write user and password into the proxy's URL: http://user:password@host:port",
  PROXY_REFUSED = "ask whoever runs the proxy to allow this endpoint, or name it in no_proxy",
  PROXY_FAILED = "check that the proxy can reach the endpoint",
}

-- Of failures on the way to a proxy.
local ADVICE_ON_PROXY = {
  CURLE_COULDNT_CONNECT = "check the proxy's host and port, or name the endpoint in no_proxy",
  CURLE_OPERATION_TIMEDOUT = "check the proxy's host and port, or name the endpoint in no_proxy",
  CURLE_PEER_FAILED_VERIFICATION = "check the proxy's host and the clock; a private CA goes into ca_file",
  CURLE_SSL_CONNECT_ERROR = "check that the proxy's port speaks TLS (https://), and min_tls",
  CURLE_RECV_ERROR = "check the scheme and the port of the proxy's URL",
}

local FILES = { "ca_file", "client_certificate", "client_key" }

--- A file that can't be read is a mistake in the options; libcurl says which only now and then.
local function blame_file(err, files)
  for _, name in ipairs(FILES) do
    if files[name] then
      local file, message = io.open(files[name], "rb")
      if not file then
        err.kind, err.path, err.message = "invalid", name, "can't be read: " .. message
        err.advice = ("check the path in %s"):format(name)
        return
      end
      file:close()
    end
  end
end

--- Says where it was the proxy. A SOCKS proxy gives no status: what fails behind it looks the same.
local function blame_proxy(err, proxy)
  if err.proxy_status and err.proxy_status >= 300 then
    err.message = ("the proxy answered HTTP %d when asked for a connection to the service"):format(err.proxy_status)
  elseif ADVICE_ON_PROXY[err.code] and not err.proxy_status
    and (err.code == "CURLE_COULDNT_CONNECT" or not proxy:find("^socks")) then
    err.message, err.advice = "the proxy: " .. err.message, ADVICE_ON_PROXY[err.code]
  end
end

local function explain(err, proxy, files)
  err.advice = ADVICE[err.code]
  if err.sent == false and proxy ~= "" then
    blame_proxy(err, proxy)
  end
  if err.code == "CURLE_SSL_CACERT_BADFILE" or err.code == "CURLE_SSL_CERTPROBLEM" then
    blame_file(err, files)
  end
  err.proxy_status = nil
  return err
end

--- The running task of a loop, if there is a loop at all, and it can wait here. Otherwise, if the task was cancelled,
--- what its requests come to.
---@return dataworks.Task|nil
---@return table|nil refusal
local function current_task()
  local loops = package.loaded["dataworks.concurrency.loop"]
  if not loops then
    return nil
  end
  local task = loops.current()
  return task, not task and loops.refusal() or nil
end

local function pool_of(self)
  self._pool = self._pool or require("dataworks.transport.curl_transfers").pool(self._open)
  return self._pool
end

local function exchange(self, request, limits, proxy)
  local task, refused = current_task()
  if task and not self._closed then
    return task:transfer(pool_of(self), request, limits)
  elseif refused then
    return nil, refused
  end
  return self._session:send(
    request.method, request.url, request.headers, request.body, limits.timeout, limits.connect_timeout, proxy)
end

---@param request { method: string, url: string, headers: table<string, string>, body: string }
---@param limits { timeout: number, connect_timeout?: number, proxy?: string } seconds; timeout is for the whole
--- exchange; no proxy is "" or nil
---@return { status: integer, headers: table<string, string>, body: string }|nil reply
---@return { kind: string, sent: boolean|"unknown", message: string, code: string, advice?: string }|nil err and path
function Transport:send(request, limits)
  local proxy = limits.proxy or ""
  local status, headers, body = exchange(self, request, limits, proxy)
  if not status then
    return nil, explain(headers, proxy, self._files)
  end
  local failure = refusal.find(request.url, proxy, status, body)
  if failure then
    return nil, explain(failure, proxy, self._files)
  end
  return { status = status, headers = headers, body = body }
end

---@param seconds number
---@return "cancelled"|nil
function Transport:sleep(seconds)
  local task, refused = current_task()
  if refused then
    return "cancelled"
  elseif not task or self._closed then
    curl.sleep(seconds)
    return nil
  end
  local sleepers = pool_of(self).sleepers
  sleepers[task] = true
  local cut_short = task:sleep(seconds)
  sleepers[task] = nil
  return cut_short
end

--- For tasks that wait until another one has done something for all; elsewhere nil.
---@return dataworks.Latch|nil
function Transport:latch() -- luacheck: no self
  local loops = package.loaded["dataworks.concurrency.loop"]
  return loops and loops.gate()
end

--- What is under way in tasks is cancelled.
function Transport:close()
  self._closed = true
  self._session:close()
  if self._pool then
    self._pool:close("the client was closed during the call")
  end
end

function Transport:__tostring()
  return tostring(self._session)
end

---@param options dataworks.TransportOptions
function M.new(options)
  local files = {}
  for _, name in ipairs(FILES) do
    files[name] = options[name]
  end
  -- The password of a key stays in a closure.
  local function open()
    return curl.new(options)
  end
  return setmetatable({
    _session = curl.new(options), _open = open, _files = files, _pool = false, _closed = false,
  }, Transport)
end

return M
