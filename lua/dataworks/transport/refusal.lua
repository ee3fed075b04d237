-- Replies that come from before the service: of a proxy, or of a server that wants another client certificate.

local M = {}

-- nginx, and what is made of it, lets the handshake pass and then refuses every request, with these titles.
local CERTIFICATE_PAGES = {
  ["<title>400 No required SSL certificate was sent</title>"] = "the server wants a client certificate",
  ["<title>400 The SSL certificate error</title>"] = "the server refuses the client certificate",
}

---@param url string of the request
---@param proxy string URL; "" for none
---@param status integer
---@param body string
---@return { kind: string, sent: boolean, code: string, message: string }|nil failure
function M.find(url, proxy, status, body)
  if status == 407 and proxy ~= "" and url:find("^http:") then
    -- In plain http the proxy speaks in the service's place; of all its replies this one can be no other's.
    return {
      kind = "transport", sent = false, code = "PROXY_AUTHENTICATION", message = "the proxy answered HTTP 407",
    }
  elseif status == 400 and url:find("^https:") then
    for title, message in pairs(CERTIFICATE_PAGES) do
      if body:find(title, 1, true) then
        return { kind = "transport", sent = false, code = "CURLE_SSL_CLIENTCERT", message = message }
      end
    end
  end
end

return M
