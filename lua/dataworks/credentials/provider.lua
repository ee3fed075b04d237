-- Creates providers that fetch nothing themselves.

local failures = require "dataworks.util.credential_failure"

local M = {}

---@class dataworks.Provider
---@field name? string
---@field get fun(self, deadline: number): dataworks.Credentials|nil, dataworks.CredentialFailure|nil
---@field expire fun(self): boolean forgets the credentials; returns whether the next credentials may be different

--- Creates a provider that returns credentials without a delay.
---@param get fun(): dataworks.Credentials|nil, dataworks.CredentialFailure|nil returns the present credentials
---@param may_differ boolean the value that `expire` returns
function M.new(name, get, may_differ)
  return { name = name, get = get, expire = function() return may_differ end }
end

--- Returns a provider whose failures begin with a prefix. If the provider could not be built, returns nil and the
--- failure with the prefix.
---@param failure dataworks.CredentialFailure|nil why `provider` is nil
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
