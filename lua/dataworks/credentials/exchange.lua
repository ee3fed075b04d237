-- Makes one HTTP exchange for a provider. The exchange has a time limit of its own, and also ends at the call's
-- deadline.

local failures = require "dataworks.util.credential_failure"
local reply_parser = require "dataworks.credentials.reply"

local M = {}

local TIMEOUT, CONNECT_TIMEOUT = 10, 5

-- The kinds of failures after which the request is not sent again.
local FINAL = { timeout = true, cancelled = true }

--- Returns "https://host:port" of a URL, for messages. The user, path and query of the URL may be secret.
function M.origin(url)
  local scheme, authority = url:match("^(%a+://)([^/?#]*)")
  return scheme and scheme .. (authority:match("^.*@(.*)$") or authority) or "its address"
end

--- Builds a request.
---@param headers? table<string, string> headers in addition to accept and user-agent
function M.build_request(host, method, url, headers, body)
  headers = headers or {}
  headers.accept, headers["user-agent"] = "application/json", host.user_agent
  return { method = method, url = url, headers = headers, body = body or "" }
end

--- Sends a request. After a failure that may be temporary, sends a second request. This is safe even if the service
--- answered the first request, because the credentials of that reply are never used.
---@return table|nil reply
---@return dataworks.CredentialFailure|nil
---@return table|nil request the last request that was sent
local function send(host, deadline, build, subject, limits)
  local call_ends_first = deadline - host.clock() < TIMEOUT
  local request, reply, lost
  for attempt = 1, 2 do
    local left = math.min(TIMEOUT, deadline - host.clock())
    if left <= 0 then
      return nil, failures.cut_short "the deadline of the call passed"
    end
    request, lost = build(subject)
    if not request then
      return nil, lost
    end
    reply, lost = host:http(request, {
      timeout = left, connect_timeout = math.min(CONNECT_TIMEOUT, left), proxy = limits and limits.proxy,
    })
    if reply and (attempt == 2 or reply.status < 500) then
      return reply, nil, request
    elseif lost and FINAL[lost.kind] then
      break
    end
  end
  local message = (lost.path and lost.path .. ": " or "") .. lost.message
  local failure = failures.new(("%s: %s"):format(M.origin(request.url), message), lost.advice)
  failure.code, failure.cut_short = lost.code, lost.kind == "timeout" and call_ends_first
  return nil, failures.of_request(failure, lost)
end

--- Sends a request, and decodes the JSON object in a reply with HTTP status 200.
---@param build fun(subject: table): table|nil, dataworks.CredentialFailure|nil builds a new request for each attempt
---@return table|nil object
---@return dataworks.CredentialFailure|nil
---@return table|nil reply the reply, if its status is not 200
function M.fetch_object(host, deadline, build, subject, limits)
  local reply, failure, request = send(host, deadline, build, subject, limits)
  if not reply then
    return nil, failure
  elseif reply.status ~= 200 then
    return nil, failures.new(("%s answered with HTTP %d"):format(M.origin(request.url), reply.status)), reply, request
  end
  return reply_parser.parse_object(reply.body)
end

return M
