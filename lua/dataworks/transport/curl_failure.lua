-- Builds the failures of the curl transport: decides whether the request was sent, and adds a line of advice.

local refusal = require "dataworks.transport.refusal"

local M = {}

-- The options whose values are paths of files.
M.FILES = { "ca_file", "client_certificate", "client_key" }

local NOT_HTTP_ADVICE = "check the endpoint: something else than the service may listen on its port"

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
  CURLE_FILESIZE_EXCEEDED = "max_reply_bytes sets the limit",
  CURLE_WEIRD_SERVER_REPLY = NOT_HTTP_ADVICE,
}

-- Advice for a failure to connect to an endpoint on 127.0.0.1.
local EMULATOR_ADVICE = "Check the endpoint. If it is the emulator, start it: dataworks emulator -- COMMAND runs a "
  .. "command with a new emulator."

-- Advice for a failure to connect to a proxy.
local PROXY_ADVICE = {
  CURLE_COULDNT_CONNECT = "check the proxy's host and port, or name the endpoint in no_proxy",
  CURLE_OPERATION_TIMEDOUT = "check the proxy's host and port, or name the endpoint in no_proxy",
  CURLE_PEER_FAILED_VERIFICATION = "check the proxy's host and the clock; a private CA goes into ca_file",
  CURLE_SSL_CONNECT_ERROR = "check that the proxy's port speaks TLS (https://), and min_tls",
  CURLE_RECV_ERROR = "check the scheme and the port of the proxy's URL",
}

-- Says whether a request without a result was sent, by the state of its transfer. For a request in flight, libcurl has
-- the answer. "unknown" means that an interruption, such as Ctrl-C, has lost the result.
local SENT = { queued = false, starting = "unknown", collected = "unknown" }

--- Returns the failure of a request for which libcurl has no result.
---@param state "queued"|"starting"|"collected" the state of the transfer
function M.without_result(state, kind, message, code)
  return { kind = kind, sent = SENT[state], message = message, code = code }
end

--- If a file can't be read, makes the failure name its option and path. libcurl names only some files.
local function name_unreadable_file(err, files)
  for _, name in ipairs(M.FILES) do
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

--- If the proxy caused the failure, makes the message name the proxy. A SOCKS proxy sends no HTTP status, so most of
--- its failures look like failures of the service.
local function name_proxy(err, proxy)
  if err.proxy_status and err.proxy_status >= 300 then
    err.message = refusal.tunnel_message(err.proxy_status)
  elseif PROXY_ADVICE[err.code] and not err.proxy_status
    and (err.code == "CURLE_COULDNT_CONNECT" or not proxy:find("^socks")) then
    err.message, err.advice = "the proxy: " .. err.message, PROXY_ADVICE[err.code]
  end
end

--- Adds advice to a failure of libcurl, and names the file or the proxy that caused it.
---@param err table the failure, which is changed
---@param proxy string the URL of the proxy; "" means no proxy
---@param files table<string, string> the paths of files by the names of their options
function M.explain(err, proxy, files)
  err.advice = ADVICE[err.code] or refusal.ADVICE[err.code]
  if err.code == "CURLE_UNSUPPORTED_PROTOCOL" and err.kind == "protocol" then -- libcurl takes any text for HTTP/0.9
    err.message, err.advice = "the reply is not HTTP", NOT_HTTP_ADVICE
  end
  if err.code == "CURLE_COULDNT_CONNECT" and err.message:find("127.0.0.1", 1, true) then
    err.advice = EMULATOR_ADVICE
  end
  if err.sent == false and proxy ~= "" then
    name_proxy(err, proxy)
  end
  if err.code == "CURLE_SSL_CACERT_BADFILE" or err.code == "CURLE_SSL_CERTPROBLEM" then
    name_unreadable_file(err, files)
  end
  err.proxy_status = nil
  return err
end

return M
