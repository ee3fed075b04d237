-- What can be set while the emulator runs.

local credentials = require "dataworks.emulator.credentials"
local generate = require "dataworks.emulator.service.generate"
local json = require "dataworks.emulator.json"
local service = require "dataworks.emulator.service.service"

local M = {}

---@return table
function M.defaults()
  local all = service.defaults()
  all.clock_offset = 0
  all.credential_seconds = 0
  all.oidc_token = "emulator-oidc-token"
  all.metadata_role = "emulator-role"
  all.metadata_v1, all.metadata_v2 = true, true
  all.credentials = json.list(credentials)
  return all
end

local function check_credentials(list)
  if not json.is_list(list) then
    return "credentials must be a list"
  end
  for _, entry in ipairs(list) do
    local pair = json.is_object(entry) and type(entry.access_key_id) == "string"
      and type(entry.access_key_secret) == "string"
    if not pair and not (json.is_object(entry) and type(entry.bearer_token) == "string") then
      return "each of credentials must have access_key_id and access_key_secret, or bearer_token"
    end
  end
end

local CHECKS = {
  credentials = check_credentials,
  pending_form = function(form)
    return not generate.pending_forms[form] and "pending_form is not known" or nil
  end,
  first_id = function(id)
    return not id:find("^%d+$") and "first_id must be decimal digits" or nil
  end,
}

local function check(name, value, default)
  if default == nil then
    return "unknown setting " .. tostring(name)
  elseif type(value) ~= type(default) then
    return ("%s must be a %s"):format(name, type(default))
  end
  return CHECKS[name] and CHECKS[name](value)
end

--- Changes settings in place, all or none.
---@param settings table
---@param changes table
---@return boolean|nil ok
---@return string|nil message
function M.apply(settings, changes)
  local id = changes.first_id
  if type(id) == "number" then
    changes.first_id = ("%d"):format(id)
  elseif type(id) == "table" then
    changes.first_id = tostring(id)
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
