-- Credentials of a profile that was signed in to CloudSSO: its access token gets them for some hours.

local cache = require "dataworks.credentials.cache"
local core = require "dataworks.core"
local exchange = require "dataworks.credentials.exchange"
local failures = require "dataworks.util.credential_failure"
local reply_of = require "dataworks.credentials.reply"

local M = {}

local function sign_in_again(profile, reason)
  return failures.new(reason, ("run: aliyun configure --profile %s --mode CloudSSO"):format(profile.name))
end

local function build(profile, host)
  return {
    method = "POST", url = exchange.origin(profile.cloud_sso_sign_in_url) .. "/cloud-credentials",
    headers = {
      accept = "application/json", ["content-type"] = "application/json",
      authorization = "Bearer " .. profile.access_token, ["user-agent"] = host.user_agent,
    },
    body = core.encode {
      AccountId = profile.cloud_sso_account_id, AccessConfigurationId = profile.cloud_sso_access_config,
    },
  }
end

local function exchange_token(profile, host, deadline)
  local reply, failure = exchange.send(host, deadline, function() return build(profile, host) end)
  if not reply then
    return nil, failure
  elseif reply.status == 401 or reply.status == 403 then
    return nil, sign_in_again(profile, ("CloudSSO refused the access token (HTTP %d)"):format(reply.status))
  elseif reply.status ~= 200 then
    return nil, failures.new(("CloudSSO answered with HTTP %d"):format(reply.status))
  end
  local answer
  answer, failure = reply_of.object(reply.body)
  if not answer then
    return nil, failure
  end
  return reply_of.credentials(answer.CloudCredential, reply_of.PASCAL)
end

---@param profile table of the CLI
---@param host dataworks.CredentialHost
---@param stored? dataworks.Credentials|nil those that the CLI has fetched
---@return dataworks.Provider
function M.new(profile, host, stored)
  return cache.new("cloud_sso", function(deadline)
    if not profile.access_token or (profile.cloud_sso_access_token_expire or 0) <= host.now() then
      return nil, sign_in_again(profile, "the access token of CloudSSO has expired")
    end
    return exchange_token(profile, host, deadline)
  end, host, stored)
end

return M
