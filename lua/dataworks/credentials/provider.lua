-- Builds providers that return the results of a function or of another provider.

local failures = require "dataworks.util.credential_failure"

local M = {}

---@class dataworks.Provider
---@field name? string
---@field get fun(self, deadline: number): dataworks.Credentials|nil, dataworks.CredentialFailure|nil
---@field expire fun(self): boolean forgets the credentials, and returns whether the next ones may be different

--- Creates a provider that calls a function for its credentials.
---@param name string|nil
---@param get fun(): dataworks.Credentials|nil, dataworks.CredentialFailure|nil
---@param may_differ boolean what `expire` returns
---@return dataworks.Provider
function M.new(name, get, may_differ)
  return { name = name, get = get, expire = function() return may_differ end }
end

--- Returns a provider that puts a prefix before the message of each failure of another provider. If there is no other
--- provider, puts the prefix before the message of the given failure and returns that.
---@param prefix string
---@param provider dataworks.Provider|nil
---@param failure dataworks.CredentialFailure|nil why `provider` is nil
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
