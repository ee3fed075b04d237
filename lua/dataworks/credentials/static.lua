-- Credentials that the program gives, so that nothing is fetched.

local failures = require "dataworks.util.credential_failure"
local providers = require "dataworks.credentials.provider"

local M = {}

--- Returns the credentials in the fields. A failure names the missing field, and contains no value.
function M.check(found)
  if type(found) ~= "table" then
    return nil, failures.new(("a table was expected, got %s"):format(type(found)))
  elseif type(found.bearer_token) == "string" and found.bearer_token ~= "" then
    return found
  end
  for _, name in ipairs { "access_key_id", "access_key_secret" } do
    if type(found[name]) ~= "string" or found[name] == "" then
      return nil, failures.new(name .. " is missing")
    end
  end
  if found.security_token ~= nil and type(found.security_token) ~= "string" then
    return nil, failures.new "security_token must be text"
  end
  return found
end

---@param fields table has the fields of dataworks.Credentials
---@param name? string the name of the provider; default: the type in the fields
function M.new(fields, _, name)
  local found, failure = M.check {
    access_key_id = fields.access_key_id, access_key_secret = fields.access_key_secret,
    security_token = fields.security_token, bearer_token = fields.bearer_token,
  }
  return providers.new(name or fields.type, function() return found, failure end, false)
end

return M
