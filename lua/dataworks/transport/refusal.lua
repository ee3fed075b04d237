-- Refusals that come from before the service: from a proxy, or from a server that wants another client certificate.

local M = {}

M.ADVICE = {
  PROXY_AUTHENTICATION = "write user and password into the proxy's URL: http://user:password@host:port",
  PROXY_REFUSED = "ask the proxy's operator to allow this endpoint, or name it in no_proxy",
  PROXY_FAILED = "check that the proxy can reach the endpoint",
  CURLE_SSL_CLIENTCERT = "set client_certificate and client_key to a certificate that the service accepts",
}

-- nginx and its derivatives complete the handshake and then answer every request with one of these titles.
local CERTIFICATE_PAGES = {
  ["<title>400 No required SSL certificate was sent</title>"] = "the server wants a client certificate",
  ["<title>400 The SSL certificate error</title>"] = "the server refuses the client certificate",
}

-- Their titles stand at the beginning of the page.
local MAX_HEAD_BYTES = 4096

local function failure(code, message)
  return { kind = "transport", sent = false, code = code, message = message, advice = M.ADVICE[code] }
end

---@param status integer of the proxy's reply to CONNECT
---@return string
function M.tunnel_message(status)
  return ("the proxy answered HTTP %d when asked for a connection to the service"):format(status)
end

---@param url string of the request
---@param proxy string URL; "" for none
---@param status integer
---@param body string
---@return { kind: string, sent: boolean, code: string, message: string, advice: string }|nil failure
function M.find(url, proxy, status, body)
  if status == 407 and proxy ~= "" and url:find("^http:") then
    -- Over plain http a proxy's reply looks like the service's; only a proxy sends this status.
    return failure("PROXY_AUTHENTICATION", "the proxy answered HTTP 407")
  elseif status == 400 and url:find("^https:") then
    local head = body:sub(1, MAX_HEAD_BYTES)
    for title, message in pairs(CERTIFICATE_PAGES) do
      if head:find(title, 1, true) then
        return failure("CURLE_SSL_CLIENTCERT", message)
      end
    end
  end
end

return M
