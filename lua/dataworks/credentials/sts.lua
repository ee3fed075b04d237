-- Calls the security token service (STS), which exchanges an access key, or a token of an identity provider, for
-- credentials of a role.

local core = require "dataworks.core"
local endpoints = require "dataworks.api.endpoints"
local exchange = require "dataworks.credentials.exchange"
local failures = require "dataworks.util.credential_failure"
local form_text = require "dataworks.protocol.form"
local redactor = require "dataworks.protocol.redactor"
local reply_parser = require "dataworks.credentials.reply"
local response = require "dataworks.protocol.response"
local tables = require "dataworks.util.tables"
local variables = require "dataworks.credentials.variables"

local M = {}

local VERSION = "2015-04-01"
local DEFAULT_DURATION = 3600 -- seconds

local ASSUME_ROLE = {
  version = VERSION, method = "POST", params = {
    { "RoleArn", "string", "body", required = true }, { "RoleSessionName", "string", "body", required = true },
    { "DurationSeconds", "long", "body" }, { "Policy", "string", "body" },
    { "ExternalId", "string", "body" },
  },
}

-- Roles

--- Returns the URL of STS: the given endpoint, or else the endpoint of a region (which can be inside a VPC), or else
--- the central endpoint.
local function find_url(fields, getenv)
  local given = fields.sts_endpoint or getenv "ALIBABA_CLOUD_STS_ENDPOINT"
  if given then
    local url = endpoints.url(given)
    if not url then
      return nil, failures.new "the STS endpoint must be a host, a host:port, or a URL that has no path"
    end
    return url
  end
  local region = fields.sts_region or getenv "ALIBABA_CLOUD_STS_REGION"
  if not region then
    return "https://sts.aliyuncs.com"
  elseif not region:find("^%l[%l%d-]*[%l%d]$") then
    return nil, failures.new "the STS region is not a name such as cn-shanghai"
  end
  local vpc = fields.vpc
  if vpc == nil then
    vpc = variables.is_on(getenv, "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED")
  end
  return ("https://sts%s.%s.aliyuncs.com"):format(vpc and "-vpc" or "", region)
end

local function encode_policy(policy)
  if type(policy) ~= "table" then
    return policy
  end
  local text, refusal = core.encode(policy)
  return text, refusal and failures.new("policy: " .. refusal.message)
end

---@class dataworks.Role
---@field url string
---@field params table<string, string> the parameters of either action

function M.role(fields, host)
  local getenv = host.getenv
  local arn = variables.field(fields, "role_arn", getenv)
  if not arn then
    return nil, failures.not_configured "ALIBABA_CLOUD_ROLE_ARN is not set"
  end
  local url, failure = find_url(fields, getenv)
  local policy
  if url then
    policy, failure = encode_policy(fields.policy)
  end
  if failure then
    return nil, failure
  end
  return {
    url = url,
    params = {
      RoleArn = arn, DurationSeconds = ("%.0f"):format(fields.duration or DEFAULT_DURATION), Policy = policy,
      RoleSessionName = fields.role_session_name or getenv "ALIBABA_CLOUD_ROLE_SESSION_NAME"
        or ("dataworks-lua-%.0f"):format(host.now()),
    },
  }
end

-- Actions

---@class dataworks.StsCall one call of an action of STS
---@field action string
---@field host dataworks.CredentialHost
---@field role dataworks.Role
---@field build fun(call: dataworks.StsCall): table|nil, dataworks.CredentialFailure|nil builds the request of a call
---@field secrets string[] the secrets to redact in the reply; `build` sets them
---@field keys? dataworks.Credentials
---@field signer? userdata
---@field token? string

local ADVICE = { NoPermission = "Allow this user sts:AssumeRole in RAM, and name it in the trust policy of the role" }

local function refusal_failure(call, request, reply)
  local redact = redactor.new(call.secrets)
  local _, fields = response.read(reply, "state", { request = request, redact = redact, now = call.host.now })
  local message = ("it answered with HTTP %d"):format(reply.status)
  if fields.kind == "service" then
    message = (fields.code and fields.code .. ": " or "") .. fields.message
  end
  local failure = failures.new(message, ADVICE[fields.code] or fields.advice)
  failure.code, failure.status, failure.request_id = fields.code, reply.status, fields.request_id
  failure.recommend, failure.retry_after, failure.pause = fields.recommend, fields.retry_after, fields.retry_after
  failure.date = reply.headers.date
  return failure
end

local function fetch_credentials(call, deadline)
  local answer, failure, reply, request = exchange.fetch_object(call.host, deadline, call.build, call)
  local found
  if reply then
    failure = refusal_failure(call, request, reply)
  elseif answer then
    found, failure = reply_parser.parse_credentials(answer.Credentials, reply_parser.PASCAL)
  end
  return found, not found and failures.within(call.action, failure) or nil
end

local function as_failure(refusal)
  return failures.new(("%s %s"):format(refusal.path, refusal.message))
end

local function build_signed(call)
  local host = call.host
  local request, refusal = core.request("AssumeRole", ASSUME_ROLE, call.role.params, {
    signer = call.signer, endpoint = call.role.url, date = host.now(), nonce = host.nonce(),
    user_agent = host.user_agent,
  })
  if not request then
    return nil, as_failure(refusal)
  end
  local signature = request.body:match("Signature=([^&]*)")
  call.secrets = {
    call.keys.access_key_secret, call.keys.security_token or "", signature, core.percent_decode(signature),
  }
  return request
end

--- Fetches credentials of a role with an access key. If STS refuses the time in the request, corrects the client's
--- clock skew and tries once more.
function M.assume_role(host, deadline, keys, role)
  local signer, refusal = core.signer {
    algorithm = "HMAC-SHA1", access_key_id = keys.access_key_id, access_key_secret = keys.access_key_secret,
    security_token = keys.security_token,
  }
  if not signer then
    return nil, as_failure(refusal)
  end
  local call = { action = "AssumeRole", host = host, role = role, keys = keys, signer = signer, build = build_signed }
  local found, failure = fetch_credentials(call, deadline)
  if failure and (failure.code or ""):find("^InvalidTimeStamp") and host.clock_skew:correct(failure.date) then
    found, failure = fetch_credentials(call, deadline)
  end
  signer:close()
  return found, failure
end

--- Builds the request of AssumeRoleWithOIDC, which has no signature.
local function build_unsigned(call)
  local host = call.host
  local query = form_text.encode {
    Action = call.action, Version = VERSION, Format = "JSON", SignatureNonce = host.nonce(),
    Timestamp = os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(host.now())),
  }
  return exchange.build_request(host, "POST", call.role.url .. "/?" .. query, {
    ["content-type"] = "application/x-www-form-urlencoded",
  }, form_text.encode(tables.merge(call.role.params, { OIDCToken = call.token })))
end

--- The request has no signature, because the token identifies the caller.
---@param role dataworks.Role must have OIDCProviderArn
function M.assume_role_with_oidc(host, deadline, token, role)
  return fetch_credentials({
    action = "AssumeRoleWithOIDC", host = host, role = role, token = token, secrets = { token }, build = build_unsigned,
  }, deadline)
end

return M
