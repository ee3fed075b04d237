-- Fetches the credentials of the RAM role of this ECS instance from the instance's metadata service (IMDS). A fetch
-- takes at most one second, and never uses a proxy.

local cache = require "dataworks.credentials.cache"
local core = require "dataworks.core"
local endpoints = require "dataworks.api.endpoints"
local failures = require "dataworks.util.credential_failure"
local reply_parser = require "dataworks.credentials.reply"
local variables = require "dataworks.credentials.variables"

local M = {}

local ENDPOINT = "http://100.100.100.200"
local ROLES = "/latest/meta-data/ram/security-credentials/"

local TIMEOUT = 1

-- The part of TIMEOUT that the request for a token may take. The rest is left for a request without a token.
local TOKEN_PART = 0.6

local TOKEN_SECONDS = 21600
local TOKEN_HEADER = "x-aliyun-ecs-metadata-token"

-- Seconds until the next fetch after a failure. A machine that has no metadata service is unlikely to get one.
local PAUSE = 60

---@class dataworks.Metadata one fetch of credentials, which consists of several requests
---@field host dataworks.CredentialHost
---@field url string
---@field deadline number
---@field call_ends_first boolean whether `deadline` is the deadline of the call, and not that of the fetch
---@field kept { token?: string, token_expires_at?: number, role?: string } is kept for the next fetch
---@field role? string the role that is configured, or that an earlier fetch found
---@field needs_token boolean true: requests without a token (IMDSv1) are forbidden
---@field without_token? boolean

--- Sends a request to the metadata service. Its timeout is the given part of the time left; without `part`, all of it.
local function send(self, method, path, headers, part)
  local left = (self.deadline - self.host.clock()) * (part or 1)
  if left <= 0 then
    return nil, { kind = "timeout", message = "it took longer than a second" }
  end
  return self.host:http({ method = method, url = self.url .. path, headers = headers, body = "" },
    { timeout = left, connect_timeout = left, proxy = "" })
end

local function unreachable(self, lost)
  local failure = failures.new(("no metadata service at %s: %s"):format(self.url:match("//(.*)"), lost.message))
  failure.pause, failure.cut_short = PAUSE, self.call_ends_first and lost.kind == "timeout"
  return failures.of_request(failure, lost)
end

--- Returns a token. Returns nil without a failure if the service gives no token and none is needed.
local function get_token(self)
  local kept, now = self.kept, self.host.clock()
  if self.without_token then
    return nil
  elseif kept.token and now < kept.token_expires_at then
    return kept.token
  end
  kept.token = nil
  local reply, lost = send(self, "PUT", "/latest/api/token",
    { [TOKEN_HEADER .. "-ttl-seconds"] = tostring(TOKEN_SECONDS) }, TOKEN_PART)
  if reply and reply.status == 200 and reply.body:find("^[!-~]+$") then
    kept.token, kept.token_expires_at = reply.body, now + TOKEN_SECONDS * 0.9
    return kept.token
  elseif lost and (lost.sent == false or lost.kind == "cancelled") then
    return nil, unreachable(self, lost)
  elseif self.needs_token then
    return nil, failures.new(reply and ("it gave no token (HTTP %d)"):format(reply.status)
      or "it gave no token: " .. lost.message)
  end
  self.without_token = true
end

--- Sends a request with the token at hand. If the service refuses this token, sends the request with a new token. If
--- the service refuses the new token, sends the request without a token, unless this is forbidden.
local function get(self, path)
  local old_token = self.kept.token
  while true do
    local token, failure = get_token(self)
    if failure then
      return nil, failure
    end
    local is_new = token ~= old_token
    local reply, lost = send(self, "GET", path, { [TOKEN_HEADER] = token })
    if not reply then
      return nil, unreachable(self, lost)
    elseif reply.status == 200 then
      return reply.body
    elseif not token or is_new and self.needs_token then
      return nil, failures.new(("it answered with HTTP %d"):format(reply.status)), reply.status
    end
    self.without_token = is_new
    self.kept.token, old_token = nil, nil
  end
end

local function find_role(self)
  if self.role then
    return self.role
  end
  local body, failure, status = get(self, ROLES)
  if status == 404 then
    return nil, failures.new "this instance has no RAM role"
  elseif not body then
    return nil, failure
  end
  local name = body:match("^%s*([%w.@_-]+)%s*$")
  return name, not name and failures.new "the answer is not the name of a role" or nil
end

local function get_credentials(self, role)
  local body, failure, status = get(self, ROLES .. core.percent_encode(role))
  if not body then
    return nil, failure, status
  end
  local answer
  answer, failure = reply_parser.parse_object(body)
  if not answer then
    return nil, failure
  elseif answer.Code ~= "Success" then
    return nil, failures.new "the answer's Code is not Success"
  end
  return reply_parser.parse_credentials(answer, reply_parser.PASCAL)
end

local function find_credentials(self)
  local role, failure = find_role(self)
  if not role then
    return nil, failure
  end
  local found, status
  found, failure, status = get_credentials(self, role)
  if status == 404 and self.role and self.role == self.kept.role then
    -- The instance may have another role now.
    self.role, self.kept.role = nil, nil
    return find_credentials(self)
  elseif status == 404 then
    return nil, failures.new(("this instance has no RAM role %s"):format(role))
  end
  self.kept.role = role
  return found, failure
end

local function fetch(self, deadline)
  local fields, host, kept = self.fields, self.host, self.kept
  local getenv = host.getenv
  local url = endpoints.url(fields.endpoint or ENDPOINT)
  if variables.is_on(getenv, "ALIBABA_CLOUD_ECS_METADATA_DISABLED") then
    return nil, failures.not_configured "ALIBABA_CLOUD_ECS_METADATA_DISABLED is set"
  elseif not url then
    return nil, failures.new "its endpoint must be a host, a host:port, or a URL that has no path"
  end
  local latest = host.clock() + TIMEOUT
  return find_credentials {
    host = host, url = url, kept = kept, deadline = math.min(deadline, latest), call_ends_first = deadline < latest,
    role = fields.role_name or getenv "ALIBABA_CLOUD_ECS_METADATA" or kept.role,
    needs_token = fields.disable_imdsv1 or variables.is_on(getenv, "ALIBABA_CLOUD_IMDSV1_DISABLED"),
  }
end

function M.new(fields, host)
  return cache.new("ecs_ram_role", host, fetch, { fields = fields, host = host, kept = {} })
end

return M
