-- Credentials of a role that other credentials may assume.

local cache = require "dataworks.credentials.cache"
local failures = require "dataworks.util.credential_failure"
local sts = require "dataworks.credentials.sts"
local variables = require "dataworks.credentials.variables"

local M = { FIELDS = { source = "credentials", external_id = "text" } }
for name, kind in pairs(sts.FIELDS) do
  M.FIELDS[name] = kind
end

local function is_expired(failure)
  return (failure.code or ""):find("^InvalidSecurityToken%.Expired") ~= nil
end

---@param fields table
---@param host dataworks.CredentialHost
---@param source? dataworks.Provider otherwise fields.source, or the chain
---@return dataworks.Provider
function M.new(fields, host, source)
  source = source or host.make(fields.source or "default")

  local function assume(deadline, role)
    local keys, failure = source.get(deadline)
    if not keys then
      return nil, failures.within("its source", failure)
    elseif keys.bearer_token then
      return nil, failures.new "its source: a bearer token can't assume a role"
    end
    return sts.assume_role(host, deadline, keys, role)
  end

  return cache.new("ram_role_arn", function(deadline)
    local role, failure = sts.role(fields, host)
    if not role then
      return nil, failure
    end
    role.params.ExternalId = fields.external_id or variables.any(host.getenv, "EXTERNAL_ID")
    local found
    found, failure = assume(deadline, role)
    if not found and is_expired(failure) and source.expire() then
      found, failure = assume(deadline, role)
    end
    return found, failure
  end, host)
end

return M
