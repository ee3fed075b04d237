-- Credentials from a URI: a service on this machine or beside it that hands them out.

local cache = require "dataworks.credentials.cache"
local exchange = require "dataworks.credentials.exchange"
local failures = require "dataworks.util.credential_failure"
local reply_of = require "dataworks.credentials.reply"

local M = { FIELDS = { uri = "text" } }

local VARIABLE = "ALIBABA_CLOUD_CREDENTIALS_URI"

local function is_loopback(authority)
  local name = authority:match("^(%[[%x:]+%])") or authority:match("^[^:]*")
  return name == "localhost" or name == "[::1]" or name:find("^127%.%d+%.%d+%.%d+$") ~= nil
end

--- In the clear only where nobody can listen, and never through a proxy.
local function limits_for(uri, host)
  local scheme, authority = uri:match("^(%a+)://([^/?#]+)")
  scheme = (scheme or ""):lower()
  if scheme == "https" then
    return {}
  elseif scheme ~= "http" then
    return nil, failures.new "it is no http:// or https:// URL"
  elseif not host.allow_http and not is_loopback(authority) then
    return nil, failures.new(exchange.origin(uri) .. " would hand them out in the clear",
      "use an https:// URI, or set allow_http = true")
  end
  return { proxy = "" }
end

local function fetch(uri, host, deadline)
  local limits, failure = limits_for(uri, host)
  local reply, answer
  if limits then
    reply, failure = exchange.send(host, deadline, function()
      return {
        method = "GET", url = uri, body = "",
        headers = { accept = "application/json", ["user-agent"] = host.user_agent },
      }
    end, limits)
  end
  if reply and reply.status ~= 200 then
    failure = failures.new(("%s answered with HTTP %d"):format(exchange.origin(uri), reply.status))
  elseif reply then
    answer, failure = reply_of.object(reply.body)
  end
  if not answer then
    return nil, failure
  elseif answer.Code ~= nil and answer.Code ~= "Success" then
    return nil, failures.new "the answer's Code is not Success"
  end
  return reply_of.credentials(answer, reply_of.PASCAL)
end

---@param fields table
---@param host dataworks.CredentialHost
---@return dataworks.Provider
function M.new(fields, host)
  return cache.new("uri", function(deadline)
    local uri = fields.uri or host.getenv(VARIABLE)
    if not uri then
      return nil, failures.absent(VARIABLE .. " is not set")
    end
    return fetch(uri, host, deadline)
  end, host)
end

return M
