-- Builds the failures of a request that nginx sends. Only this module decides the field `sent` of such a failure. The
-- codes are those of libcurl, so that programs see the same codes inside and outside nginx.

local inside_nginx = require "dataworks.util.inside_nginx"
local refusal = require "dataworks.transport.refusal"

local M = {}

-- Says whether the request was sent, by the stage at which the exchange failed.
local SENT = { connecting = false, writing = "unknown", waiting = "unknown", reading = true }

local function failure(stage, kind, code, message, advice)
  return { kind = kind, sent = SENT[stage], code = code, message = message, advice = advice }
end

--- Returns a failure that happened before the first byte of the request was written.
function M.unsent_failure(kind, code, message, advice)
  return failure("connecting", kind, code, message, advice)
end

local TIMED_OUT = "CURLE_OPERATION_TIMEDOUT"

function M.deadline_passed()
  return M.unsent_failure("timeout", TIMED_OUT, "the deadline passed before the request was sent")
end

-- Connecting

local CHECK_ENDPOINT = "check the endpoint, the network and any firewall between"
local CHECK_PROXY = "check the proxy's host and port, or name the endpoint in no_proxy"
local CHECK_RESOLVER = "; also check that the name server of the directive resolver answers"

--- Returns the failure of a connection that could not be opened.
---@param err string nginx's error message
---@param is_proxy boolean whether the connection was to a proxy
---@param is_name boolean whether nginx had to resolve a name
function M.connecting_failed(err, is_proxy, is_name)
  local prefix, advice = "", CHECK_ENDPOINT
  if is_proxy then
    prefix, advice = "the proxy: ", CHECK_PROXY
  end
  local unresolved = is_proxy and "CURLE_COULDNT_RESOLVE_PROXY" or "CURLE_COULDNT_RESOLVE_HOST"
  if err == "timeout" then
    return M.unsent_failure("timeout", TIMED_OUT, prefix .. "connecting took too long",
      is_name and advice .. CHECK_RESOLVER or advice)
  elseif err:find("no resolver", 1, true) then
    return M.unsent_failure("transport", unresolved, prefix .. "nginx has no name server: " .. err,
      ("set the directive resolver in the %s block, as in: resolver 100.100.2.136 valid=60s;"):format(
        select(2, inside_nginx())))
  elseif err:find("resolve", 1, true) or err:find("DNS resolution failed", 1, true) then -- messages of nginx and Kong
    return M.unsent_failure("transport", unresolved, prefix .. err,
      "check the region or endpoint, and the directive resolver")
  end
  return M.unsent_failure("transport", "CURLE_COULDNT_CONNECT", prefix .. err, advice)
end

--- Returns the failure of a tunnel that the proxy refused. For a wrong password, some proxies reply 401 instead of 407.
---@param status integer the HTTP status of the proxy's reply to CONNECT
function M.tunnel_refused(status)
  local code = (status == 407 or status == 401) and "PROXY_AUTHENTICATION"
    or status >= 400 and status < 500 and "PROXY_REFUSED" or "PROXY_FAILED"
  return M.unsent_failure("transport", code, refusal.tunnel_message(status), refusal.ADVICE[code])
end

--- Returns the failure of a tunnel for which no valid reply arrived from the proxy.
function M.tunnel_failed(err)
  local is_timeout = err == "timeout"
  return M.unsent_failure(is_timeout and "timeout" or "transport", is_timeout and TIMED_OUT or "CURLE_RECV_ERROR",
    "the proxy: " .. err, "check the scheme and the port of the proxy's URL")
end

--- Returns the failure of a client certificate that nginx refuses.
---@param err string nginx's error message
function M.client_certificate_refused(err)
  return M.unsent_failure("invalid", "CURLE_SSL_CERTPROBLEM", "the client certificate can't be used: " .. err,
    "check that client_certificate and client_key are PEM files that belong together")
end

--- Returns the failure of a request that needs a client certificate, if the request is made in nginx's stream module.
--- This module can't send a client certificate.
function M.client_certificate_unsupported()
  return M.unsent_failure("invalid", "CURLE_SSL_CERTPROBLEM", "nginx's stream module can't show a client certificate",
    "make the call in the http block")
end

--- Returns the failure of a TLS handshake.
---@param err string nginx's error message
function M.handshake_failed(err)
  -- nginx may put the error number of an earlier handshake before the message.
  err = err:gsub("^%d+: ", "")
  if err == "timeout" then
    return M.unsent_failure("timeout", TIMED_OUT, "the TLS handshake took too long",
      "check that the endpoint's port speaks TLS")
  elseif err:find("set client", 1, true) then
    return M.client_certificate_refused(err)
  elseif err == "closed" or err:find("^no ") or err:find("failed", 1, true) then
    return M.unsent_failure("transport", "CURLE_SSL_CONNECT_ERROR", "the TLS handshake failed: " .. err,
      "check that the endpoint's port speaks TLS, and the directive lua_ssl_protocols")
  end
  return M.unsent_failure("transport", "CURLE_PEER_FAILED_VERIFICATION", "the certificate is not valid: " .. err,
    "check the endpoint and the clock; lua_ssl_trusted_certificate sets the authorities to trust, "
    .. "lua_ssl_verify_depth the length of the chain")
end

-- Writing and reading

--- Returns the failure of a request that could not be written completely. nginx's message is "closed" if the connection
--- was closed before a byte was written. On a new TLS connection, this means that the service's certificate was
--- refused: nginx then reports a successful handshake, but closes the connection (pull request 2506 of
--- lua-nginx-module).
---@param err string nginx's error message
---@param is_reused boolean whether nginx took the connection from its pool
function M.writing_failed(err, is_reused, is_tls)
  if err == "timeout" then
    return failure("writing", "timeout", TIMED_OUT, "the deadline passed while the request was sent")
  elseif err ~= "closed" then
    return failure("writing", "transport", "CURLE_SEND_ERROR", "the request could not be sent: " .. err)
  elseif is_reused or not is_tls then
    return M.unsent_failure("transport", "CURLE_SEND_ERROR", "the request could not be sent: closed")
  end
  return M.unsent_failure("transport", "CURLE_PEER_FAILED_VERIFICATION",
    "the certificate was refused, and nginx does not say why",
    "check the endpoint and the clock; lua_ssl_trusted_certificate sets the authorities to trust")
end

--- Returns the failure for a reply that is malformed or too large.
local function protocol_failure(stage, code, message)
  if message:find("the reply is larger than", 1, true) then
    return failure(stage, "protocol", "CURLE_FILESIZE_EXCEEDED", message, "max_reply_bytes sets the limit")
  end
  return failure(stage, "protocol", code, message, "check the endpoint: something else may listen on its port")
end

--- Returns the failure of a reply that could not be read completely.
---@param has_final_status boolean whether the reply's final status line was read
---@param is_reused boolean whether nginx took the connection from its pool
function M.reading_failed(cause, has_final_status, is_reused)
  local stage = has_final_status and "reading" or "waiting"
  if cause.why == "malformed" then
    return protocol_failure(stage, "CURLE_WEIRD_SERVER_REPLY", cause.message)
  elseif cause.error == "timeout" then
    return failure(stage, "timeout", TIMED_OUT, "the deadline passed before the whole reply arrived")
  elseif cause.error ~= "closed" then
    return failure(stage, "transport", "CURLE_RECV_ERROR", cause.message .. ": " .. cause.error)
  elseif has_final_status then
    return failure(stage, "transport", "CURLE_PARTIAL_FILE", cause.message)
  end
  return failure(stage, "transport", "CURLE_GOT_NOTHING",
    cause.message .. (is_reused and " (the connection was a kept one)" or ""))
end

function M.decoding_failed(message)
  return protocol_failure("reading", "CURLE_BAD_CONTENT_ENCODING", message)
end

return M
