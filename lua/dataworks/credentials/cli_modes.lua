-- Builds a provider for each mode of a profile of the CLI.

local cloud_sso = require "dataworks.credentials.cloud_sso"
local ecs_ram_role = require "dataworks.credentials.ecs_ram_role"
local external = require "dataworks.credentials.external"
local failures = require "dataworks.util.credential_failure"
local nearest = require "dataworks.util.nearest"
local oauth = require "dataworks.credentials.oauth"
local oidc = require "dataworks.credentials.oidc"
local providers = require "dataworks.credentials.provider"
local ram_role_arn = require "dataworks.credentials.ram_role_arn"
local static = require "dataworks.credentials.static"
local uri = require "dataworks.credentials.uri"
local variables = require "dataworks.credentials.variables"

local M = {}

--- The advice for a profile that must be configured again, or in which the user must sign in again.
local function configure_command(profile, mode)
  return ("run: aliyun configure --profile %s"):format(profile.name) .. (mode and " --mode " .. mode or "")
end

local function profile_keys(profile)
  return {
    access_key_id = profile.access_key_id, access_key_secret = profile.access_key_secret,
    security_token = profile.sts_token, expiration = profile.sts_expiration,
  }
end

--- Returns the temporary credentials that the CLI or this module has saved in the profile.
local function saved_credentials(profile)
  local keys = profile_keys(profile)
  return keys.access_key_id and keys.access_key_secret and keys.security_token and keys.expiration and keys or nil
end

---@class dataworks.CliMode
---@field needs? string[] the fields that the profile must have
---@field build fun(profile: table, host: dataworks.CredentialHost, file: dataworks.CliFile, seen: table):
---  dataworks.Provider|nil, dataworks.CredentialFailure|nil

---@type table<string, dataworks.CliMode>
local MODES = {
  AK = {
    needs = { "access_key_id", "access_key_secret" },
    build = function(profile)
      return static.new { access_key_id = profile.access_key_id, access_key_secret = profile.access_key_secret }
    end,
  },
  StsToken = {
    needs = { "access_key_id", "access_key_secret", "sts_token" },
    build = function(profile) return static.new(profile_keys(profile)) end,
  },
  RamRoleArn = {
    needs = { "access_key_id", "access_key_secret", "ram_role_arn" },
    build = function(profile, host)
      return ram_role_arn.new(profile, host, static.new(profile_keys(profile)))
    end,
  },
  EcsRamRole = { build = ecs_ram_role.new },
  OIDC = {
    needs = { "oidc_provider_arn", "oidc_token_file", "ram_role_arn" },
    build = oidc.new,
  },
  RamRoleArnWithRoleName = {
    needs = { "ram_role_arn" },
    build = function(profile, host)
      return ram_role_arn.new(profile, host, ecs_ram_role.new(profile, host))
    end,
  },
  ChainableRamRoleArn = {
    needs = { "source_profile", "ram_role_arn" },
    build = function(profile, host, file, seen)
      local source, failure = M.provider(profile.source_profile, host, file, seen)
      return source and ram_role_arn.new(profile, host, source), failure
    end,
  },
  CredentialsURI = {
    build = function(profile, host)
      if variables.forbids_external(host.getenv) then
        return nil, failures.new "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS is set"
      end
      return uri.new(profile, host)
    end,
  },
  External = { needs = { "process_command" }, build = external.new },
  CloudSSO = {
    needs = { "cloud_sso_sign_in_url", "cloud_sso_account_id", "cloud_sso_access_config" },
    build = function(profile, host)
      return cloud_sso.new(profile, host, saved_credentials(profile), configure_command(profile, "CloudSSO"))
    end,
  },
  OAuth = {
    build = function(profile, host, file)
      return oauth.new(profile, host, saved_credentials(profile), configure_command(profile, "OAuth"), file)
    end,
  },
  BearerToken = {
    needs = { "bearer_token" },
    build = function(profile)
      if profile.bearer_token_header_key then
        return nil, failures.new "bearer_token_header_key is for other services"
      end
      return static.new { bearer_token = profile.bearer_token }
    end,
  },
}

local UNSUPPORTED = { RsaKeyPair = true, Anonymous = true }

--- The CLI accepts the name of a mode in capital or small letters. In a profile without a mode, it accepts an access
--- key.
local function find_mode(profile)
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
  local name = find_mode(profile)
  local mode = MODES[name]
  if mode then
    local missing = failures.missing(profile, mode.needs or {})
    if missing then
      missing.advice = configure_command(profile, name)
      return nil, missing
    end
    return mode.build(profile, host, file, seen)
  elseif name then
    return nil, failures.new(("mode %s is not supported"):format(name),
      "use another profile, of one of the modes " .. nearest.list(MODES))
  elseif not profile.mode then
    return nil, failures.new("it has no mode", configure_command(profile))
  end
  -- The message does not quote the mode, because the text may be a key.
  return nil, failures.new("its mode is not known" .. nearest.hint(profile.mode, MODES),
    "the modes are " .. nearest.list(MODES))
end

---@param name string|nil nil means the current profile
---@param seen? table<string, boolean> the names of the profiles whose source_profile led to this profile
function M.provider(name, host, file, seen)
  local profile = file:profile(name)
  if not profile then
    -- The message does not quote a name from the file, because the text may be a key.
    return nil, failures.new(seen and "its source_profile is not in the file"
      or name and "there is no profile " .. name or "its current profile is not among its profiles")
  end
  seen = seen or {}
  if seen[profile.name] then
    return nil, failures.new(("source_profile leads back to profile %s"):format(profile.name))
  end
  seen[profile.name] = true
  return providers.with_prefix("profile " .. profile.name, build(profile, host, file, seen))
end

return M
