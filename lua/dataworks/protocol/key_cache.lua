-- Keeps the keys with which a client signs. Keys are made from credentials, and made again when the credentials change.

local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"
local redactor = require "dataworks.protocol.redactor"
local tables = require "dataworks.util.tables"

local M = {}

---@class dataworks.KeyCache
---@field algorithm string|nil
---@field keys userdata|nil
---@field source (fun(): dataworks.CredentialSource)|nil a function, so that no field of a client leads to its secrets
local KeyCache = {}
KeyCache.__index = KeyCache

---@class dataworks.KeySecrets
---@field more string[] the secrets to redact in addition to the credentials
---@field used? dataworks.Credentials the credentials of the present keys
---@field redacted string[] all secrets to redact
---@field redact fun(text: string, max_bytes?: integer): string

--- The secrets of each cache. They are kept here, so that no field of a cache holds a secret. A value must not refer to
--- its cache, because the cache would then never be collected.
---@type table<dataworks.KeyCache, dataworks.KeySecrets>
local secrets_of = setmetatable({}, { __mode = "k" })

-- The fields of credentials from which keys are made. All except the first are secret.
local PARTS = { "access_key_id", "access_key_secret", "security_token", "bearer_token" }

local function are_equal(one, other)
  return one.access_key_id == other.access_key_id and one.access_key_secret == other.access_key_secret
    and one.security_token == other.security_token and one.bearer_token == other.bearer_token
end

--- Lists all secrets to redact. The old credentials are included, because a reply to a request that was signed with
--- them may still arrive.
local function secrets_of_both(more, old, new)
  local all = tables.merge(more)
  for _, credentials in ipairs { old or {}, new } do
    for i = 2, #PARTS do
      all[#all + 1] = credentials[PARTS[i]]
    end
  end
  return all
end

local function replace_keys(self, found)
  local fields = { algorithm = self.algorithm }
  for _, part in ipairs(PARTS) do
    fields[part] = found[part]
  end
  local keys, refusal = core.signer(fields)
  if not keys then
    return nil, failures.new(("%s %s"):format(refusal.path, refusal.message),
      "Set the key again, without quotes, blanks and line breaks; docker's --env-file keeps quotes, for example.")
  end
  if self.keys then
    self.keys:close()
  end
  local secrets = secrets_of[self]
  fields.algorithm = nil
  secrets.redacted, secrets.used = secrets_of_both(secrets.more, secrets.used, fields), fields
  secrets.redact = redactor.new(secrets.redacted)
  self.keys = keys
  return keys
end

--- Returns the keys for the present credentials.
---@param deadline? number by the caller's monotonic clock
---@return userdata|nil keys
---@return table|nil failure the fields of an error
function KeyCache:get(deadline)
  if not self.source then
    return nil, failures.CLOSED
  end
  local found, failure = self.source():get(deadline)
  if not found then
    return nil, failure
  elseif not self.source then -- The client was closed during the fetch.
    return nil, failures.CLOSED
  elseif self.keys and are_equal(found, secrets_of[self].used) then
    return self.keys
  end
  return replace_keys(self, found)
end

--- Expires the present credentials, because the service refused their keys. If several calls are refused together, only
--- the first of them expires the credentials: for the other calls, the keys are already replaced.
---@return boolean may_differ whether the next `get` may return different keys
function KeyCache:expire(refused_keys)
  if refused_keys ~= self.keys then
    return true
  end
  return self.source():expire()
end

--- Replaces the secrets in a text by ***.
---@param max_bytes? integer a longer text is cut to this length
function KeyCache:redact(text, max_bytes)
  return secrets_of[self].redact(text, max_bytes)
end

--- Returns a function that redacts further secrets in addition to those of the cache.
function KeyCache:redactor(secrets)
  local all = {}
  for _, list in ipairs { secrets_of[self].redacted, secrets } do
    for _, secret in ipairs(list) do
      all[#all + 1] = secret
    end
  end
  return redactor.new(all)
end

--- Wipes the keys and closes the source. A second close has no effect.
function KeyCache:close()
  if self.keys then
    self.keys:close()
  end
  if self.source then
    self.source():close()
  end
  secrets_of[self].used = nil
  self.keys, self.source = nil, nil
end

--- Creates a cache without keys.
---@param more_secrets string[] secrets to redact in addition to those of the credentials
function M.new(source, algorithm, more_secrets)
  local self = setmetatable({ algorithm = algorithm, source = function() return source end }, KeyCache)
  secrets_of[self] = { more = more_secrets, redacted = more_secrets, redact = redactor.new(more_secrets) }
  return self
end

return M
