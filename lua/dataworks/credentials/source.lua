-- Provides the credentials of a client. They come from the provider that the options name, or from the default chain.

local errors = require "dataworks.error"
local failures = require "dataworks.util.credential_failure"
local lazy = require "dataworks.util.lazy"
local chain = lazy "dataworks.credentials.chain"
local providers = require "dataworks.credentials.provider"
local static = require "dataworks.credentials.static"
local tables = require "dataworks.util.tables"
local variables = require "dataworks.credentials.variables"

local M = {}

---@class dataworks.Credentials
---@field access_key_id? string
---@field access_key_secret? string
---@field security_token? string only temporary credentials have it
---@field bearer_token? string used instead of the other three fields
---@field expiration? number seconds since 1970
---@field problem? dataworks.CredentialFailure a problem to report, although the credentials are usable

--- The module of each type of provider. A module is loaded when its type is first used.
local MODULES = {
  environment = "dataworks.credentials.environment",
  access_key = "dataworks.credentials.static",
  bearer = "dataworks.credentials.static",
  oidc = "dataworks.credentials.oidc",
  ram_role_arn = "dataworks.credentials.ram_role_arn",
  cli_profile = "dataworks.credentials.cli_profile",
  ini = "dataworks.credentials.ini",
  ecs_ram_role = "dataworks.credentials.ecs_ram_role",
  uri = "dataworks.credentials.uri",
  external = "dataworks.credentials.external",
}

-- A function as a provider

local MAX_REASON = 200

--- The failure contains the reason that the function returned. If the function raised an error, the failure does not
--- quote the error, because the error may quote a file of keys.
local function call(fn)
  local ok, found, reason = pcall(fn)
  if not ok then
    return nil, failures.new "the credentials function raised an error"
  elseif not found then
    reason = errors.line(reason or "it gave no reason", MAX_REASON)
    return nil, failures.new("the credentials function has none: " .. reason)
  end
  local checked, failure = static.check(found)
  if failure then
    failure = failures.within("the credentials function", failure)
    failure.advice = "Return a table { access_key_id = ..., access_key_secret = ... } from the function."
  end
  return checked, failure
end

-- Providers

---@param value string|table|function the value of the option `credentials`; the caller has checked it
local function new_provider(value, host)
  if type(value) == "function" then
    return providers.new(nil, function() return call(value) end, true)
  end
  local fields = tables.merge({ profile = host.profile }, type(value) == "table" and value or { type = value })
  if fields.type == "default" then
    return chain.new(chain.ORDER, host)
  end
  return require(MODULES[fields.type]).new(fields, host)
end

local function choose_provider(options, host)
  if options.access_key_id then
    return static.new(options, host, "options of dataworks.new")
  elseif options.credentials then
    return new_provider(options.credentials, host)
  elseif options.profile then
    return chain.new(chain.PROFILE_ORDER, host, "run: aliyun configure --profile " .. options.profile)
  end
  return chain.new(chain.ORDER, host)
end

---@class dataworks.CredentialSource
---@field host dataworks.CredentialHost
---@field provider dataworks.Provider
---@field last dataworks.Credentials|nil the last credentials that `get` returned
local Source = {}
Source.__index = Source

--- Returns the present credentials.
---@param deadline? number a time of host.clock
function Source:get(deadline)
  local provider = self.provider
  local found, failure = provider:get(deadline or math.huge)
  if found then
    self.last = found
    return found
  end
  return nil, provider.name and failures.within(provider.name, failure) or failure
end

--- Forgets the last credentials, because the service called them expired.
---@return boolean may_differ whether the next credentials may be different
function Source:expire()
  if self.provider:expire() then
    return true
  end
  -- The file or the variable that holds the credentials may have changed.
  local last = self.last
  local found = last and self.provider:get(self.host.clock())
  return found ~= nil and (found.access_key_id ~= last.access_key_id or found.security_token ~= last.security_token)
end

function Source:close()
  self.host:close()
end

function M.new(options, host)
  host.new_provider = new_provider
  return setmetatable({ host = host, provider = choose_provider(options, host) }, Source)
end

--- Returns the region that the environment names, or else the region of the CLI's profile.
function M.region(options, getenv)
  local region = variables.region(getenv)
  if region then
    return region
  end
  local given = options.credentials
  local fields = type(given) == "table" and given.type == "cli_profile" and given or {}
  local profile = { profile = fields.profile or options.profile, file = fields.file }
  return require(MODULES.cli_profile).region(profile, getenv)
end

return M
