-- Credentials of a profile that was signed in with a browser: its refresh token renews an access token, and that is
-- exchanged for credentials of some hours. What is renewed goes back into the file, since the old refresh token may
-- be of no use any more.

local cache = require "dataworks.credentials.cache"
local exchange = require "dataworks.credentials.exchange"
local failures = require "dataworks.util.credential_failure"
local percent = require "dataworks.util.percent"
local reply_of = require "dataworks.credentials.reply"

local M = {}

--- The CLI's own registration at either site; no secrets.
local SITES = {
  CN = { url = "https://oauth.aliyun.com", client_id = "4038181954557748008" },
  INTL = { url = "https://oauth.alibabacloud.com", client_id = "4103531455503354461" },
}

local NAMES = { id = "accessKeyId", secret = "accessKeySecret", token = "securityToken", expiration = "expiration" }

-- An access token that ends this soon is renewed first.
local ACCESS_AHEAD = 300

local REFUSED = { [400] = true, [401] = true, [403] = true }

---@class dataworks.OAuth
---@field profile table of the CLI
---@field host dataworks.CredentialHost
---@field site { url: string, client_id: string }
---@field save fun(changes: table, refresh_token: string|nil): table|nil failure
---@field problem? table why the file could not be written

local function sign_in_again(self, reason)
  return failures.new(reason, ("run: aliyun configure --profile %s --mode OAuth"):format(self.profile.name))
end

local function post(self, deadline, path, headers, body)
  headers.accept, headers["user-agent"] = "application/json", self.host.user_agent
  local reply, failure = exchange.send(self.host, deadline, function()
    return { method = "POST", url = self.site.url .. path, headers = headers, body = body }
  end)
  if not reply then
    return nil, failure
  elseif reply.status ~= 200 then
    return nil, failures.new(("%s answered with HTTP %d"):format(self.site.url, reply.status)), REFUSED[reply.status]
  end
  return reply_of.object(reply.body)
end

local function save(self, changes)
  local before = self.profile.oauth_refresh_token
  for name, value in pairs(changes) do
    self.profile[name] = value
  end
  self.problem = self.save(changes, before) or self.problem
end

local function renew(self, deadline)
  local profile = self.profile
  if not profile.oauth_refresh_token then
    return nil, sign_in_again(self, "the access token has expired, and there is no refresh token")
  end
  local answer, failure, refused = post(self, deadline, "/v1/token",
    { ["content-type"] = "application/x-www-form-urlencoded" }, percent.form {
      grant_type = "refresh_token", refresh_token = profile.oauth_refresh_token, client_id = self.site.client_id,
    })
  if refused then
    return nil, sign_in_again(self, "the refresh token has expired or was used elsewhere")
  elseif not answer then
    return nil, failure
  elseif type(answer.access_token) ~= "string" or answer.access_token == "" then
    return nil, failures.new "the answer has no access_token"
  end
  local rotated = type(answer.refresh_token) == "string" and answer.refresh_token ~= "" and answer.refresh_token
  save(self, {
    oauth_access_token = answer.access_token, oauth_refresh_token = rotated or profile.oauth_refresh_token,
    oauth_access_token_expire = math.floor(self.host.now()) + (tonumber(answer.expires_in) or 0),
  })
  return true
end

local function exchange_token(self, deadline)
  local answer, failure, refused = post(self, deadline, "/v1/exchange", {
    ["content-type"] = "application/json", authorization = "Bearer " .. self.profile.oauth_access_token,
  }, "")
  if not answer then
    return nil, failure, refused
  end
  local found
  found, failure = reply_of.credentials(answer, NAMES)
  if found then
    save(self, {
      access_key_id = found.access_key_id, access_key_secret = found.access_key_secret,
      sts_token = found.security_token, sts_expiration = found.expiration,
    })
    found.problem, self.problem = self.problem, nil
  end
  return found, failure
end

local function is_fresh(self)
  local profile = self.profile
  local ends = profile.oauth_access_token_expire or 0
  return profile.oauth_access_token and ends - ACCESS_AHEAD > self.host.now()
end

local function fetch(self, deadline)
  local fresh = is_fresh(self)
  for attempt = fresh and 1 or 2, 2 do
    if attempt == 2 then
      local renewed, failure = renew(self, deadline)
      if not renewed then
        return nil, failure
      end
    end
    local found, failure, refused = exchange_token(self, deadline)
    if not refused then
      return found, failure
    elseif attempt == 2 then
      return nil, sign_in_again(self, failure.message)
    end
  end
end

---@param profile table of the CLI
---@param host dataworks.CredentialHost
---@param stored dataworks.Credentials|nil those that were fetched before
---@param save_changes fun(changes: table, refresh_token: string|nil): table|nil
---@return dataworks.Provider|nil
---@return table|nil failure
function M.new(profile, host, stored, save_changes)
  local site = SITES[(profile.oauth_site_type or ""):upper()]
  if not site then
    return nil, failures.new("its oauth_site_type is neither CN nor INTL",
      ("run: aliyun configure --profile %s --mode OAuth"):format(profile.name))
  end
  local self = { profile = profile, host = host, site = site, save = save_changes }
  return cache.new("oauth", function(deadline) return fetch(self, deadline) end, host, stored)
end

return M
