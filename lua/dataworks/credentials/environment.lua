-- Credentials from the environment, which is read for each call.

local failures = require "dataworks.util.credential_failure"

local M = {}

-- The official names, and the other spellings that the CLI accepts. An id of one spelling and a secret of another don't
-- belong together.
local PREFIXES = { "ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_", "" }

---@class dataworks.EnvironmentProvider: dataworks.Provider
---@field getenv fun(name: string): string|nil
local Environment = { name = "environment" }
Environment.__index = Environment

---@return dataworks.Credentials|nil
---@return dataworks.CredentialFailure|nil
function Environment:get()
  local getenv = self.getenv
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

function Environment:expire() -- luacheck: no self
  return false
end

---@param _ table
---@param host dataworks.CredentialHost
---@return dataworks.EnvironmentProvider
function M.new(_, host)
  return setmetatable({ getenv = host.getenv }, Environment)
end

return M
