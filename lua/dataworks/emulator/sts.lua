-- The security token service: two actions that hand out temporary credentials.

local issuer = require "dataworks.emulator.issuer"
local json = require "dataworks.emulator.json"

local M = {}
M.__index = M

M.VERSION = "2015-04-01"

local SHORTEST, LONGEST, DEFAULT = 900, 43200, 3600

local COMMON = {
  { "RoleArn", "string", "body", required = true },
  { "RoleSessionName", "string", "body", required = true },
  { "DurationSeconds", "long", "body" },
  { "Policy", "json", "body" },
}

local function row(more)
  local params = {}
  for _, list in ipairs({ COMMON, more.params }) do
    for _, param in ipairs(list) do
      params[#params + 1] = param
    end
  end
  return { version = M.VERSION, method = "POST", params = params, unsigned = more.unsigned }
end

--- Rows for the gateway. The token of AssumeRoleWithOIDC is what proves who asks.
M.rows = {
  AssumeRole = row({ params = { { "ExternalId", "string", "body" } } }),
  AssumeRoleWithOIDC = row({
    unsigned = true,
    params = {
      { "OIDCProviderArn", "string", "body", required = true }, { "OIDCToken", "string", "body", required = true },
    },
  }),
}

---@param options {settings: table, issuer: table}
---@return table
function M.new(options)
  return setmetatable({ settings = options.settings, issuer = options.issuer }, M)
end

local function refuse(status, code, message)
  return { refusal = { status = status, code = code, message = message }, outcome = "refused" }
end

local function check(self, action, params)
  local seconds = tonumber(params.DurationSeconds or DEFAULT)
  if not params.RoleArn:find("^acs:ram::%d+:role/[%w.@_-]+$") then
    return refuse(400, "InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.")
  elseif params.RoleArn:find(":role/missing$") then
    return refuse(404, "EntityNotExist.Role", "The role not exists: missing.")
  elseif not params.RoleSessionName:find("^[%w.@_-]+$") or #params.RoleSessionName > 64 then
    return refuse(400, "InvalidParameter.RoleSessionName", "The parameter RoleSessionName is wrongly formed.")
  elseif seconds < SHORTEST or seconds > LONGEST then
    return refuse(400, "InvalidParameter.DurationSeconds",
      "The Min/Max value of DurationSeconds is 15min/43200s.")
  elseif params.Policy and not json.is_object((json.decode(params.Policy))) then
    return refuse(400, "InvalidParameter.PolicyGrammar", "The policy is not valid JSON.")
  elseif action == "AssumeRoleWithOIDC" and params.OIDCToken ~= self.settings.oidc_token then
    return refuse(400, "AuthenticationFail.OIDCToken.Invalid", "This JWT is invalid.")
  end
  return nil, seconds
end

--- Runs an action; `members` of the reply come behind its RequestId.
---@param action string
---@param params table<string, string>
---@return table
function M:call(action, params)
  local refusal, seconds = check(self, action, params)
  if refusal then
    return refusal
  end
  local entry = self.issuer:issue(seconds)
  local account, role = params.RoleArn:match("^acs:ram::(%d+):role/(.*)$")
  return {
    outcome = "acted",
    members = json.object(
      "AssumedRoleUser", json.object(
        "Arn", ("acs:ram::%s:role/%s/%s"):format(account, role, params.RoleSessionName),
        "AssumedRoleId", "30000000000000:" .. params.RoleSessionName),
      "Credentials", json.object(
        "AccessKeyId", entry.access_key_id, "AccessKeySecret", entry.access_key_secret,
        "SecurityToken", entry.security_token, "Expiration", issuer.date(entry.expires))
    ),
  }
end

return M
