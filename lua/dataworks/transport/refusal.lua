-- Recognizes replies that do not come from the service: a proxy refuses the request, or a web server in front of the
-- service refuses the client certificate.

local M = {}

M.ADVICE = {
  PROXY_AUTHENTICATION = "write user and password into the proxy's URL: http://user:password@host:port",
  PROXY_REFUSED = "ask the proxy's operator to allow this endpoint, or name it in no_proxy",
  PROXY_FAILED = "check that the proxy can reach the endpoint",
  CURLE_SSL_CLIENTCERT = "set client_certificate and client_key to a certificate that the service accepts",
}

-- The titles of nginx's error pages. If a client certificate is missing or invalid, nginx completes the TLS handshake
-- and sends such a page in reply to each request.
local CERTIFICATE_PAGES = {
  ["<title>400 No required SSL certificate was sent</title>"] = "the server wants a client certificate",
  ["<title>400 The SSL certificate error</title>"] = "the server refuses the client certificate",
}

-- The title is within this many bytes of the beginning of the page.
local MAX_HEAD_BYTES = 4096

local function failure(code, message)
  return { kind = "transport", sent = false, code = code, message = message, advice = M.ADVICE[code] }
end

--- Returns the message for a proxy that refused to open a tunnel.
---@param status integer the HTTP status of the proxy's reply to CONNECT
function M.tunnel_message(status)
  return ("the proxy answered HTTP %d when asked for a connection to the service"):format(status)
end

--- Returns a failure if a reply is such a refusal, else nil.
---@param request { url: string }
---@param proxy string the proxy's URL; "" means no proxy
function M.find(request, proxy, status, body)
  if status == 407 and proxy ~= "" and request.url:find("^http:") then
    -- For plain http, the proxy sends its refusal as a reply to the request. Only a proxy sends this status.
    return failure("PROXY_AUTHENTICATION", "the proxy answered HTTP 407")
  elseif status == 400 and request.url:find("^https:") then
    local head = body:sub(1, MAX_HEAD_BYTES)
    for title, message in pairs(CERTIFICATE_PAGES) do
      if head:find(title, 1, true) then
        return failure("CURLE_SSL_CLIENTCERT", message)
      end
    end
  end
end

return M
