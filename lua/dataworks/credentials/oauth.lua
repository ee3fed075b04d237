-- Fetches credentials for a profile of the CLI that is signed in with a browser. The refresh token of the profile
-- renews an access token, and the access token is exchanged for credentials, which are valid for some hours. New tokens
-- are written to the file, because a refresh token may be usable only once.

local cache = require "dataworks.credentials.cache"
local exchange = require "dataworks.credentials.exchange"
local failures = require "dataworks.util.credential_failure"
local form_text = require "dataworks.protocol.form"
local reply_parser = require "dataworks.credentials.reply"

local M = {}

--- The ids with which the CLI itself is registered at the two sites. These ids are not secret.
local SITES = {
  CN = { url = "https://oauth.aliyun.com", client_id = "4038181954557748008" },
  INTL = { url = "https://oauth.alibabacloud.com", client_id = "4103531455503354461" },
}

local NAMES = { id = "accessKeyId", secret = "accessKeySecret", token = "securityToken", expiration = "expiration" }

-- An access token that expires in fewer seconds is renewed before it is used.
local MIN_TOKEN_LIFE = 300

-- HTTP statuses that mean that a token was refused.
local REFUSED = { [400] = true, [401] = true, [403] = true }

---@class dataworks.OAuth
---@field profile table the profile of the CLI
---@field host dataworks.CredentialHost
---@field site { url: string, client_id: string }
---@field advice string says how to sign in again
---@field file dataworks.CliFile
---@field problem? dataworks.CredentialFailure the reason why the file could not be written

local function save_changes(self, changes)
  local profile = self.profile
  local refresh_token = profile.oauth_refresh_token
  for name, value in pairs(changes) do
    profile[name] = value
  end
  self.problem = self.file:save(profile.name, changes, refresh_token) or self.problem
end

--- Sends a request to the site and returns its answer.
---@return table|nil answer
---@return dataworks.CredentialFailure|nil
---@return boolean|nil is_refused whether the site has refused the token
local function fetch_answer(self, deadline, build)
  local answer, failure, reply = exchange.fetch_object(self.host, deadline, build, self)
  return answer, failure, reply and REFUSED[reply.status]
end

local function build_renewal(self)
  return exchange.build_request(self.host, "POST", self.site.url .. "/v1/token", {
    ["content-type"] = "application/x-www-form-urlencoded",
  }, form_text.encode {
    grant_type = "refresh_token", refresh_token = self.profile.oauth_refresh_token, client_id = self.site.client_id,
  })
end

local function renew(self, deadline)
  local profile = self.profile
  if not profile.oauth_refresh_token then
    return nil, failures.new("the access token has expired, and there is no refresh token", self.advice)
  end
  local answer, failure, is_refused = fetch_answer(self, deadline, build_renewal)
  if is_refused then
    return nil, failures.new("the refresh token has expired or was used elsewhere", self.advice)
  elseif not answer then
    return nil, failure
  elseif type(answer.access_token) ~= "string" or answer.access_token == "" then
    return nil, failures.new "the answer has no access_token"
  end
  local new_token = type(answer.refresh_token) == "string" and answer.refresh_token ~= "" and answer.refresh_token
  save_changes(self, {
    oauth_access_token = answer.access_token, oauth_refresh_token = new_token or profile.oauth_refresh_token,
    oauth_access_token_expire = math.floor(self.host.now()) + (tonumber(answer.expires_in) or 0),
  })
  return true
end

local function build_exchange(self)
  return exchange.build_request(self.host, "POST", self.site.url .. "/v1/exchange", {
    ["content-type"] = "application/json", authorization = "Bearer " .. self.profile.oauth_access_token,
  })
end

--- Exchanges the access token for credentials, and saves the credentials in the file.
local function exchange_token(self, deadline)
  local answer, failure, is_refused = fetch_answer(self, deadline, build_exchange)
  if not answer then
    return nil, failure, is_refused
  end
  local found
  found, failure = reply_parser.parse_credentials(answer, NAMES)
  if found then
    save_changes(self, {
      access_key_id = found.access_key_id, access_key_secret = found.access_key_secret,
      sts_token = found.security_token, sts_expiration = found.expiration,
    })
    found.problem, self.problem = self.problem, nil
  end
  return found, failure
end

--- Exchanges the access token for credentials. If the token expires soon, or if the service refuses the token, renews
--- the token first.
local function fetch(self, deadline)
  local life = (self.profile.oauth_access_token_expire or 0) - self.host.now()
  if self.profile.oauth_access_token and life > MIN_TOKEN_LIFE then
    local found, failure, is_refused = exchange_token(self, deadline)
    if not is_refused then
      return found, failure
    end
  end
  local is_renewed, renewal_failure = renew(self, deadline)
  if not is_renewed then
    return nil, renewal_failure
  end
  local found, failure, is_refused = exchange_token(self, deadline)
  if is_refused then
    return nil, failures.new(failure.message, self.advice)
  end
  return found, failure
end

--- Creates the provider.
---@param stored dataworks.Credentials|nil credentials that were fetched before and saved in the file
---@param advice string says how to sign in again
function M.new(profile, host, stored, advice, file)
  local site = SITES[(profile.oauth_site_type or ""):upper()]
  if not site then
    return nil, failures.new("its oauth_site_type is neither CN nor INTL", advice)
  end
  return cache.new("oauth", host, fetch, {
    profile = profile, host = host, site = site, advice = advice, file = file,
  }, stored)
end

return M
