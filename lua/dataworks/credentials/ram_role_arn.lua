-- Fetches credentials of a role. Other credentials are used to assume this role.

local cache = require "dataworks.credentials.cache"
local failures = require "dataworks.util.credential_failure"
local sts = require "dataworks.credentials.sts"
local variables = require "dataworks.credentials.variables"

local M = {}

local function assume(self, deadline, role)
  local keys, failure = self.source:get(deadline)
  if not keys then
    return nil, failures.within("its source", failure)
  elseif keys.bearer_token then
    return nil, failures.new "its source: a bearer token can't assume a role"
  end
  return sts.assume_role(self.host, deadline, keys, role)
end

local function fetch(self, deadline)
  local role, failure = sts.role(self.fields, self.host)
  if not role then
    return nil, failure
  end
  role.params.ExternalId = variables.field(self.fields, "external_id", self.host.getenv)
  local found
  found, failure = assume(self, deadline, role)
  local is_expired = failure and (failure.code or ""):find("^InvalidSecurityToken%.Expired")
  if is_expired and self.source:expire() then
    return assume(self, deadline, role)
  end
  return found, failure
end

--- Creates the provider.
---@param source? dataworks.Provider the provider of the other credentials; default: the one in the fields, or the
--- chain
function M.new(fields, host, source)
  source = source or host.new_provider(fields.source or "default", host)
  return cache.new("ram_role_arn", host, fetch, { fields = fields, host = host, source = source })
end

return M
