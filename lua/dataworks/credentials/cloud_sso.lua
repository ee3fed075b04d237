-- Fetches credentials for a profile of the CLI that is signed in to CloudSSO. The access token of the profile is
-- exchanged for credentials, which are valid for some hours.

local cache = require "dataworks.credentials.cache"
local core = require "dataworks.core"
local exchange = require "dataworks.credentials.exchange"
local failures = require "dataworks.util.credential_failure"
local reply_parser = require "dataworks.credentials.reply"

local M = {}

local function build(self)
  local profile = self.profile
  local url = exchange.origin(profile.cloud_sso_sign_in_url) .. "/cloud-credentials"
  return exchange.build_request(self.host, "POST", url, {
    ["content-type"] = "application/json", authorization = "Bearer " .. profile.access_token,
  }, core.encode {
    AccountId = profile.cloud_sso_account_id, AccessConfigurationId = profile.cloud_sso_access_config,
  })
end

local function fetch(self, deadline)
  local profile = self.profile
  if not profile.access_token or (profile.cloud_sso_access_token_expire or 0) <= self.host.now() then
    return nil, failures.new("the access token of CloudSSO has expired", self.advice)
  end
  local answer, failure, reply = exchange.fetch_object(self.host, deadline, build, self)
  if reply and (reply.status == 401 or reply.status == 403) then
    return nil, failures.new(("CloudSSO refused the access token (HTTP %d)"):format(reply.status), self.advice)
  elseif not answer then
    return nil, failures.within("CloudSSO", failure)
  end
  return reply_parser.parse_credentials(answer.CloudCredential, reply_parser.PASCAL)
end

--- Creates the provider.
---@param stored dataworks.Credentials|nil credentials that the CLI has fetched
---@param advice string says how to sign in again
function M.new(profile, host, stored, advice)
  return cache.new("cloud_sso", host, fetch, { profile = profile, host = host, advice = advice }, stored)
end

return M
