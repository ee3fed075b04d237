-- Checks the options of dataworks.new: each option alone, then options that depend on each other. A wrong option raises
-- an error at the caller's line.

local check_options = require "dataworks.util.check_options"
local endpoints = require "dataworks.api.endpoints"
local lazy = require "dataworks.util.lazy"
local credential_types = lazy "dataworks.credentials.types"
local limit = require "dataworks.limit.limit"
local misuse = require "dataworks.util.misuse"
local nearest = lazy "dataworks.util.nearest"
local option_types = require "dataworks.options"
local proxies = require "dataworks.transport.proxy"
local shared_dicts = lazy "dataworks.limit.shared"

local M = {}

--- The options that accept a fixed set of values.
local WORDS = {
  version = { ["2020-05-18"] = true, ["2024-05-18"] = true },
  signature = { ["ACS3-HMAC-SHA256"] = true, ["ACS3-HMAC-SM3"] = true, ["HMAC-SHA1"] = true },
  network = { public = true, vpc = true },
  min_tls = { ["1.2"] = true, ["1.3"] = true },
}

-- A message shows at most this many bytes of a wrong word.
local MAX_SHOWN = 40

local function check_credentials(options, what)
  if (options.access_key_id == nil) ~= (options.access_key_secret == nil) then
    misuse(("%s: access_key_id and access_key_secret belong together; %s is missing"):format(what,
      options.access_key_id and "access_key_secret" or "access_key_id"))
  elseif options.security_token and not options.access_key_id then
    misuse(what .. ": security_token needs its access_key_id and access_key_secret")
  elseif options.access_key_id and options.credentials then
    misuse(what .. ": give either access_key_id and access_key_secret or credentials, not both")
  elseif options.credentials then
    credential_types.check(what .. ": credentials", options.credentials)
  end
  local dict = options.credentials_dict
  local mistake = dict and shared_dicts.find_mistake("credentials_dict", dict)
  if mistake then
    misuse(what .. ": " .. mistake)
  end
end

--- Checks the options about the network. Environment variables are not checked here: a wrong variable makes each call
--- return an error.
local function check_network(options, what)
  if options.client_key and not options.client_certificate then
    misuse(what .. ": client_key needs its client_certificate")
  elseif options.client_key_password and not options.client_certificate then
    misuse(what .. ": client_key_password needs a client_certificate")
  end
  if options.endpoint or options.region then
    local _, err = endpoints.resolve(options.endpoint, options.region, options.network)
    if err then
      misuse(("%s: %s: %s"):format(what, err.path, err.message))
    end
  end
  if options.proxy and options.proxy ~= "" then
    local _, refused = proxies.parse(options.proxy)
    if refused then
      misuse(what .. ": proxy: " .. refused)
    end
  end
end

--- Raises unless an option has one of its allowed values, or is absent.
---@param what string the name of the called function, for the message
function M.check_word(what, name, value)
  if value and not WORDS[name][value] then
    misuse(("%s: %s must be one of %s, got %q"):format(what, name, nearest.list(WORDS[name]), value:sub(1, MAX_SHOWN)))
  end
end

--- Copies tables deeply. An object, such as a limit, is not copied but shared.
local function copy(value)
  if type(value) ~= "table" or getmetatable(value) then
    return value
  end
  local copied = {}
  for name, field in pairs(value) do
    copied[name] = copy(field)
  end
  return copied
end

--- Returns whether dataworks.new has an option of this name.
function M.is_known(name)
  return option_types[name] ~= nil
end

--- Checks the options of dataworks.new, and returns a copy, so that a later change of the program's table has no
--- effect.
---@param what string the name of the called function, for messages
function M.check(given, what)
  local checked = check_options.check(what, option_types, given)
  local options = copy(checked)
  options.transport = checked.transport
  check_credentials(options, what)
  for name in pairs(WORDS) do
    M.check_word(what, name, options[name])
  end
  check_network(options, what)
  local mistake = options.limit and limit.find_mistake(options.limit)
  if mistake then
    misuse(what .. ": limit: " .. mistake)
  end
  return options
end

return M
