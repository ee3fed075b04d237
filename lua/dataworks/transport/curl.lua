-- Sends requests through libcurl and waits for each reply: for PUC Lua and LuaJIT, outside nginx.

local curl = require "dataworks.curl"

local M = {}

local Transport = {}
Transport.__index = Transport
Transport.__name = "dataworks.transport.curl"

local ADVICE = {
  CURLE_UNSUPPORTED_PROTOCOL = "use an https:// endpoint, or set allow_http = true",
  CURLE_URL_MALFORMAT = "an endpoint looks like https://dataworks.cn-shanghai.aliyuncs.com",
  CURLE_COULDNT_RESOLVE_HOST = "check the region or endpoint, and the name server",
  CURLE_COULDNT_RESOLVE_PROXY = "check the proxy option, or the environment variable https_proxy",
  CURLE_COULDNT_CONNECT = "check the endpoint, the network and any firewall between",
  CURLE_PEER_FAILED_VERIFICATION = "check the endpoint and the clock; a private CA goes into ca_file",
  CURLE_SSL_CACERT_BADFILE = "check that ca_file exists and holds PEM certificates",
  CURLE_FILESIZE_EXCEEDED = "max_reply_bytes sets the limit",
}

---@param request { method: string, url: string, headers: table<string, string>, body: string }
---@param limits { timeout: number, connect_timeout?: number } seconds; timeout is for the whole exchange
---@return { status: integer, headers: table<string, string>, body: string }|nil reply
---@return { kind: string, sent: boolean|"unknown", message: string, code: string, advice?: string }|nil err
function Transport:send(request, limits)
  local status, headers, body = self._session:send(
    request.method, request.url, request.headers, request.body, limits.timeout, limits.connect_timeout)
  if not status then
    local err = headers
    err.advice = ADVICE[err.code]
    return nil, err
  end
  return { status = status, headers = headers, body = body }
end

---@param seconds number
function Transport:sleep(seconds) -- luacheck: no self
  curl.sleep(seconds)
end

function Transport:close()
  self._session:close()
end

function Transport:__tostring()
  return tostring(self._session)
end

---@param options { connect_timeout?: number, proxy?: string, ca_file?: string, max_reply_bytes?: integer,
---  allow_http?: boolean }
function M.new(options)
  return setmetatable({ _session = curl.new(options) }, Transport)
end

return M
