-- Fetches credentials for the token of an identity provider, which is in a file. A Kubernetes cluster with RRSA
-- provides such a file.

local cache = require "dataworks.credentials.cache"
local failures = require "dataworks.util.credential_failure"
local files = require "dataworks.credentials.file"
local sts = require "dataworks.credentials.sts"
local texts = require "dataworks.util.text"
local variables = require "dataworks.credentials.variables"

local M = {}

--- The file is read for each exchange, because the cluster replaces the token in the file.
local function read_token(path)
  local text, failure = files.read(path)
  local token = text and texts.trim(text)
  if token and token ~= "" then
    return token
  end
  return nil, failures.new(failure and failure.message or path .. " is empty")
end

local function fetch(self, deadline)
  local fields, host = self.fields, self.host
  for _, name in ipairs { "role_arn", "oidc_provider_arn", "oidc_token_file" } do
    if not variables.field(fields, name, host.getenv) then
      return nil, failures.not_configured(("ALIBABA_CLOUD_%s is not set"):format(name:upper()))
    end
  end
  local role, failure = sts.role(fields, host)
  local token
  if role then
    token, failure = read_token(variables.field(fields, "oidc_token_file", host.getenv))
  end
  if not token then
    return nil, failure
  end
  role.params.OIDCProviderArn = variables.field(fields, "oidc_provider_arn", host.getenv)
  return sts.assume_role_with_oidc(host, deadline, token, role)
end

function M.new(fields, host)
  return cache.new("oidc", host, fetch, { fields = fields, host = host })
end

return M
