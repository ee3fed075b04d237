-- Composes the bytes of a request.

local header = require "dataworks.transport.http1.header"
local inflate = require "dataworks.transport.inflate"
local outcome = require "dataworks.transport.ngx.outcome"
local proxies = require "dataworks.transport.proxy"

local M = {}

--- Returns the header line that authenticates a request to a proxy, with its line break. Returns "" if the proxy has no
--- login.
function M.proxy_header(proxy)
  return proxy.login and "Proxy-Authorization: Basic " .. proxies.basic_credentials(proxy.login) .. "\r\n" or ""
end

--- Returns the reason why a header can't be sent, or nil if it can.
local function find_fault(lower_name, value)
  if not lower_name then
    return "a header name has a character that HTTP doesn't allow"
  elseif value:find("\r", 1, true) or value:find("\n", 1, true) or value:find("\0", 1, true) then
    return "a header value has a CR, LF or NUL in it"
  elseif lower_name == "content-length" or lower_name == "transfer-encoding" then
    return "content-length and transfer-encoding are written by the transport"
  end
end

--- Returns the bytes of a request. Raises the failure as a table if a header can't be sent.
---@param path string path and query
function M.compose(request, target, path)
  local is_absolute = target.proxy and target.scheme == "http"
  local parts, count = { request.method, is_absolute and " http://" .. target.authority or " ", path, " HTTP/1.1" }, 4
  local has_host, has_encoding = false, false
  for name, value in pairs(request.headers) do
    local lower = header.lower_name(name)
    local fault = find_fault(lower, value)
    if fault then
      error(outcome.unsent_failure("invalid", "CURLE_BAD_FUNCTION_ARGUMENT", fault), 0)
    end
    has_host, has_encoding = has_host or lower == "host", has_encoding or lower == "accept-encoding"
    parts[count + 1], parts[count + 2], parts[count + 3], parts[count + 4] = "\r\n", name, ": ", value
    count = count + 4
  end
  parts[count + 1] = has_host and "" or "\r\nHost: " .. target.authority
  parts[count + 2] = (has_encoding or not inflate.is_available()) and "" or "\r\nAccept-Encoding: gzip"
  parts[count + 3] = request.method == "GET" and request.body == "" and "\r\n"
    or ("\r\nContent-Length: %d\r\n"):format(#request.body)
  parts[count + 4] = is_absolute and M.proxy_header(target.proxy) or ""
  parts[count + 5], parts[count + 6] = "\r\n", request.body
  return table.concat(parts)
end

return M
