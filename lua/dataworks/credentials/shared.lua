-- Shares temporary credentials through a lua_shared_dict. One worker of an nginx fetches the credentials, and all
-- workers use them.

local core = require "dataworks.core"
local tables = require "dataworks.util.tables"
local variables = require "dataworks.credentials.variables"

local M = {}

-- Seconds after which a lock ends even if its worker does not release it. nginx may have killed the worker.
local LOCK_SECONDS = 15
local POLL_SECONDS = 0.05

-- Seconds. Credentials that expire earlier are neither stored nor taken from the dict.
local MIN_LIFE = 60

---@class dataworks.SharedCredentials the state that all clients with the same options share
---@field host dataworks.CredentialHost
---@field options dataworks.Options
---@field dict table
---@field scope string further text that decides which credentials are fetched
---@field entries integer
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

-- These variables decide, together with options and files, which credentials are fetched.
local VARIABLES = [[
  HOME ACCESS_KEY_ID ACCESS_KEY_SECRET SECURITY_TOKEN PROFILE ROLE_ARN ROLE_SESSION_NAME EXTERNAL_ID OIDC_PROVIDER_ARN
  OIDC_TOKEN_FILE STS_ENDPOINT STS_REGION VPC_ENDPOINT_ENABLED ECS_METADATA CREDENTIALS_URI CONFIG_FILE
  CREDENTIALS_FILE
]]

local function environment(getenv)
  local values = {}
  for name in VARIABLES:gmatch("%S+") do
    values[name] = variables.any(getenv, name) or getenv(name)
  end
  return values
end

--- Returns the key of an entry in the dict. Clients with other credentials must have other keys, even after nginx was
--- reloaded with other options.
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

local function remaining_life(self, found)
  return (found.expiration or 0) - self.shared.host.now()
end

--- Returns the credentials that another worker has stored. Returns nil if these are the credentials that must be
--- replaced.
local function load_stored(self, key)
  local text = self.shared.dict:get(key)
  local found, last = text and core.decode_reply(text), self.last or {}
  local is_new = type(found) == "table"
    and (found.access_key_id ~= last.access_key_id or found.security_token ~= last.security_token)
  return is_new and remaining_life(self, found) > MIN_LIFE and found or nil
end

--- Stores credentials. If the dict is full, nothing is stored, and each worker fetches its own credentials.
local function store(self, key, found)
  local life = remaining_life(self, found)
  if life > MIN_LIFE then
    self.shared.dict:safe_set(key, core.encode {
      access_key_id = found.access_key_id, access_key_secret = found.access_key_secret,
      security_token = found.security_token, expiration = found.expiration,
    }, life)
  end
end

--- Waits until another worker has fetched. Waits at most half of the time until the deadline, so that this worker has
--- time to fetch if the other worker was killed.
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

--- Wraps a fetch and its subject, so that all workers share the fetched credentials.
function Shared:wrap(name, fetch, subject)
  self.entries = self.entries + 1
  local entry = { shared = self, name = name, number = self.entries, fetch = fetch, subject = subject }
  return Entry.get, setmetatable(entry, Entry)
end

function Shared:scoped(scope)
  return setmetatable(tables.merge(self, { scope = scope, entries = 0 }), Shared)
end

--- Returns whether the credentials come from a function. These are not shared, because no key can distinguish two
--- functions.
local function has_function(credentials)
  return type(credentials) == "function"
    or type(credentials) == "table" and has_function(credentials.source)
end

--- Creates the shared credentials of a client.
---@param options dataworks.Options must have credentials_dict
function M.new(host, options)
  if not has_function(options.credentials) then
    local dict = rawget(_G, "ngx").shared[options.credentials_dict]
    return setmetatable({ host = host, options = options, dict = dict, scope = "", entries = 0 }, Shared)
  end
end

return M
