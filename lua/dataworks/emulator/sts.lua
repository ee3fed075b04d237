-- The security token service (STS). It has two actions, which issue temporary credentials.

local dates = require "dataworks.emulator.dates"
local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"

local M = {}
M.__index = M

M.VERSION = "2015-04-01"

local MIN_SECONDS, MAX_SECONDS, DEFAULT_SECONDS = 900, 43200, 3600

local ROLE_ARN = { "RoleArn", "string", "body", required = true }
local SESSION_NAME = { "RoleSessionName", "string", "body", required = true }
local DURATION = { "DurationSeconds", "long", "body" }
local POLICY = { "Policy", "json", "body" }

--- The actions, in the form of catalog rows. Calls of AssumeRoleWithOIDC are not signed, because the OIDC token
--- identifies the caller.
M.rows = {
  AssumeRole = {
    method = "POST", params = { ROLE_ARN, SESSION_NAME, DURATION, POLICY, { "ExternalId", "string", "body" } },
  },
  AssumeRoleWithOIDC = {
    method = "POST", unsigned = true,
    params = {
      ROLE_ARN, SESSION_NAME, DURATION, POLICY, { "OIDCProviderArn", "string", "body", required = true },
      { "OIDCToken", "string", "body", required = true },
    },
  },
}

function M.new(options)
  return setmetatable({ settings = options.settings, issuer = options.issuer }, M)
end

--- Checks the parameters. Returns the reply that refuses them, or nil and the requested lifetime in seconds.
local function check(self, action, params)
  local seconds = tonumber(params.DurationSeconds or DEFAULT_SECONDS)
  if not params.RoleArn:find("^acs:ram::%d+:role/[%w.@_-]+$") then
    return reply.refused(400, "InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.")
  elseif params.RoleArn:find(":role/missing$") then
    return reply.refused(404, "EntityNotExist.Role", "The role not exists: missing.")
  elseif not params.RoleSessionName:find("^[%w.@_-]+$") or #params.RoleSessionName > 64 then
    return reply.refused(400, "InvalidParameter.RoleSessionName", "The parameter RoleSessionName is wrongly formed.")
  elseif seconds < MIN_SECONDS or seconds > MAX_SECONDS then
    return reply.refused(400, "InvalidParameter.DurationSeconds",
      "The Min/Max value of DurationSeconds is 15min/43200s.")
  elseif params.Policy and not json.is_object((json.decode(params.Policy))) then
    return reply.refused(400, "InvalidParameter.PolicyGrammar", "The policy is not valid JSON.")
  elseif action == "AssumeRoleWithOIDC" and params.OIDCToken ~= self.settings.oidc_token then
    return reply.refused(400, "AuthenticationFail.OIDCToken.Invalid", "This JWT is invalid.")
  end
  return nil, seconds
end

--- Runs an action.
---@param account string|nil the account of the caller
function M:call(action, params, account)
  local refused, seconds = check(self, action, params)
  if refused then
    return refused
  end
  local entry = self.issuer:issue(seconds, account)
  local owner, role = params.RoleArn:match("^acs:ram::(%d+):role/(.*)$")
  return reply.members(
    "AssumedRoleUser", json.object(
      "Arn", ("acs:ram::%s:role/%s/%s"):format(owner, role, params.RoleSessionName),
      "AssumedRoleId", "30000000000000:" .. params.RoleSessionName),
    "Credentials", json.object(
      "AccessKeyId", entry.access_key_id, "AccessKeySecret", entry.access_key_secret,
      "SecurityToken", entry.security_token, "Expiration", dates.format(entry.expires)))
end

return M
