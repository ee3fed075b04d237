-- Providers that fetch nothing themselves.

local failures = require "dataworks.util.credential_failure"

local M = {}

---@class dataworks.Provider
---@field name? string
---@field get fun(self, deadline: number): dataworks.Credentials|nil, dataworks.CredentialFailure|nil
---@field expire fun(self): boolean forgets the credentials; can the next ones be others?

--- A provider whose credentials take no time to get.
---@param name string|nil
---@param get fun(): dataworks.Credentials|nil, dataworks.CredentialFailure|nil
---@param may_differ boolean the answer of `expire`
---@return dataworks.Provider
function M.new(name, get, may_differ)
  return { name = name, get = get, expire = function() return may_differ end }
end

--- A provider, or the failure to build it, with a prefix before the message of each failure.
---@param prefix string
---@param provider dataworks.Provider|nil
---@param failure dataworks.CredentialFailure|nil
---@return dataworks.Provider|nil
---@return dataworks.CredentialFailure|nil
function M.with_prefix(prefix, provider, failure)
  if not provider then
    return nil, failures.within(prefix, failure)
  end
  return {
    get = function(_, deadline)
      local found, problem = provider:get(deadline)
      return found, problem and failures.within(prefix, problem)
    end,
    expire = function() return provider:expire() end,
  }
end

return M
