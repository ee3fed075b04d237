-- Decides which proxy a request uses, from its URL, the options and the environment.

local core = require "dataworks.core"

local M = {}

-- libcurl's defaults.
local PROXY_PORTS = { http = 1080, https = 443, socks5 = 1080, socks5h = 1080 }

local SERVICE_PORTS = { http = 80, https = 443 }

local ADVICE = "a proxy looks like http://user:password@proxy.example.com:3128; "
  .. "https://, socks5:// and socks5h:// also work"

-- core.percent_decode reads forms, where "+" is a space. In a login it is a plus.
local function percent_decode(text)
  return core.percent_decode((text:gsub("+", "%%2B")))
end

local function is_login(text)
  return not text:find("[%c%s/?#@]") and not text:gsub("%%%x%x", ""):find("%", 1, true)
    and not percent_decode(text):find("%c")
end

local function split_port(authority)
  local host, port = authority:match("^(.-):(%d+)$")
  return host or authority, tonumber(port)
end

--- Completes a proxy's URL: scheme://[user[:password]@]host:port.
---@param text string
---@return string|nil url
---@return string|nil message contains nothing of the text, which may hold a password
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

--- The credentials of HTTP's Basic scheme.
---@param login string user[:password], percent-encoded
---@return string
function M.basic_credentials(login)
  return core.base64_encode(percent_decode(login:find(":", 1, true) and login or login .. ":"))
end

--- The secret of a proxy's URL in each form that a text may contain.
---@param url string from parse, or ""
---@return string[]
function M.secrets(url)
  local login = (url:match("//(.*)$") or url):match("^(.*)@")
  if not login then
    return {}
  end
  -- A user without a password is a token.
  local secret = login:match("^[^:]*:(.*)$") or login
  return { secret, percent_decode(secret), M.basic_credentials(login) }
end

-- HTTP_PROXY is not read: a web server sets it from the header Proxy of any request.
local VARIABLES = {
  https = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" },
  http = { "http_proxy", "all_proxy", "ALL_PROXY" },
  no_proxy = { "no_proxy", "NO_PROXY" },
}

--- Returns the first variable that is not empty, and its name.
local function from_environment(kind, getenv)
  for _, name in ipairs(VARIABLES[kind]) do
    local value = getenv(name)
    if value and value ~= "" then
      return value, name
    end
  end
end

--- Whether both addresses are of one family and share their first `bits`.
local function is_within(bytes, base, bits)
  local whole = math.floor(bits / 8)
  if #bytes ~= #base or bits > 8 * #base or bytes:sub(1, whole) ~= base:sub(1, whole) then
    return false
  end
  local unit = 2 ^ (8 - bits % 8)
  return bits % 8 == 0 or math.floor(bytes:byte(whole + 1) / unit) == math.floor(base:byte(whole + 1) / unit)
end

--- Whether an entry of no_proxy includes the host; `bytes` when the host is an address.
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

--- The proxy for a request. A request to a loopback host uses none.
---@param url string of the request
---@param options { proxy?: string, no_proxy?: string }
---@param getenv fun(name: string): string|nil
---@return string|nil proxy complete URL; "" for none
---@return table|nil err fields of an error
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
