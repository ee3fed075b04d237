-- Credentials of a profile of the CLI: ~/.aliyun/config.json, which is read again when it changes.

local core = require "dataworks.core"
local failures = require "dataworks.util.credential_failure"
local file_of = require "dataworks.credentials.file"
local json_edit = require "dataworks.credentials.json_edit"
local modes = require "dataworks.credentials.cli_modes"
local response = require "dataworks.protocol.response"
local variables = require "dataworks.credentials.variables"

local M = { FIELDS = { profile = "text", file = "text" } }

---@class dataworks.CliDocument
---@field current string
---@field profiles table[] clean, in the order of the file; `place` is a profile's own

local BYTE_ORDER_MARK = "\239\187\191"

--- The JSON, and what stands in front of it.
local function split(text)
  local mark = text:sub(1, #BYTE_ORDER_MARK) == BYTE_ORDER_MARK and BYTE_ORDER_MARK or ""
  return text:sub(#mark + 1), mark
end

local function parse(text)
  local raw, message = response.decode((split(text)))
  if type(raw) ~= "table" or type(raw.profiles) ~= "table" then
    -- Where, but not what: the rest of the message may quote a key.
    return nil, message and "it is no JSON" .. (message:match(" at byte %d+$") or "") or "it has no list of profiles"
  end
  local document = { profiles = {}, current = type(raw.current) == "string" and raw.current or "default" }
  for place, item in ipairs(raw.profiles) do
    local profile = type(item) == "table" and modes.clean(item) or {}
    if profile.name then
      profile.place = place
      document.profiles[#document.profiles + 1] = profile
    end
  end
  return document
end

local function find(document, name)
  for _, profile in ipairs(document.profiles) do
    if profile.name == (name or document.current) then
      return profile
    end
  end
end

local function path_of(fields, getenv)
  local home = getenv "HOME"
  return fields.file or getenv "ALIBABA_CLOUD_CONFIG_FILE" or home and home .. "/.aliyun/config.json"
end

local function is_disabled(getenv)
  for _, name in ipairs {
    "ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_IGNORE_PROFILE", "ALIBABACLOUD_IGNORE_PROFILE",
  } do
    if variables.is_on(getenv, name) then
      return name
    end
  end
end

--- What is set up: the path and the profile's name.
local function place_of(fields, getenv)
  local disabled = is_disabled(getenv)
  local path = path_of(fields, getenv)
  if disabled then
    return nil, failures.absent(disabled .. " is set")
  elseif not path then
    return nil, failures.absent "HOME is not set"
  end
  return path, nil, fields.profile or variables.any(getenv, "PROFILE")
end

--- Writes changes of a profile into the file as it is now, unless its refresh token is another one by now: then another
--- program has renewed it, and the file is newer than what would be written.
local function save(path, name, changes, refresh_token)
  local text, failure = file_of.read(path)
  local document = text and parse(text)
  local profile = document and find(document, name)
  if not profile or profile.oauth_refresh_token ~= refresh_token then
    return failure
  end
  local json, mark = split(text)
  text = mark .. json_edit.set(json, { "profiles", profile.place }, changes)
  local _, message = core.write_private(path, text)
  return message and failures.new(("%s can't be written: %s"):format(path, message),
    "sign in again when this program ends: the refresh token in the file may be of no use any more"), text
end

--- What a mode may ask for beside its own profile.
local function describe(document, path, watch)
  return {
    find = function(name) return find(document, name) end,
    saver = function(name)
      return function(changes, refresh_token)
        local failure, text = save(path, name, changes, refresh_token)
        if text then
          watch.adopt(#text)
        end
        return failure
      end
    end,
  }
end

---@param fields table
---@param host dataworks.CredentialHost
---@return dataworks.Provider
function M.new(fields, host)
  return file_of.provider("cli_profile", {
    place = function() return place_of(fields, host.getenv) end,
    parse = parse,
    build = function(document, name, path, watch)
      return modes.provider(name, file_of.host_of(host, document, name), describe(document, path, watch))
    end,
  })
end

--- The region_id of the profile that would be used.
---@param fields table
---@param getenv fun(name: string): string|nil
---@return string|nil
function M.region(fields, getenv)
  local path, _, name = place_of(fields, getenv)
  local text = path and file_of.read(path)
  local document = text and parse(text)
  return document and modes.region(find(document, name)) or nil
end

return M
