-- Finds the proxy for a request, from the URL of the request, the options and the environment.

local core = require "dataworks.core"

local M = {}

-- The default ports of proxies, as in libcurl.
local PROXY_PORTS = { http = 1080, https = 443, socks5 = 1080, socks5h = 1080 }

local SERVICE_PORTS = { http = 80, https = 443 }

local ADVICE = "a proxy looks like http://user:password@proxy.example.com:3128; "
  .. "https://, socks5:// and socks5h:// also work"

-- Decodes the percent-encoding of a login. core.percent_decode turns "+" into a space, as in forms; a login keeps "+".
local function percent_decode(text)
  return core.percent_decode((text:gsub("+", "%%2B")))
end

--- Returns whether a text is a valid user[:password], percent-encoded.
local function is_login(text)
  return not text:find("[%c%s/?#@]") and not text:gsub("%%%x%x", ""):find("%", 1, true)
    and not percent_decode(text):find("%c")
end

--- Splits host:port. Without a port, returns the whole text and nil.
local function split_port(authority)
  local host, port = authority:match("^(.-):(%d+)$")
  return host or authority, tonumber(port)
end

--- Completes the URL of a proxy, which may lack the scheme and the port. The result has the form
--- scheme://[user[:password]@]host:port.
---@return string|nil url
---@return string|nil message does not quote the text, which may contain a password
function M.parse(text)
  local scheme, rest = text:match("^([%w+.-]+)://(.*)$")
  scheme, rest = (scheme or "http"):lower(), (rest or text):gsub("/$", "")
  if not PROXY_PORTS[scheme] then
    return nil, "the scheme of a proxy must be http, https, socks5 or socks5h"
  end
  local login, authority = rest:match("^(.*)@([^@]*)$")
  if login and not is_login(login) then
    return nil, "the user and password of a proxy must be percent-encoded: %40 for @, %2F for /"
  end
  local host, port = split_port(authority or rest)
  port = port or PROXY_PORTS[scheme]
  local is_host = host:find("^[%w_][%w_.-]*$") or host:find("^%[.*%]$") and core.parse_address(host)
  if not is_host or port < 1 or port > 65535 then
    return nil, "a proxy must be a URL with a host, and without a path"
  end
  return ("%s://%s%s:%d"):format(scheme, login and login .. "@" or "", host, port)
end

--- Encodes a login for the header Proxy-Authorization with the scheme Basic.
---@param login string user[:password], percent-encoded
function M.basic_credentials(login)
  return core.base64_encode(percent_decode(login:find(":", 1, true) and login or login .. ":"))
end

--- Returns the secret in a proxy's URL, in each form in which a message may contain it.
---@param url string as `parse` returns it, or ""
function M.secrets(url)
  local login = (url:match("//(.*)$") or url):match("^(.*)@")
  if not login then
    return {}
  end
  -- If there is no password, the user name may be a secret token.
  local secret = login:match("^[^:]*:(.*)$") or login
  return { secret, percent_decode(secret), M.basic_credentials(login) }
end

-- The environment variables to read. HTTP_PROXY is not read: in a CGI program, a client of the web server can set this
-- variable with the header "Proxy".
local VARIABLES = {
  https = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" },
  http = { "http_proxy", "all_proxy", "ALL_PROXY" },
  no_proxy = { "no_proxy", "NO_PROXY" },
}

--- Returns the value and the name of the first variable that is set and not empty.
local function from_environment(kind, getenv)
  for _, name in ipairs(VARIABLES[kind]) do
    local value = getenv(name)
    if value and value ~= "" then
      return value, name
    end
  end
end

--- Returns whether two addresses, as bytes, have the same length and the same first `bits` bits.
local function is_within(bytes, base, bits)
  local whole = math.floor(bits / 8)
  if #bytes ~= #base or bits > 8 * #base or bytes:sub(1, whole) ~= base:sub(1, whole) then
    return false
  end
  local unit = 2 ^ (8 - bits % 8)
  return bits % 8 == 0 or math.floor(bytes:byte(whole + 1) / unit) == math.floor(base:byte(whole + 1) / unit)
end

--- Returns whether an entry of no_proxy includes the host. `bytes` is the host's address, or nil if the host is a name.
local function matches(entry, host, port, bytes)
  if entry == "*" then
    return true
  end
  local range, bits = entry:match("^(.*)/(%d+)$")
  if range then
    local base = core.parse_address(range)
    return base and bytes and is_within(bytes, base, tonumber(bits))
  end
  local entry_bytes, entry_port = core.parse_address(entry), nil
  if not entry_bytes then
    entry, entry_port = split_port(entry)
    entry_bytes = core.parse_address(entry)
  end
  if entry_port and entry_port ~= port then
    return false
  elseif entry_bytes or bytes then
    return entry_bytes == bytes
  end
  local name = entry:gsub("^%*?%.", ""):gsub("%.$", "")
  return host == name or host:sub(-#name - 1) == "." .. name
end

local function is_exempt(no_proxy, host, port)
  local bytes = core.parse_address(host)
  host = host:gsub("%.$", "")
  for entry in no_proxy:lower():gmatch("[^%s,]+") do
    if matches(entry, host, port, bytes) then
      return true
    end
  end
  return false
end

--- Returns the proxy for a request. A request to a loopback host uses no proxy.
---@param url string the URL of the request
---@return string|nil proxy the complete URL of the proxy; "" means no proxy
---@return table|nil err the fields of an error
function M.find(url, options, getenv)
  local scheme, authority = url:match("^(%a+)://([^/?#]*)")
  local host, port = split_port(authority:lower())
  local proxy, source = options.proxy, "proxy"
  if not proxy then
    proxy, source = from_environment(scheme, getenv)
  end
  local no_proxy = options.no_proxy or from_environment("no_proxy", getenv) or ""
  if not proxy or proxy == "" or core.is_loopback(host)
    or is_exempt(no_proxy, host, port or SERVICE_PORTS[scheme]) then
    return ""
  end
  local full, message = M.parse(proxy)
  return full, message and { kind = "invalid", sent = false, path = source, message = message, advice = ADVICE }
end

return M
