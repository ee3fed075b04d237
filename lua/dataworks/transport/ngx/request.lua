-- What is written of a request.

local base64 = require "dataworks.util.base64"
local inflate = require "dataworks.transport.inflate"
local percent = require "dataworks.util.percent"

local M = {}

local function authorization(login)
  local pair = login:find(":", 1, true) and login or login .. ":"
  return "Basic " .. base64.encode(percent.decode(pair))
end

--- The header for a proxy with a login, with its line break.
---@param proxy table
---@return string
function M.proxy_header(proxy)
  return proxy.login and "Proxy-Authorization: " .. authorization(proxy.login) .. "\r\n" or ""
end

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

---@param request { method: string, headers: table<string, string>, body: string }
---@param target dataworks.NgxTarget
---@param path string
---@return string|nil bytes
---@return table|nil failure
function M.compose(request, target, path)
  local absolute = target.proxy and target.scheme == "http"
  local parts, count = { request.method, absolute and " http://" .. target.authority or " ", path, " HTTP/1.1" }, 4
  local has_host, has_encoding = false, false
  for name, value in pairs(request.headers) do
    local lower = lower_name(name)
    local wrong = malformed_header(lower, value)
    if wrong then
      return nil, { kind = "invalid", sent = false, message = wrong, code = "CURLE_BAD_FUNCTION_ARGUMENT" }
    end
    has_host, has_encoding = has_host or lower == "host", has_encoding or lower == "accept-encoding"
    parts[count + 1], parts[count + 2], parts[count + 3], parts[count + 4] = "\r\n", name, ": ", value
    count = count + 4
  end
  parts[count + 1] = has_host and "" or "\r\nHost: " .. target.authority
  parts[count + 2] = (has_encoding or not inflate.available()) and "" or "\r\nAccept-Encoding: gzip"
  parts[count + 3] = request.method == "GET" and request.body == "" and "\r\n"
    or ("\r\nContent-Length: %d\r\n"):format(#request.body)
  parts[count + 4] = absolute and M.proxy_header(target.proxy) or ""
  parts[count + 5], parts[count + 6] = "\r\n", request.body
  return table.concat(parts)
end

return M
