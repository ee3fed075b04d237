-- The security token service: turns an access key, or a token of an identity provider, into credentials of a role.

local core = require "dataworks.core"
local endpoints = require "dataworks.api.endpoints"
local exchange = require "dataworks.credentials.exchange"
local failures = require "dataworks.util.credential_failure"
local percent = require "dataworks.util.percent"
local reply_of = require "dataworks.credentials.reply"
local response = require "dataworks.protocol.response"
local signers = require "dataworks.protocol.key_cache"
local variables = require "dataworks.credentials.variables"

local M = {}

local VERSION = "2015-04-01"
local DURATION = 3600

local ASSUME_ROLE = {
  version = VERSION, method = "POST", params = {
    { "RoleArn", "string", "body", required = true }, { "RoleSessionName", "string", "body", required = true },
    { "DurationSeconds", "long", "body", required = true }, { "Policy", "string", "body" },
    { "ExternalId", "string", "body" },
  },
}

--- Fields that each way to assume a role has.
M.FIELDS = {
  role_arn = "text", role_session_name = "text", duration = "duration", policy = "policy",
  sts_endpoint = "text", sts_region = "text", vpc = "boolean",
}

local function is_region(name)
  return name:find("^%l[%l%d-]*[%l%d]$") ~= nil
end

--- sts.aliyuncs.com, or that of a region, or that inside a VPC.
local function endpoint(fields, getenv)
  local given = fields.sts_endpoint or getenv "ALIBABA_CLOUD_STS_ENDPOINT"
  if given then
    local url = endpoints.url(given)
    return url, not url and failures.new "the STS endpoint is no host, host:port or URL without a path" or nil
  end
  local region = fields.sts_region or getenv "ALIBABA_CLOUD_STS_REGION"
  if not region then
    return "https://sts.aliyuncs.com"
  elseif not is_region(region) then
    return nil, failures.new "the STS region is no name such as cn-shanghai"
  end
  local vpc = fields.vpc
  if vpc == nil then
    vpc = variables.is_on(getenv, "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED")
  end
  return ("https://sts%s.%s.aliyuncs.com"):format(vpc and "-vpc" or "", region)
end

local function as_failure(wrong)
  return failures.new(("%s %s"):format(wrong.path, wrong.message))
end

local function policy_text(policy)
  if type(policy) ~= "table" then
    return policy
  end
  local text, wrong = core.encode(policy)
  return text, wrong and failures.new("policy: " .. wrong.message)
end

---@class dataworks.Role
---@field url string
---@field params table<string, string> of the STS action

--- What both actions need.
---@param fields table
---@param host dataworks.CredentialHost
---@return dataworks.Role|nil
---@return table|nil failure
function M.role(fields, host)
  local getenv = host.getenv
  local arn = fields.role_arn or variables.any(getenv, "ROLE_ARN")
  if not arn then
    return nil, failures.absent "ALIBABA_CLOUD_ROLE_ARN is not set"
  end
  local url, wrong = endpoint(fields, getenv)
  local policy
  if url then
    policy, wrong = policy_text(fields.policy)
  end
  if wrong then
    return nil, wrong
  end
  return {
    url = url,
    params = {
      RoleArn = arn, DurationSeconds = ("%.0f"):format(fields.duration or DURATION), Policy = policy,
      RoleSessionName = fields.role_session_name or getenv "ALIBABA_CLOUD_ROLE_SESSION_NAME"
        or ("dataworks-lua-%.0f"):format(host.now()),
    },
  }
end

-- The advice for this code is about the actions of DataWorks.
local NOT_ALLOWED = "Allow this user sts:AssumeRole in RAM, and name it in the trust policy of the role"

local function refused(reply, asked)
  local _, fields = response.read(reply, "state", asked)
  local message = ("it answered with HTTP %d"):format(reply.status)
  if fields.kind == "service" then
    message = (fields.code and fields.code .. ": " or "") .. fields.message
  end
  local failure = failures.new(message, fields.code == "NoPermission" and NOT_ALLOWED or fields.advice)
  failure.code, failure.status, failure.request_id = fields.code, reply.status, fields.request_id
  failure.recommend, failure.retry_after, failure.pause = fields.recommend, fields.retry_after, fields.retry_after
  return failure
end

---@param build fun(): table|nil, table|nil
---@param secrets fun(request: table): string[] that no text may show
local function ask(host, deadline, action, build, secrets)
  local request
  local reply, failure = exchange.send(host, deadline, function()
    local wrong
    request, wrong = build()
    return request, wrong
  end)
  local answer, found
  if reply and reply.status ~= 200 then
    failure = refused(reply, { request = request, hide = signers.hider(secrets(request)), now = host.now })
    failure.date = reply.headers.date
  elseif reply then
    answer, failure = reply_of.object(reply.body)
  end
  if answer then
    found, failure = reply_of.credentials(answer.Credentials, reply_of.PASCAL)
  end
  return found, not found and failures.within(action, failure) or nil
end

---@param host dataworks.CredentialHost
---@param deadline number
---@param keys dataworks.Credentials
---@param role dataworks.Role
---@return dataworks.Credentials|nil
---@return table|nil failure
function M.assume_role(host, deadline, keys, role)
  local signer, wrong = core.signer {
    algorithm = "HMAC-SHA1", access_key_id = keys.access_key_id, access_key_secret = keys.access_key_secret,
    security_token = keys.security_token,
  }
  if not signer then
    return nil, as_failure(wrong)
  end
  local function build()
    local request, refusal = core.request("AssumeRole", ASSUME_ROLE, role.params, {
      signer = signer, endpoint = role.url, date = host.now(), nonce = host.nonce(), user_agent = host.user_agent,
    })
    return request, refusal and as_failure(refusal)
  end
  local function secrets(request)
    local signature = request.body:match("Signature=([^&]*)")
    return { keys.access_key_secret, keys.security_token or "", signature, percent.decode(signature) }
  end
  local found, failure = ask(host, deadline, "AssumeRole", build, secrets)
  if failure and (failure.code or ""):find("^InvalidTimeStamp") and host.correct_clock(failure.date) then
    found, failure = ask(host, deadline, "AssumeRole", build, secrets)
  end
  signer:close()
  return found, failure
end

--- The request carries no signature: the token is what proves who asks.
---@param host dataworks.CredentialHost
---@param deadline number
---@param token string
---@param role dataworks.Role with OIDCProviderArn
---@return dataworks.Credentials|nil
---@return table|nil failure
function M.assume_role_with_oidc(host, deadline, token, role)
  local form = { OIDCToken = token }
  for name, value in pairs(role.params) do
    form[name] = value
  end
  return ask(host, deadline, "AssumeRoleWithOIDC", function()
    return {
      method = "POST",
      url = role.url .. "/?" .. percent.form {
        Action = "AssumeRoleWithOIDC", Version = VERSION, Format = "JSON", SignatureNonce = host.nonce(),
        Timestamp = os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(host.now())),
      },
      headers = {
        accept = "application/json", ["content-type"] = "application/x-www-form-urlencoded",
        ["user-agent"] = host.user_agent,
      },
      body = percent.form(form),
    }
  end, function() return { token } end)
end

return M
