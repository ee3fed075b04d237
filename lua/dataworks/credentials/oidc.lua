-- Credentials for the token of an identity provider, which lies in a file: RRSA in a Kubernetes cluster.

local cache = require "dataworks.credentials.cache"
local failures = require "dataworks.util.credential_failure"
local file = require "dataworks.credentials.file"
local sts = require "dataworks.credentials.sts"
local variables = require "dataworks.credentials.variables"

local M = { FIELDS = { oidc_provider_arn = "text", oidc_token_file = "text" } }
for name, kind in pairs(sts.FIELDS) do
  M.FIELDS[name] = kind
end

local NEEDED = {
  { "role_arn", "ROLE_ARN" }, { "oidc_provider_arn", "OIDC_PROVIDER_ARN" }, { "oidc_token_file", "OIDC_TOKEN_FILE" },
}

local function missing(fields, getenv)
  for _, pair in ipairs(NEEDED) do
    if not fields[pair[1]] and not variables.any(getenv, pair[2]) then
      return failures.absent(("ALIBABA_CLOUD_%s is not set"):format(pair[2]))
    end
  end
end

--- The token is renewed in its place, so the file is read for each exchange.
local function read_token(path)
  local text, failure = file.read(path)
  local token = text and text:match("^%s*(.-)%s*$")
  if token and token ~= "" then
    return token
  end
  return nil, failures.new(failure and failure.message or path .. " is empty")
end

---@param fields table
---@param host dataworks.CredentialHost
---@return dataworks.Provider
function M.new(fields, host)
  local getenv = host.getenv
  return cache.new("oidc", function(deadline)
    local failure = missing(fields, getenv)
    local role, token
    if not failure then
      role, failure = sts.role(fields, host)
    end
    if role then
      token, failure = read_token(fields.oidc_token_file or variables.any(getenv, "OIDC_TOKEN_FILE"))
    end
    if not token then
      return nil, failure
    end
    role.params.OIDCProviderArn = fields.oidc_provider_arn or variables.any(getenv, "OIDC_PROVIDER_ARN")
    return sts.assume_role_with_oidc(host, deadline, token, role)
  end, host)
end

return M
