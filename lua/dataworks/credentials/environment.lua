-- Reads credentials from environment variables. The variables are read for each call.

local failures = require "dataworks.util.credential_failure"
local providers = require "dataworks.credentials.provider"

local M = {}

-- The official names of the variables, and then the other spellings that the CLI accepts. An id of one spelling and a
-- secret of another spelling do not belong together.
local PREFIXES = { "ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_", "" }

-- Variables of other programs. They may belong to another account, so they are named only if nothing else is set.
local FOREIGN = {
  { "ALICLOUD_ACCESS_KEY", "Terraform and similar programs read" },
  { "ALIYUN_ACCESS_KEY_ID", "some other programs read" },
}

local function not_configured(getenv)
  local reason = "ALIBABA_CLOUD_ACCESS_KEY_ID is not set"
  for _, variable in ipairs(FOREIGN) do
    if getenv(variable[1]) then
      return failures.not_configured(("%s, and %s, which %s, is not used"):format(reason, variable[1], variable[2]))
    end
  end
  return failures.not_configured(reason)
end

local function get(getenv)
  for _, prefix in ipairs(PREFIXES) do
    local id = getenv(prefix .. "ACCESS_KEY_ID")
    local secret = getenv(prefix .. "ACCESS_KEY_SECRET")
    if id and not secret then
      return nil, failures.not_configured(prefix .. "ACCESS_KEY_SECRET is not set")
    elseif id then
      return { access_key_id = id, access_key_secret = secret, security_token = getenv(prefix .. "SECURITY_TOKEN") }
    end
  end
  local token = getenv "ALIBABA_CLOUD_BEARER_TOKEN"
  if token then
    return { bearer_token = token }
  end
  return nil, not_configured(getenv)
end

function M.new(_, host)
  return providers.new("environment", function() return get(host.getenv) end, false)
end

return M
