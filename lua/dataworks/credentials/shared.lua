-- Stores temporary credentials in a lua_shared_dict of nginx, so that one worker fetches them for all workers.

local core = require "dataworks.core"
local response = require "dataworks.protocol.response"
local tables = require "dataworks.util.tables"
local variables = require "dataworks.credentials.variables"

local M = {}

-- A lock ends after this many seconds, because the worker that holds the lock may have been killed.
local LOCK_SECONDS = 15
local POLL_SECONDS = 0.05

-- Credentials that expire in fewer seconds are neither stored in the dict nor taken from it.
local MIN_LIFE = 60

---@class dataworks.SharedCredentials the credentials that clients with the same options share
---@field host dataworks.CredentialHost
---@field options dataworks.Options
---@field dict table
---@field scope string all other values that determine which credentials are fetched, for example the text of a file
---@field entries integer the number of entries
local Shared = {}
Shared.__index = Shared

---@class dataworks.SharedEntry the credentials of one provider in the dict
---@field shared dataworks.SharedCredentials
---@field name string
---@field number integer distinguishes the providers of a client
---@field fetch dataworks.CredentialFetch
---@field subject table
---@field last dataworks.Credentials|nil the last credentials that `get` returned
local Entry = {}
Entry.__index = Entry

-- Keys

-- The environment variables that determine, together with options and files, which credentials are fetched. Most of
-- them have a prefix such as ALIBABA_CLOUD_.
local VARIABLES = [[
  HOME ACCESS_KEY_ID ACCESS_KEY_SECRET SECURITY_TOKEN PROFILE ROLE_ARN ROLE_SESSION_NAME EXTERNAL_ID OIDC_PROVIDER_ARN
  OIDC_TOKEN_FILE STS_ENDPOINT STS_REGION VPC_ENDPOINT_ENABLED ECS_METADATA CREDENTIALS_URI CONFIG_FILE
  CREDENTIALS_FILE
]]

--- Returns the values of these variables.
local function environment(getenv)
  local values = {}
  for name in VARIABLES:gmatch("%S+") do
    values[name] = variables.any(getenv, name) or getenv(name)
  end
  return values
end

--- Returns the key of the credentials in the dict. The key contains a digest of all that determines the credentials, so
--- that clients with different credentials have different keys. A reload of nginx keeps the dict, and may change
--- options.
local function dict_key(self)
  local shared = self.shared
  local options = shared.options
  return "credentials:" .. rawget(_G, "ngx").md5(core.encode {
    credentials = options.credentials or "default", profile = options.profile or "", region = options.region or "",
    network = options.network or "", environment = environment(shared.host.getenv), scope = shared.scope,
    name = self.name, number = self.number,
  })
end

-- Reading and writing

--- Returns the seconds until credentials expire.
local function remaining_life(self, found)
  return (found.expiration or 0) - self.shared.host.now()
end

--- Returns the credentials in the dict. Returns nil if they expire soon, or if they are the last credentials, which
--- must be replaced.
local function load_stored(self, key)
  local text = self.shared.dict:get(key)
  local found, last = text and response.decode(text), self.last or {}
  local is_new = type(found) == "table"
    and (found.access_key_id ~= last.access_key_id or found.security_token ~= last.security_token)
  return is_new and remaining_life(self, found) > MIN_LIFE and found or nil
end

--- Stores credentials in the dict. If the dict is full, stores nothing, and each worker fetches credentials for itself.
local function store(self, key, found)
  local life = remaining_life(self, found)
  if life > MIN_LIFE then
    self.shared.dict:safe_set(key, core.encode {
      access_key_id = found.access_key_id, access_key_secret = found.access_key_secret,
      security_token = found.security_token, expiration = found.expiration,
    }, life)
  end
end

--- Waits until another worker has stored credentials, or until this worker has the lock. Waits at most half of the time
--- until the deadline, so that this worker can still fetch if the other worker was killed.
---@return dataworks.Credentials|nil
---@return boolean|nil has_lock
local function wait_for_lock(self, key, lock, owner, deadline)
  local dict, clock = self.shared.dict, self.shared.host.clock
  local latest = clock() + math.min(LOCK_SECONDS, (deadline - clock()) / 2)
  local has_lock, message
  repeat
    local found = load_stored(self, key)
    if found then
      return found
    end
    has_lock, message = dict:safe_add(lock, owner, LOCK_SECONDS)
  until message ~= "exists" or clock() >= latest or not pcall(rawget(_G, "ngx").sleep, POLL_SECONDS)
  -- Another worker may have stored credentials just before it released the lock.
  return load_stored(self, key), has_lock
end

--- Returns the credentials in the dict, or fetches credentials and stores them there.
---@param deadline number
---@return dataworks.Credentials|nil
---@return dataworks.CredentialFailure|nil
function Entry:get(deadline)
  local dict = self.shared.dict
  local key, owner = dict_key(self), self.shared.host.nonce()
  local lock = key .. ":lock"
  local found, has_lock = wait_for_lock(self, key, lock, owner, deadline)
  local failure
  if not found then
    found, failure = self.fetch(self.subject, deadline)
    if found then
      store(self, key, found)
    end
  end
  if has_lock and dict:get(lock) == owner then
    dict:delete(lock)
  end
  self.last = found or self.last
  return found, failure
end

--- Wraps a function that fetches credentials, and its argument, so that all workers share the credentials.
---@param name string
---@param fetch dataworks.CredentialFetch
---@param subject table
---@return dataworks.CredentialFetch
---@return dataworks.SharedEntry
function Shared:wrap(name, fetch, subject)
  self.entries = self.entries + 1
  local entry = { shared = self, name = name, number = self.entries, fetch = fetch, subject = subject }
  return Entry.get, setmetatable(entry, Entry)
end

--- Returns an object with another scope.
---@param scope string
---@return dataworks.SharedCredentials
function Shared:scoped(scope)
  return setmetatable(tables.merge(self, { scope = scope, entries = 0 }), Shared)
end

--- Returns whether a function provides the credentials. Such credentials can't be shared, because two functions can't
--- be distinguished by a key.
local function has_function(credentials)
  return type(credentials) == "function"
    or type(credentials) == "table" and has_function(credentials.source)
end

--- Creates the shared credentials of a client.
---@param host dataworks.CredentialHost
---@param options dataworks.Options must have credentials_dict
---@return dataworks.SharedCredentials|nil shared nil if the credentials can't be shared
function M.new(host, options)
  if not has_function(options.credentials) then
    local dict = rawget(_G, "ngx").shared[options.credentials_dict]
    return setmetatable({ host = host, options = options, dict = dict, scope = "", entries = 0 }, Shared)
  end
end

return M
