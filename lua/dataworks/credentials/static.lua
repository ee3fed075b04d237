-- Credentials that are simply there, and are not fetched.

local failures = require "dataworks.util.credential_failure"

local M = {}

M.FIELDS = { access_key_id = "text", access_key_secret = "text", security_token = "text", bearer_token = "text" }

--- Never tells a value: only which one is missing.
---@param found dataworks.Credentials|any
---@return dataworks.Credentials|nil
---@return table|nil failure
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

---@param name string|nil
---@param found dataworks.Credentials|nil
---@param failure? table why there are none
---@return dataworks.Provider
function M.provider(name, found, failure)
  if found then
    found, failure = M.check(found)
  end
  return {
    name = name,
    get = function() return found, failure end,
    expire = function() return false end,
  }
end

--- As a type of the `credentials` option: the fields are the credentials.
---@param fields table
---@return dataworks.Provider
function M.new(fields)
  return M.provider(fields.type, {
    access_key_id = fields.access_key_id, access_key_secret = fields.access_key_secret,
    security_token = fields.security_token, bearer_token = fields.bearer_token,
  })
end

return M
