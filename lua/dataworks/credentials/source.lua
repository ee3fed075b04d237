-- Where a client's credentials come from: its options say it, or else the default chain finds them.

local chain = require "dataworks.credentials.chain"
local errors = require "dataworks.error"
local failures = require "dataworks.util.credential_failure"
local lazy = require "dataworks.util.lazy"
local nearest = lazy "dataworks.util.nearest"
local options_of = require "dataworks.util.check_options"
local static = require "dataworks.credentials.static"
local variables = require "dataworks.credentials.variables"

local M = {}

---@class dataworks.Credentials
---@field access_key_id? string
---@field access_key_secret? string
---@field security_token? string of temporary credentials
---@field bearer_token? string instead of the other three
---@field expiration? number seconds since 1970

--- What the option `credentials` may name, and the module behind it.
local TYPES = {
  default = "chain", environment = "environment", oidc = "oidc", cli_profile = "cli_profile", ini = "ini",
  ecs_ram_role = "ecs_ram_role", uri = "uri", ram_role_arn = "ram_role_arn", external = "external",
  access_key = "static", bearer = "static",
}

local function module_of(name)
  return require("dataworks.credentials." .. TYPES[name])
end

-- Checking the option

--- Only what is enough by itself, or set up in the environment.
local NEEDED = {
  access_key = { "access_key_id", "access_key_secret" }, bearer = { "bearer_token" }, external = { "process_command" },
}

local FIELDS_OF = {
  access_key = { access_key_id = "text", access_key_secret = "text", security_token = "text" },
  bearer = { bearer_token = "text" },
  default = {},
}

local function check_name(what, name, level)
  if not TYPES[name] then
    -- A name that isn't near to one may be a key that slipped: it is not shown.
    error(("%s: there is no such type%s; the types are %s"):format(what, nearest.hint(name, TYPES),
      nearest.list(TYPES)), level + 1)
  end
end

local function fields_of(name)
  local known = { type = "text" }
  for field, kind in pairs(FIELDS_OF[name] or module_of(name).FIELDS) do
    known[field] = kind
  end
  return known
end

--- Misuse raises at the line `level` calls up.
---@param what string
---@param value any of the option
---@param level integer
function M.check(what, value, level)
  if type(value) == "function" then
    return
  end
  local name = value
  if type(value) == "table" then
    name = value.type
  end
  check_name(what, name, level + 1)
  local given = type(value) == "table" and value or {}
  options_of.check(what, fields_of(name), given, level + 1)
  for _, field in ipairs(NEEDED[name] or {}) do
    if given[field] == nil then
      error(("%s: type %s needs %s"):format(what, name, field), level + 1)
    end
  end
  if given.source ~= nil then
    M.check(what .. ".source", given.source, level + 1)
  end
end

-- Providers

--- A reason is told as the function gave it. What it raised is not: such a text may quote a key file.
local function from_function(get)
  return {
    get = function()
      local ok, found, reason = pcall(get)
      if not ok then
        return nil, failures.new "the credentials function raised an error"
      elseif not found then
        reason = errors.line(reason or "it gave no reason", 200)
        return nil, failures.new("the credentials function has none: " .. reason)
      end
      local checked, failure = static.check(found)
      return checked, failure and failures.within("the credentials function", failure)
    end,
    expire = function() return true end,
  }
end

local function new_chain(order, host, advice)
  return chain.new(order, function(name)
    return module_of(name).new({ profile = host.profile }, host)
  end, advice)
end

---@param value string|table|function checked
---@param host dataworks.CredentialHost
---@return dataworks.Provider
local function make(value, host)
  if type(value) == "function" then
    return from_function(value)
  end
  local fields = { profile = host.profile }
  for name, field in pairs(type(value) == "table" and value or { type = value }) do
    fields[name] = field
  end
  if fields.type == "default" then
    return new_chain(chain.ORDER, host)
  end
  return module_of(fields.type).new(fields, host)
end

local function choose(options, host)
  if options.access_key_id then
    return static.provider("options of dataworks.new", {
      access_key_id = options.access_key_id, access_key_secret = options.access_key_secret,
      security_token = options.security_token,
    })
  elseif options.credentials then
    return make(options.credentials, host)
  end
  if options.profile then
    return new_chain(chain.PROFILE_ORDER, host, "run: aliyun configure --profile " .. options.profile)
  end
  return new_chain(chain.ORDER, host)
end

local function non_empty(getenv)
  return function(name)
    local value = getenv(name)
    return value ~= "" and value or nil
  end
end

---@class dataworks.CredentialSource
---@field get fun(deadline?: number): dataworks.Credentials|nil, table|nil those of the moment, or fields of an error
---@field expire fun(): boolean the service called them expired: forgets them; may there be others now?
---@field close fun()

--- Where the credentials of a client come from.
---@param options table of dataworks.new
---@param getenv fun(name: string): string|nil
---@param host dataworks.CredentialHost getenv and make are added
---@return dataworks.CredentialSource
function M.source(options, getenv, host)
  host.getenv = non_empty(getenv)
  function host.make(value)
    return make(value, host)
  end
  local provider = choose(options, host)
  local last
  local source = { close = host.close }

  function source.get(deadline)
    local found, failure = provider.get(deadline or math.huge)
    if found then
      last = found
      return found
    end
    return nil, provider.name and failures.within(provider.name, failure) or failure
  end

  function source.expire()
    if provider.expire() then
      return true
    end
    -- Where nothing is fetched, a file or a variable may have been renewed in the meantime.
    local found = last and provider.get(host.clock())
    return found ~= nil
      and (found.access_key_id ~= last.access_key_id or found.security_token ~= last.security_token)
  end

  return source
end

--- The region that the environment names, or the CLI's profile.
---@param options table of dataworks.new
---@param getenv fun(name: string): string|nil
---@return string|nil
function M.region(options, getenv)
  getenv = non_empty(getenv)
  local region = variables.region(getenv)
  if region then
    return region
  end
  local given = options.credentials
  local fields = type(given) == "table" and given.type == "cli_profile" and given or {}
  return module_of("cli_profile").region({ profile = fields.profile or options.profile, file = fields.file }, getenv)
end

return M
