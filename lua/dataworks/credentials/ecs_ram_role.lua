-- Credentials of the RAM role of this ECS instance, from its metadata service (IMDS). All of it takes a second at the
-- most, and never goes through a proxy.

local cache = require "dataworks.credentials.cache"
local endpoints = require "dataworks.api.endpoints"
local failures = require "dataworks.util.credential_failure"
local percent = require "dataworks.util.percent"
local reply_of = require "dataworks.credentials.reply"
local variables = require "dataworks.credentials.variables"

local M = { FIELDS = { role_name = "text", endpoint = "text", disable_imdsv1 = "boolean" } }

local ENDPOINT = "http://100.100.100.200"
local ROLES = "/latest/meta-data/ram/security-credentials/"

local TIMEOUT = 1

-- What a token may take of that, so that time is left to ask without one.
local TOKEN_PART = 0.6

local TOKEN_LIFE = 21600
local TOKEN_HEADER = "x-aliyun-ecs-metadata-token"

-- Nobody is there, and that seldom changes.
local PAUSE = 60

---@class dataworks.Metadata one series of requests
---@field host dataworks.CredentialHost
---@field url string
---@field deadline number
---@field hurried boolean it is the caller's
---@field state { token?: string, token_expires?: number, role?: string } kept for the next series
---@field role? string that is configured, or was found before
---@field v2_only boolean
---@field without_token? boolean

local function ask(self, method, path, headers, part)
  local left = (self.deadline - self.host.clock()) * (part or 1)
  if left <= 0 then
    return nil, { kind = "timeout", message = "it took longer than a second" }
  end
  return self.host.http({ method = method, url = self.url .. path, headers = headers, body = "" },
    { timeout = left, connect_timeout = left, proxy = "" })
end

local function unreachable(self, lost)
  local failure = failures.new(("no metadata service at %s: %s"):format(self.url:match("//(.*)"), lost.message))
  failure.pause, failure.hurried = PAUSE, self.hurried and lost.kind == "timeout"
  return failures.of_call(failure, lost)
end

--- A token of version 2, or nil where there are none.
local function token_of(self)
  local state, now = self.state, self.host.clock()
  if self.without_token then
    return nil
  elseif state.token and now < state.token_expires then
    return state.token
  end
  state.token = nil
  local reply, lost = ask(self, "PUT", "/latest/api/token",
    { [TOKEN_HEADER .. "-ttl-seconds"] = tostring(TOKEN_LIFE) }, TOKEN_PART)
  if reply and reply.status == 200 and reply.body:find("^[!-~]+$") then
    -- Renewed before it ends, and credentials are fetched seldom.
    state.token, state.token_expires = reply.body, now + TOKEN_LIFE * 0.9
    return state.token
  elseif lost and (lost.sent == false or lost.kind == "cancelled") then
    return nil, unreachable(self, lost)
  elseif self.v2_only then
    return nil, failures.new(reply and ("it gave no token (HTTP %d)"):format(reply.status)
      or "it gave no token: " .. lost.message)
  end
  self.without_token = true
end

local function get_with(self, path, token)
  local reply, lost = ask(self, "GET", path, { [TOKEN_HEADER] = token })
  if not reply then
    return nil, unreachable(self, lost)
  elseif reply.status ~= 200 then
    return nil, failures.new(("it answered with HTTP %d"):format(reply.status)), reply.status
  end
  return reply.body
end

--- With a token; with a new one where the service has forgotten the first; without one unless that is forbidden.
local function get(self, path)
  local kept = self.state.token
  while true do
    local token, failure = token_of(self)
    if failure then
      return nil, failure
    end
    local body, status
    body, failure, status = get_with(self, path, token)
    if body or not token or not status or token ~= kept and self.v2_only then
      return body, failure, status
    end
    self.without_token = token ~= kept
    self.state.token, kept = nil, nil
  end
end

local function role_of(self)
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
  return name, not name and failures.new "the answer is no name of a role" or nil
end

local function credentials_of(self, role)
  local body, failure, status = get(self, ROLES .. percent.encode(role))
  if not body then
    return nil, failure, status
  end
  local answer
  answer, failure = reply_of.object(body)
  if not answer then
    return nil, failure
  elseif answer.Code ~= "Success" then
    return nil, failures.new "the answer's Code is not Success"
  end
  return reply_of.credentials(answer, reply_of.PASCAL)
end

local fetch
function fetch(self)
  local role, failure = role_of(self)
  if not role then
    return nil, failure
  end
  local found, status
  found, failure, status = credentials_of(self, role)
  if status == 404 and self.role and self.role == self.state.role then
    -- Another role was attached meanwhile.
    self.role, self.state.role = nil, nil
    return fetch(self)
  elseif status == 404 then
    return nil, failures.new(("this instance has no RAM role %s"):format(role))
  end
  self.state.role = role
  return found, failure
end

---@param fields table
---@param host dataworks.CredentialHost
---@return dataworks.Provider
function M.new(fields, host)
  local getenv, state = host.getenv, {}
  local url = endpoints.url(fields.endpoint or ENDPOINT)
  return cache.new("ecs_ram_role", function(deadline)
    if variables.is_on(getenv, "ALIBABA_CLOUD_ECS_METADATA_DISABLED") then
      return nil, failures.absent "ALIBABA_CLOUD_ECS_METADATA_DISABLED is set"
    elseif not url then
      return nil, failures.new "its endpoint is no host, host:port or URL without a path"
    end
    local latest = host.clock() + TIMEOUT
    return fetch {
      host = host, url = url, state = state, deadline = math.min(deadline, latest), hurried = deadline < latest,
      role = fields.role_name or getenv "ALIBABA_CLOUD_ECS_METADATA" or state.role,
      v2_only = fields.disable_imdsv1 or variables.is_on(getenv, "ALIBABA_CLOUD_IMDSV1_DISABLED"),
    }
  end, host)
end

return M
