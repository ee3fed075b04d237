-- Where a URL leads: the service's scheme, host and port, and the proxy on the way. A URL that leads nowhere raises the
-- failure.

local core = require "dataworks.core"
local outcome = require "dataworks.transport.ngx.outcome"

local M = {}

---@class dataworks.NgxTarget
---@field scheme "http"|"https"
---@field host string without brackets
---@field authority string as in the URL
---@field proxy false|{ login: string|nil, tunnel_to: string|nil } login percent-encoded; host:port for CONNECT
---@field peer { host: string, port: integer, is_name: boolean } what a socket connects to: the proxy or the service
---@field origin string scheme, host and port
---@field pools table<string, table> options of connect by the name of the client certificate

local PORTS = { http = 80, https = 443 }

local function split_host(authority, scheme)
  local host, port = authority:match("^%[([%x:.]+)%]:?(%d*)$")
  if not host then
    local rest
    host, rest = authority:match("^([^:%[%]]+)(.*)$")
    port = host and rest:match("^:?(%d*)$")
    host = port and host
  end
  return host, port ~= "" and tonumber(port) or PORTS[scheme]
end

local function with_brackets(host)
  return host:find(":", 1, true) and "[" .. host .. "]" or host
end

local function new_peer(host, port)
  local is_name = not core.parse_address(host)
  if is_name and core.is_loopback(host) then
    -- nginx's resolver does not read /etc/hosts.
    return { host = "127.0.0.1", port = port, is_name = false }
  end
  return { host = with_brackets(host), port = port, is_name = is_name }
end

local function refuse_url()
  error(outcome.not_sent("invalid", "CURLE_URL_MALFORMAT",
    "the URL must be http:// or https:// and a host, without a user name or spaces",
    "an endpoint looks like https://dataworks.cn-shanghai.aliyuncs.com"), 0)
end

--- Sets the proxy of a target; transport/proxy has checked its URL.
local function set_proxy(target, url, port)
  local scheme, rest = url:match("^(%w+)://(.*)$")
  if scheme ~= "http" then
    local failure = outcome.not_sent("invalid", nil, ("inside nginx a proxy must be http://, not %s://"):format(scheme),
      "name an http proxy, or reach the endpoint directly (proxy = \"\")")
    failure.path = "proxy"
    error(failure, 0)
  end
  local login, authority = rest:match("^(.*)@([^@]*)$")
  target.peer = new_peer(split_host(authority or rest, scheme))
  target.proxy = {
    login = login, tunnel_to = target.scheme == "https" and ("%s:%d"):format(with_brackets(target.host), port) or nil,
  }
end

local function parse(scheme, authority, proxy_url, allow_http)
  local host, port = split_host(authority, scheme)
  if not host or authority:find("@", 1, true) or port < 1 or port > 65535 then
    refuse_url()
  end
  local is_loopback = core.is_loopback(host)
  if scheme == "http" and not is_loopback and not allow_http then
    error(outcome.not_sent("invalid", "CURLE_UNSUPPORTED_PROTOCOL",
      "plain http is refused: the host is not loopback", "use an https:// endpoint, or set allow_http = true"), 0)
  end
  local target = {
    scheme = scheme, host = host, authority = authority, proxy = false, peer = new_peer(host, port),
    origin = ("%s://%s:%d"):format(scheme, host, port), pools = {},
  }
  if proxy_url ~= "" and not is_loopback then
    set_proxy(target, proxy_url, port)
  end
  return target
end

local FORBIDDEN_IN_PATH = { " ", "#", "\r", "\n", "\t", "\0" }

--- Plain searches: a pattern takes several times as long on a long path.
local function is_path(path)
  for i = 1, #FORBIDDEN_IN_PATH do
    if path:find(FORBIDDEN_IN_PATH[i], 1, true) then
      return false
    end
  end
  return true
end

local MAX_CACHED = 64

-- By transport, and not in its fields: targets hold the logins of proxies.
local caches = setmetatable({}, { __mode = "k" })

---@param transport table with options.allow_http
---@param url string
---@param proxy_url string "" for none
---@return dataworks.NgxTarget target
---@return string path with the query
function M.find(transport, url, proxy_url)
  local _, stop, scheme, authority = url:find("^(https?)://([^/?#%s%c]+)")
  local path = url:sub((stop or 0) + 1)
  if not stop or not is_path(path) then
    refuse_url()
  end
  local cache = caches[transport] or { count = 0 }
  local key = url:sub(1, stop) .. " " .. proxy_url
  local target = cache[key]
  if not target then
    target = parse(scheme, authority, proxy_url, transport.options.allow_http)
    if cache.count < MAX_CACHED then
      cache.count, cache[key], caches[transport] = cache.count + 1, target, cache
    end
  end
  return target, path:sub(1, 1) == "/" and path or "/" .. path
end

return M
