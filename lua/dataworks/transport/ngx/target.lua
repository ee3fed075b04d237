-- Parses the URL of a request into a target: the scheme, host and port of the service, and the proxy to use. Raises the
-- failure as a table if the URL or the proxy is unusable.

local core = require "dataworks.core"
local outcome = require "dataworks.transport.ngx.outcome"

local M = {}

---@class dataworks.NgxTarget
---@field scheme "http"|"https"
---@field host string without the brackets of an IPv6 address
---@field authority string the host and port, as written in the URL
---@field proxy false|{ login: string|nil, tunnel_to: string|nil } `login` is user:password, percent-encoded.
---  `tunnel_to` is the host:port that a CONNECT request names.
---@field peer { host: string, port: integer, is_name: boolean } the proxy or the service, to which a socket connects
---@field origin string the scheme, host and port of the service
---@field pools table<string, table> options for the socket's `connect`, by the name of the client certificate

local PORTS = { http = 80, https = 443 }

--- Splits an authority into its host and port. Without a port in it, returns the default port of the scheme. The host
--- is nil if the authority is malformed.
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
  error(outcome.unsent_failure("invalid", "CURLE_URL_MALFORMAT",
    "the URL must be http:// or https:// and a host, without a user name or spaces",
    "an endpoint looks like https://dataworks.cn-shanghai.aliyuncs.com"), 0)
end

--- Sets the proxy of a target. transport/proxy.lua has already checked the proxy's URL.
local function set_proxy(target, url, port)
  local scheme, rest = url:match("^(%w+)://(.*)$")
  if scheme ~= "http" then
    local failure = outcome.unsent_failure("invalid", nil,
      ("inside nginx a proxy must be http://, not %s://"):format(scheme),
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
    error(outcome.unsent_failure("invalid", "CURLE_UNSUPPORTED_PROTOCOL",
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

local FORBIDDEN_IN_PATH = { " ", "#", "\127" }
for control = 0, 31 do
  FORBIDDEN_IN_PATH[#FORBIDDEN_IN_PATH + 1] = string.char(control)
end

--- Returns whether a path has no forbidden character. On long paths, these plain searches are faster than a pattern.
local function is_path(path)
  for i = 1, #FORBIDDEN_IN_PATH do
    if path:find(FORBIDDEN_IN_PATH[i], 1, true) then
      return false
    end
  end
  return true
end

local MAX_CACHED = 64

-- The targets that each transport has parsed. They are not in a field of the transport, because they contain the
-- passwords of proxies.
local caches = setmetatable({}, { __mode = "k" })

--- Returns the target of a URL, from a cache if possible.
---@param transport table has options.allow_http
---@param proxy_url string "" means no proxy
---@return dataworks.NgxTarget target
---@return string path the rest of the URL: path and query
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
