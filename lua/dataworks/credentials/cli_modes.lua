-- What a profile of the CLI says, by its mode, as a provider.

local cloud_sso = require "dataworks.credentials.cloud_sso"
local ecs_ram_role = require "dataworks.credentials.ecs_ram_role"
local endpoints = require "dataworks.api.endpoints"
local external = require "dataworks.credentials.external"
local failures = require "dataworks.util.credential_failure"
local nearest = require "dataworks.util.nearest"
local oauth = require "dataworks.credentials.oauth"
local oidc = require "dataworks.credentials.oidc"
local ram_role_arn = require "dataworks.credentials.ram_role_arn"
local static = require "dataworks.credentials.static"
local uri = require "dataworks.credentials.uri"
local variables = require "dataworks.credentials.variables"

local M = {}

local TEXTS = {}
for name in ([[
  name mode access_key_id access_key_secret sts_token sts_region sts_endpoint ram_role_arn ram_session_name
  ram_role_name source_profile oidc_token_file oidc_provider_arn policy external_id process_command credentials_uri
  cloud_sso_sign_in_url cloud_sso_account_id cloud_sso_access_config access_token oauth_site_type oauth_access_token
  oauth_refresh_token bearer_token bearer_token_header_key region_id
]]):gmatch("%S+") do
  TEXTS[#TEXTS + 1] = name
end

local NUMBERS = { "expired_seconds", "cloud_sso_access_token_expire", "oauth_access_token_expire", "sts_expiration" }

--- The known fields of a profile, as far as they are what they should be.
---@param raw table from the file
---@return table
function M.clean(raw)
  local profile = {}
  for _, name in ipairs(TEXTS) do
    local value = raw[name]
    profile[name] = type(value) == "string" and value ~= "" and value or nil
  end
  for _, name in ipairs(NUMBERS) do
    local value = tonumber(raw[name])
    profile[name] = value and value > 0 and value or nil
  end
  if type(raw.enable_vpc) == "boolean" then
    profile.vpc = raw.enable_vpc
  end
  return profile
end

---@class dataworks.CliFile what a mode may ask for beside its own profile
---@field find fun(name: string|nil): table|nil a clean profile
---@field saver fun(name: string): fun(changes: table, refresh_token: string|nil): table|nil

local function require_fields(profile, ...)
  for _, name in ipairs { ... } do
    if not profile[name] then
      return failures.new(name .. " is missing",
        ("run: aliyun configure --profile %s --mode %s"):format(profile.name, profile.mode))
    end
  end
end

local function role_fields(profile)
  return {
    role_arn = profile.ram_role_arn, role_session_name = profile.ram_session_name, duration = profile.expired_seconds,
    policy = profile.policy, external_id = profile.external_id, sts_region = profile.sts_region,
    sts_endpoint = profile.sts_endpoint, vpc = profile.vpc,
  }
end

local function keys(profile)
  return static.provider(nil, {
    access_key_id = profile.access_key_id, access_key_secret = profile.access_key_secret,
    security_token = profile.sts_token,
  })
end

--- What the CLI or this module fetched before, while it lasts.
local function stored(profile)
  local whole = profile.access_key_id and profile.access_key_secret and profile.sts_token and profile.sts_expiration
  return whole and {
    access_key_id = profile.access_key_id, access_key_secret = profile.access_key_secret,
    security_token = profile.sts_token, expiration = profile.sts_expiration,
  } or nil
end

local MODES = {}

function MODES.AK(profile)
  local missing = require_fields(profile, "access_key_id", "access_key_secret")
  return not missing and static.provider(nil, {
    access_key_id = profile.access_key_id, access_key_secret = profile.access_key_secret,
  }) or nil, missing
end

function MODES.StsToken(profile)
  local missing = require_fields(profile, "access_key_id", "access_key_secret", "sts_token")
  return not missing and keys(profile) or nil, missing
end

function MODES.RamRoleArn(profile, host)
  local missing = require_fields(profile, "access_key_id", "access_key_secret", "ram_role_arn")
  return not missing and ram_role_arn.new(role_fields(profile), host, keys(profile)) or nil, missing
end

function MODES.EcsRamRole(profile, host)
  return ecs_ram_role.new({ role_name = profile.ram_role_name }, host)
end

function MODES.OIDC(profile, host)
  local missing = require_fields(profile, "oidc_provider_arn", "oidc_token_file", "ram_role_arn")
  local fields = role_fields(profile)
  fields.oidc_provider_arn, fields.oidc_token_file = profile.oidc_provider_arn, profile.oidc_token_file
  return not missing and oidc.new(fields, host) or nil, missing
end

function MODES.RamRoleArnWithRoleName(profile, host)
  local missing = require_fields(profile, "ram_role_arn")
  local source = ecs_ram_role.new({ role_name = profile.ram_role_name }, host)
  return not missing and ram_role_arn.new(role_fields(profile), host, source) or nil, missing
end

function MODES.ChainableRamRoleArn(profile, host, file, seen)
  local missing = require_fields(profile, "source_profile", "ram_role_arn")
  if missing then
    return nil, missing
  end
  local source, failure = M.provider(profile.source_profile, host, file, seen)
  if not source then
    return nil, failure
  end
  return ram_role_arn.new(role_fields(profile), host, source)
end

function MODES.CredentialsURI(profile, host)
  if variables.no_external(host.getenv) then
    return nil, failures.new "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS is set"
  end
  return uri.new({ uri = profile.credentials_uri }, host)
end

function MODES.External(profile, host)
  local missing = require_fields(profile, "process_command")
  return not missing and external.new(profile, host) or nil, missing
end

function MODES.CloudSSO(profile, host)
  local missing = require_fields(profile, "cloud_sso_sign_in_url", "cloud_sso_account_id", "cloud_sso_access_config")
  return not missing and cloud_sso.new(profile, host, stored(profile)) or nil, missing
end

function MODES.OAuth(profile, host, file)
  return oauth.new(profile, host, stored(profile), file.saver(profile.name))
end

function MODES.BearerToken(profile)
  local missing = require_fields(profile, "bearer_token")
  if not missing and profile.bearer_token_header_key then
    missing = failures.new "bearer_token_header_key is for services other than this one"
  end
  return not missing and static.provider(nil, { bearer_token = profile.bearer_token }) or nil, missing
end

local UNSUPPORTED = { RsaKeyPair = true, Anonymous = true }

--- The CLI takes a mode in any case, and recognizes a key without one.
local function mode_of(profile)
  for _, known in ipairs { MODES, UNSUPPORTED } do
    for name in pairs(known) do
      if name:lower() == (profile.mode or ""):lower() then
        return name
      end
    end
  end
  if not profile.mode and profile.access_key_id then
    return profile.sts_token and "StsToken" or "AK"
  end
end

local function build(profile, host, file, seen)
  local mode = mode_of(profile)
  if MODES[mode] then
    profile.mode = mode
    return MODES[mode](profile, host, file, seen)
  elseif mode then
    return nil, failures.new(("mode %s is not supported"):format(mode),
      "use another profile, of one of the modes " .. nearest.list(MODES))
  elseif not profile.mode then
    return nil, failures.new("it has no mode", "run: aliyun configure --profile " .. profile.name)
  end
  -- The wrong name is not told: it may be something else that slipped.
  return nil, failures.new("its mode is not known" .. nearest.hint(profile.mode, MODES),
    "the modes are " .. nearest.list(MODES))
end

---@param name string|nil of a profile, the current one when absent
---@param host dataworks.CredentialHost
---@param file dataworks.CliFile
---@param seen? table<string, boolean> the profiles that lead here
---@return dataworks.Provider|nil
---@return table|nil failure
function M.provider(name, host, file, seen)
  local profile = file.find(name)
  if not profile then
    -- A name out of the file is not told: it may be something else that slipped.
    return nil, failures.new(seen and "its source_profile is not in the file"
      or name and "there is no profile " .. name or "its current profile is not among its profiles")
  end
  seen = seen or {}
  if seen[profile.name] then
    return nil, failures.new(("source_profile leads back to profile %s"):format(profile.name))
  end
  seen[profile.name] = true
  local provider, failure = build(profile, host, file, seen)
  if not provider then
    return nil, failures.within("profile " .. profile.name, failure)
  end
  return failures.prefixed("profile " .. profile.name, provider)
end

--- The region of a profile, when it is a name at all.
---@param profile table|nil
---@return string|nil
function M.region(profile)
  local region = profile and profile.region_id
  return region and endpoints.host(region) and region or nil
end

return M
