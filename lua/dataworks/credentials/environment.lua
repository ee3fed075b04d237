-- Reads credentials from environment variables. The variables are read for each call.

local failures = require "dataworks.util.credential_failure"
local providers = require "dataworks.credentials.provider"

local M = {}

-- The official names of the variables, and then the other spellings that the CLI accepts. An id of one spelling and a
-- secret of another spelling do not belong together.
local PREFIXES = { "ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_", "" }

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
  return nil, failures.not_configured "ALIBABA_CLOUD_ACCESS_KEY_ID is not set"
end

function M.new(_, host)
  return providers.new("environment", function() return get(host.getenv) end, false)
end

return M
