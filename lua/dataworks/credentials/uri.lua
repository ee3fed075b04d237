-- Fetches credentials from a URI. The service at the URI is on this machine, or on another machine that is reached
-- through https.

local cache = require "dataworks.credentials.cache"
local core = require "dataworks.core"
local exchange = require "dataworks.credentials.exchange"
local failures = require "dataworks.util.credential_failure"
local reply_parser = require "dataworks.credentials.reply"

local M = {}

local VARIABLE = "ALIBABA_CLOUD_CREDENTIALS_URI"

--- Returns whether an authority is a loopback host. An authority with a user name is never one:
--- "localhost:x@example.com" names the host example.com.
local function is_loopback(authority)
  local host = authority:match("^(%[[^%]@]*%]):?%d*$") or authority:match("^([^:@]+)$")
    or authority:match("^([^:@]+):%d*$")
  return host ~= nil and core.is_loopback(host)
end

--- Checks the URI. Refuses plain http to another machine. A request to this machine uses no proxy.
local function limits_for(uri, host)
  local scheme, authority = uri:match("^(%a+)://([^/?#]+)")
  scheme = (scheme or ""):lower()
  if scheme == "https" then
    return {}
  elseif scheme ~= "http" then
    return nil, failures.new "it is not an http:// or https:// URL"
  elseif not host.allow_http and not is_loopback(authority) then
    return nil, failures.new(exchange.origin(uri) .. " would send the credentials unencrypted",
      "use an https:// URI, or set allow_http = true")
  end
  return { proxy = "" }
end

local function build(self)
  return exchange.build_request(self.host, "GET", self.uri)
end

local function fetch(self, deadline)
  self.uri = self.fields.uri or self.host.getenv(VARIABLE)
  if not self.uri then
    return nil, failures.not_configured(VARIABLE .. " is not set")
  end
  local limits, failure = limits_for(self.uri, self.host)
  local answer
  if limits then
    answer, failure = exchange.fetch_object(self.host, deadline, build, self, limits)
  end
  if not answer then
    return nil, failure
  elseif answer.Code ~= nil and answer.Code ~= "Success" then
    return nil, failures.new "the answer's Code is not Success"
  end
  return reply_parser.parse_credentials(answer, reply_parser.PASCAL)
end

function M.new(fields, host)
  return cache.new("uri", host, fetch, { fields = fields, host = host })
end

return M
