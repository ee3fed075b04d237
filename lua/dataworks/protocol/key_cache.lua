-- A client's prepared keys: made from its credentials, and again only when those change.

local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"
local redactor = require "dataworks.protocol.redactor"
local tables = require "dataworks.util.tables"

local M = {}

---@class dataworks.KeyCache
---@field algorithm string|nil
---@field keys userdata|nil
---@field source (fun(): dataworks.CredentialSource)|nil a function, so that no walk over fields reaches the providers
local KeyCache = {}
KeyCache.__index = KeyCache

---@class dataworks.KeySecrets
---@field more string[] to redact beside the credentials
---@field used? dataworks.Credentials the keys were made of them
---@field redacted string[] all to redact
---@field redact fun(text: string, max_bytes?: integer): string

--- No field of a cache shows a secret. These values hold plain secrets only: a value that leads back to its cache would
--- keep the cache alive.
---@type table<dataworks.KeyCache, dataworks.KeySecrets>
local secrets_of = setmetatable({}, { __mode = "k" })

-- The parts of credentials that make keys. All but the first are secret.
local PARTS = { "access_key_id", "access_key_secret", "security_token", "bearer_token" }

local function are_equal(one, other)
  for _, part in ipairs(PARTS) do
    if one[part] ~= other[part] then
      return false
    end
  end
  return true
end

--- The secrets of the old and the new credentials: a reply to a request under the old ones may still arrive.
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
      "copy the key again, without blanks and line breaks around it")
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

--- The keys for the credentials of the moment.
---@param deadline? number of the clock
---@return userdata|nil keys
---@return table|nil failure fields of an error
function KeyCache:get(deadline)
  if not self.source then
    return nil, failures.CLOSED
  end
  local found, failure = self.source():get(deadline)
  if not found then
    return nil, failure
  elseif not self.source then -- closed meanwhile
    return nil, failures.CLOSED
  elseif self.keys and are_equal(found, secrets_of[self].used) then
    return self.keys
  end
  return replace_keys(self, found)
end

--- Called when the service refuses keys. Calls that overlap are refused together: the first one expires the keys, the
--- next ones find that they have been replaced.
---@param refused_keys userdata
---@return boolean may_differ can the next keys be others?
function KeyCache:expire(refused_keys)
  if refused_keys ~= self.keys then
    return true
  end
  return self.source():expire()
end

---@param text string
---@param max_bytes? integer cuts a longer text first
---@return string
function KeyCache:redact(text, max_bytes)
  return secrets_of[self].redact(text, max_bytes)
end

--- A redactor for further secrets beside those of the cache.
---@param secrets string[]
---@return fun(text: string, max_bytes?: integer): string
function KeyCache:redactor(secrets)
  local all = {}
  for _, list in ipairs { secrets_of[self].redacted, secrets } do
    for _, secret in ipairs(list) do
      all[#all + 1] = secret
    end
  end
  return redactor.new(all)
end

--- May be called again.
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

---@param source dataworks.CredentialSource
---@param algorithm string|nil
---@param more_secrets string[] to redact beside those of the credentials
---@return dataworks.KeyCache
function M.new(source, algorithm, more_secrets)
  local self = setmetatable({ algorithm = algorithm, source = function() return source end }, KeyCache)
  secrets_of[self] = { more = more_secrets, redacted = more_secrets, redact = redactor.new(more_secrets) }
  return self
end

return M
