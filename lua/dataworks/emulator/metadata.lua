-- The part of an ECS instance's metadata service that issues the credentials of the instance's RAM role. This module
-- also answers requests to a credentials URI, which returns credentials in the same form.

local dates = require "dataworks.emulator.dates"
local json = require "dataworks.emulator.json"
local tables = require "dataworks.util.tables"

local M = {}
M.__index = M

local ROLES = "/latest/meta-data/ram/security-credentials/"
local TOKEN, TTL = "x-aliyun-ecs-metadata-token", "x-aliyun-ecs-metadata-token-ttl-seconds"
local MAX_TTL = 21600
local ROLE_SECONDS, URI_SECONDS = 21600, 3600

function M.new(options)
  local self = setmetatable(tables.merge(options), M)
  self:forget()
  return self
end

--- Forgets the tokens and the credentials that were issued.
function M:forget()
  self.token_expiry, self.credentials = {}, {}
end

local ACTIONS = {
  ["/latest/api/token"] = "metadata.token", [ROLES] = "metadata.role", ["/credentials"] = "credentials_uri",
}

--- Returns the name by which the journal and the faults know a request.
function M.action(request)
  local path = request.path
  return ACTIONS[path] or path:sub(1, #ROLES) == ROLES and "metadata.credentials" or "metadata"
end

--- Issues a token of the metadata service. Returns the HTTP status and the body of the reply.
local function issue_token(self, request)
  local ttl = tonumber(request.headers[TTL])
  if not self.settings.metadata_v2 then
    return 404, "404 - Not Found"
  elseif request.method ~= "PUT" then
    return 405, "405 - Method Not Allowed"
  elseif not ttl or ttl < 1 or ttl > MAX_TTL then
    return 400, "400 - Bad Request"
  end
  local token = self.new_token()
  self.token_expiry[token] = self.now() + ttl
  return 200, token
end

--- Checks the method and the token of a request. Returns the HTTP status and the body of an error reply; the status is
--- nil if the request may proceed.
local function check_token(self, request)
  local token = request.headers[TOKEN]
  if request.method ~= "GET" then
    return 405, "405 - Method Not Allowed"
  elseif not token then
    return not self.settings.metadata_v1 and 403 or nil, "403 - Forbidden"
  elseif not self.settings.metadata_v2 or (self.token_expiry[token] or 0) <= self.now() then
    return 401, "401 - Unauthorized"
  end
end

--- Returns the HTTP status and the body of a reply with credentials. When half of the lifetime of the credentials has
--- passed, issues new credentials. Until then, each reply has the same credentials.
local function current_credentials(self, name, seconds)
  local entry = self.credentials[name]
  if not entry or self.now() > (entry.issued + entry.expires) / 2 then
    entry = self.issuer:issue(seconds)
    self.credentials[name] = entry
  end
  return 200, json.encode(json.object(
    "AccessKeyId", entry.access_key_id, "AccessKeySecret", entry.access_key_secret,
    "Expiration", dates.format(entry.expires), "SecurityToken", entry.security_token,
    "LastUpdated", dates.format(entry.issued), "Code", "Success"))
end

--- Answers one request.
---@return integer status the HTTP status
function M:answer(request)
  local action, role = M.action(request), self.settings.metadata_role
  if action == "credentials_uri" then
    return current_credentials(self, action, URI_SECONDS)
  elseif action == "metadata.token" then
    return issue_token(self, request)
  end
  local status, body = check_token(self, request)
  if status then
    return status, body
  elseif action == "metadata.role" and role ~= "" then
    return 200, role
  elseif action == "metadata.credentials" and role ~= "" and request.path == ROLES .. role then
    return current_credentials(self, role, ROLE_SECONDS)
  end
  return 404, "404 - Not Found"
end

return M
