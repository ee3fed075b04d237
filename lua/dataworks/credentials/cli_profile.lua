-- Reads credentials from a profile of the CLI, in ~/.aliyun/config.json.

local core = require "dataworks.core"
local endpoints = require "dataworks.api.endpoints"
local failures = require "dataworks.util.credential_failure"
local files = require "dataworks.credentials.file"
local file_provider = require "dataworks.credentials.file_provider"
local json_edit = require "dataworks.credentials.json_edit"
local modes = require "dataworks.credentials.cli_modes"
local variables = require "dataworks.credentials.variables"

local M = {}

-- Profiles

local FIELDS = {
  expired_seconds = "number", cloud_sso_access_token_expire = "number", oauth_access_token_expire = "number",
  sts_expiration = "number", enable_vpc = "boolean",
}
for name in ([[
  name mode access_key_id access_key_secret sts_token sts_region sts_endpoint ram_role_arn ram_session_name
  ram_role_name source_profile oidc_token_file oidc_provider_arn policy external_id process_command credentials_uri
  cloud_sso_sign_in_url cloud_sso_account_id cloud_sso_access_config access_token oauth_site_type oauth_access_token
  oauth_refresh_token bearer_token bearer_token_header_key region_id
]]):gmatch("%S+") do
  FIELDS[name] = "string"
end

-- The names of these fields in the types of credentials.
local TYPE_FIELDS = {
  ram_role_arn = "role_arn", ram_session_name = "role_session_name", expired_seconds = "duration", enable_vpc = "vpc",
  ram_role_name = "role_name", credentials_uri = "uri",
}

--- Returns the known fields that have the right type and are neither empty, zero nor negative. A field that has another
--- name in the types of credentials is stored under both names.
local function known_fields(raw)
  local profile = {}
  for name, kind in pairs(FIELDS) do
    local value = raw[name]
    if kind == "number" then
      value = tonumber(value)
    end
    if type(value) == kind and value ~= "" and not (kind == "number" and value <= 0) then
      profile[name], profile[TYPE_FIELDS[name] or name] = value, value
    end
  end
  return profile
end

---@class dataworks.CliDocument
---@field current string
---@field profiles table[] the profiles in the order of the file; `position` is the index of a profile in the file's
--- list

local function parse(text)
  local raw, err = core.decode_reply(text)
  if err then
    return nil, "it " .. err.message
  elseif type(raw) ~= "table" or type(raw.profiles) ~= "table" then
    return nil, "it has no list of profiles"
  end
  local document = { profiles = {}, current = type(raw.current) == "string" and raw.current or "default" }
  for position, item in ipairs(raw.profiles) do
    local profile = type(item) == "table" and known_fields(item) or {}
    if profile.name then
      profile.position = position
      document.profiles[#document.profiles + 1] = profile
    end
  end
  return document
end

--- Returns the profile with this name; without a name, the current profile.
local function find_profile(document, name)
  for _, profile in ipairs(document.profiles) do
    if profile.name == (name or document.current) then
      return profile
    end
  end
end

--- Returns the profile in a file, the text of the file, and the failure if the file can't be read.
local function load_profile(path, name)
  local text, failure = files.read(path)
  local document = text and parse(text)
  return document and find_profile(document, name), text, failure
end

-- Environment variables that turn off the use of this file.
local SWITCHES = {
  "ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_IGNORE_PROFILE", "ALIBABACLOUD_IGNORE_PROFILE",
}

--- Returns the path of the file, or nil and the reason why the file is not read. The third value is the name of the
--- wanted profile; nil means the current profile.
local function find(fields, getenv)
  for _, name in ipairs(SWITCHES) do
    if variables.is_on(getenv, name) then
      return nil, failures.not_configured(name .. " is set")
    end
  end
  local path, failure = files.find(fields.file, getenv, "ALIBABA_CLOUD_CONFIG_FILE", "/.aliyun/config.json")
  return path, failure, variables.field(fields, "profile", getenv)
end

-- The file, in the form in which the modes use it

---@class dataworks.CliFile
---@field document dataworks.CliDocument
---@field watched dataworks.WatchedFile
local CliFile = {}
CliFile.__index = CliFile

---@param name string|nil nil means the current profile
function CliFile:profile(name)
  return find_profile(self.document, name)
end

--- Writes changes of a profile into the file. If the file has another refresh token than the given one, writes nothing:
--- another program has then renewed the token, and the file is newer than the changes.
---@param refresh_token string|nil the refresh token before the changes
function CliFile:save(name, changes, refresh_token)
  local path = self.watched.path
  local profile, text, failure = load_profile(path, name)
  if not profile or profile.oauth_refresh_token ~= refresh_token then
    return failure
  end
  local mark, json = text:match("^(\239?\187?\191?)(.*)$") -- a byte order mark before the JSON
  local edited = json_edit.set(json, { "profiles", profile.position }, changes)
  local message = "a new value is not valid UTF-8"
  if edited then
    text = mark .. edited
    message = select(2, core.write_private(path, text))
  end
  if message then
    return failures.new(("%s can't be written: %s"):format(path, message),
      "sign in again when this program ends: the refresh token in the file may not work any more")
  end
  self.watched:adopt(#text)
end

---@type dataworks.FileFormat
local FORMAT = {
  name = "cli_profile", find = find, parse = parse,
  build = function(document, name, host, watched)
    return modes.provider(name, host, setmetatable({ document = document, watched = watched }, CliFile))
  end,
}

function M.new(fields, host)
  return file_provider.new(FORMAT, fields, host)
end

--- Returns the region of the profile that the fields select; nil if its region_id is not the name of a region.
function M.region(fields, getenv)
  local path, _, name = find(fields, getenv)
  local profile = path and load_profile(path, name)
  local region = profile and profile.region_id
  return region and endpoints.host(region) and region or nil
end

return M
