-- One HTTP exchange of a provider, within its own time and the caller's.

local failures = require "dataworks.util.credential_failure"

local M = {}

local TIMEOUT, CONNECT_TIMEOUT = 10, 5

-- Failures after which there is no second try.
local ENDS = { timeout = true, cancelled = true }

--- "https://host:port" of a URL: the rest of it may be secret.
---@param url string
---@return string
function M.origin(url)
  local scheme, authority = url:match("^(%a+://)([^/?#]*)")
  return scheme and scheme .. authority:match("[^@]*$") or "its address"
end

---@param host dataworks.CredentialHost
---@param deadline number
---@param build fun(): table|nil, table|nil the request, made anew for each attempt
---@param limits? { proxy?: string }
---@return table|nil reply
---@return table|nil failure
function M.send(host, deadline, build, limits)
  local began = host.clock()
  local request, wrong, reply, lost
  for attempt = 1, 2 do
    local left = math.min(TIMEOUT, deadline - host.clock())
    if left <= 0 then
      return nil, failures.hurried(failures.new "the deadline of the call passed")
    end
    request, wrong = build()
    if not request then
      return nil, wrong
    end
    reply, lost = host.http(request, {
      timeout = left, connect_timeout = math.min(CONNECT_TIMEOUT, left), proxy = limits and limits.proxy,
    })
    -- Asking twice is safe: it gives other credentials, and the first ones are never used.
    if attempt == 2 or lost and ENDS[lost.kind] or reply and reply.status < 500 then
      break
    end
  end
  if not reply then
    local message = (lost.path and lost.path .. ": " or "") .. lost.message
    local failure = failures.new(("%s: %s"):format(M.origin(request.url), message), lost.advice)
    failure.code = lost.code
    failure.hurried = lost.kind == "timeout" and deadline - began < TIMEOUT
    return nil, failures.of_call(failure, lost)
  end
  return reply
end

return M
