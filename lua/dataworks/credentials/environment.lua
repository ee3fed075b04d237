-- Credentials from the environment, which is read each time.

local failures = require "dataworks.util.credential_failure"

local M = { FIELDS = {} }

-- The official names, and those that the CLI takes too. One family is taken as a whole: an id of one and a secret of
-- another don't belong together.
local PREFIXES = { "ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_", "" }

local BEARER = "ALIBABA_CLOUD_BEARER_TOKEN"

local function find(getenv)
  for _, prefix in ipairs(PREFIXES) do
    local id = getenv(prefix .. "ACCESS_KEY_ID")
    if id then
      local secret = getenv(prefix .. "ACCESS_KEY_SECRET")
      if not secret then
        return nil, failures.absent(prefix .. "ACCESS_KEY_SECRET is not set")
      end
      return { access_key_id = id, access_key_secret = secret, security_token = getenv(prefix .. "SECURITY_TOKEN") }
    end
  end
  local token = getenv(BEARER)
  if token then
    return { bearer_token = token }
  end
  return nil, failures.absent "ALIBABA_CLOUD_ACCESS_KEY_ID is not set"
end

---@param _ table
---@param host dataworks.CredentialHost
---@return dataworks.Provider
function M.new(_, host)
  return {
    name = "environment",
    get = function() return find(host.getenv) end,
    expire = function() return false end,
  }
end

return M
