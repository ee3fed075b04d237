-- Which proxy a request goes through: worked out from its URL, the options and the environment, and from nothing else.

local lazy = require "dataworks.util.lazy"
local address = lazy "dataworks.transport.ip_address"
local base64 = lazy "dataworks.util.base64"

local M = {}

-- What libcurl takes for a port that is left out.
local PORTS = { http = 1080, https = 443, socks5 = 1080, socks5h = 1080 }

local SERVICE_PORTS = { http = 80, https = 443 }

local ADVICE = "a proxy looks like http://user:password@proxy.example.com:3128; "
  .. "https://, socks5:// and socks5h:// are known too"

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local function is_login(text)
  return not text:find("[%c%s/?#@]") and not text:gsub("%%%x%x", ""):find("%", 1, true)
    and not unescape(text):find("%c")
end

local function split_port(authority)
  local host, port = authority:match("^(.-):(%d+)$")
  return host or authority, tonumber(port)
end

--- A proxy's URL in full: scheme://[user[:password]@]host:port.
---@param text string
---@return string|nil url
---@return string|nil wrong without anything of the text in it, which may hold a password
function M.parse(text)
  local scheme, rest = text:match("^([%w+.-]+)://(.*)$")
  scheme, rest = (scheme or "http"):lower(), (rest or text):gsub("/$", "")
  if not PORTS[scheme] then
    return nil, "the scheme of a proxy must be http, https, socks5 or socks5h"
  end
  local login, authority = rest:match("^(.*)@([^@]*)$")
  if login and not is_login(login) then
    return nil, "the user and password of a proxy must be percent-encoded: %40 for @, %2F for /"
  end
  local host, port = split_port(authority or rest)
  port = port or PORTS[scheme]
  local named = host:find("^[%w_][%w_.-]*$") or host:find("^%[.*%]$") and address.parse(host)
  if not named or port < 1 or port > 65535 then
    return nil, "a proxy must be a URL with a host, and without a path"
  end
  return ("%s://%s%s:%d"):format(scheme, login and login .. "@" or "", host, port)
end

--- What of a proxy's URL no text may show, in the forms it may take on the way.
---@param proxy string of parse, or ""
---@return string[]
function M.secrets(proxy)
  local login = proxy:match("//(.*)@")
  if not login then
    return {}
  end
  -- A user alone is a token.
  local secret = login:match("^[^:]*:(.*)$") or login
  local pair = login:find(":", 1, true) and login or login .. ":"
  return { secret, unescape(secret), base64.encode(unescape(pair)) }
end

-- Upper-case HTTP_PROXY is not looked at: a web server sets it from a header (Proxy) of whoever calls.
local VARIABLES = {
  https = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" },
  http = { "http_proxy", "all_proxy", "ALL_PROXY" },
  no_proxy = { "no_proxy", "NO_PROXY" },
}

--- The first that is set and not empty, and its name.
local function from_environment(what, getenv)
  for _, name in ipairs(VARIABLES[what]) do
    local value = getenv(name)
    if value and value ~= "" then
      return value, name
    end
  end
end

--- Is the host at this port what an entry of no_proxy stands for?
local function matches(entry, host, port, bytes)
  if entry == "*" then
    return true
  end
  local first, bits = entry:match("^(.*)/(%d+)$")
  if first then
    local base = address.parse(first)
    return base and bytes and address.within(bytes, base, tonumber(bits))
  end
  local own, own_port = address.parse(entry), nil
  if not own then
    entry, own_port = split_port(entry)
    own = address.parse(entry)
  end
  if own_port and own_port ~= port then
    return false
  elseif own or bytes then
    return own and bytes and address.within(bytes, own, 8 * #own)
  end
  local name = entry:gsub("^%*?%.", ""):gsub("%.$", "")
  return host == name or host:sub(-#name - 1) == "." .. name
end

--- Does no_proxy, a list with commas or blanks between its entries, name this host?
local function is_exempt(list, host, port, bytes)
  for entry in list:lower():gmatch("[^%s,]+") do
    if matches(entry, host, port, bytes) then
      return true
    end
  end
  return false
end

local LOOPBACK = { 127, 0, 0, 0 }
local LOOPBACK_IPV6 = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }

-- A request to this machine never leaves it, whatever a proxy is set for.
local function is_loopback(host, bytes)
  return host == "localhost"
    or bytes and (address.within(bytes, LOOPBACK, 8) or address.within(bytes, LOOPBACK_IPV6, 128))
end

--- The proxy for a request.
---@param url string of the request
---@param options { proxy?: string, no_proxy?: string }
---@param getenv fun(name: string): string|nil
---@return string|nil proxy in full; "" for none
---@return table|nil err fields of an error
function M.find(url, options, getenv)
  local scheme, authority = url:match("^(%a+)://([^/?#]*)")
  local host, port = split_port(authority:lower())
  local bytes = address.parse(host)
  host, port = host:gsub("%.$", ""), port or SERVICE_PORTS[scheme]
  local proxy, source = options.proxy, "proxy"
  if not proxy then
    proxy, source = from_environment(scheme, getenv)
  end
  local no_proxy = options.no_proxy or from_environment("no_proxy", getenv) or ""
  if not proxy or proxy == "" or is_loopback(host, bytes) or is_exempt(no_proxy, host, port, bytes) then
    return ""
  end
  local full, wrong = M.parse(proxy)
  return full, wrong and { kind = "invalid", sent = false, path = source, message = wrong, advice = ADVICE }
end

return M
