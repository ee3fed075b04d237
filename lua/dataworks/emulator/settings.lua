-- The settings of the emulator. A program can change them while the emulator runs.

local credentials = require "dataworks.emulator.credentials"
local ids = require "dataworks.util.ids"
local json = require "dataworks.emulator.json"
local pending = require "dataworks.emulator.service.pending"

local M = {}

function M.defaults()
  return {
    first_id = "1000001",
    pending_calls = 2,
    pending_form = "absent",
    success_status = "success",
    success_message = "",
    wait_calls = 1,
    kill_calls = 1,
    clock_offset = 0,
    credentials = json.list(credentials),
    credential_seconds = 0,
    oidc_token = "emulator-oidc-token",
    metadata_role = "emulator-role",
    metadata_v1 = true,
    metadata_v2 = true,
  }
end

local function check_credentials(list)
  if not json.is_list(list) then
    return "credentials must be a list"
  end
  for _, entry in ipairs(list) do
    local is_pair = json.is_object(entry) and type(entry.access_key_id) == "string"
      and type(entry.access_key_secret) == "string"
    if not is_pair and not (json.is_object(entry) and type(entry.bearer_token) == "string") then
      return "each entry of credentials must have access_key_id and access_key_secret, or bearer_token"
    elseif entry.account ~= nil and type(entry.account) ~= "string" then
      return "account must be a text"
    end
  end
end

local CHECKS = {
  credentials = check_credentials,
  pending_form = function(form) return not pending[form] and "pending_form is not known" or nil end,
  first_id = function(id) return not id:find("^%d+$") and "first_id must be decimal digits" or nil end,
}

--- Returns a message about a wrong setting, or nil. `current` is the current value of the setting.
local function check(name, value, current)
  if current == nil then
    return "unknown setting " .. tostring(name)
  elseif type(value) ~= type(current) then
    return ("%s must be a %s"):format(name, type(current))
  end
  return CHECKS[name] and CHECKS[name](value)
end

--- Changes settings in the table `settings`. If one change is wrong, changes nothing.
---@return boolean|nil ok
---@return string|nil message what is wrong
function M.apply(settings, changes)
  if changes.first_id ~= nil then
    changes.first_id = ids.text(changes.first_id)
  end
  for name, value in pairs(changes) do
    local wrong = check(name, value, settings[name])
    if wrong then
      return nil, wrong
    end
  end
  for name, value in pairs(changes) do
    settings[name] = value
  end
  return true
end

return M
