-- The default chain of providers. It asks the providers in the official order, and returns the credentials of the first
-- provider that has any.

local errors = require "dataworks.error"
local failures = require "dataworks.util.credential_failure"

local M = {}

M.ORDER = { "environment", "oidc", "cli_profile", "ini", "ecs_ram_role", "uri" }

--- The order for the option `profile`, which names a profile in one of these two files.
M.PROFILE_ORDER = { "cli_profile", "ini" }

local ADVICE = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
  .. "or give access_key_id and access_key_secret to dataworks.new"

-- The message keeps at most so many bytes of the reason of each provider.
local MAX_REASON = 300

---@class dataworks.CredentialChain: dataworks.Provider
---@field order string[]
---@field host dataworks.CredentialHost
---@field advice string
---@field providers table<string, dataworks.Provider> the providers by name; each is created when it is first used
---@field has_worked table<string, boolean> the names of the providers that have returned credentials
---@field last dataworks.Provider|nil the provider of the last credentials
local Chain = {}
Chain.__index = Chain

--- Combines the failures of all providers into one failure. The advice is that of the first configured provider that
--- gives advice, because this is most likely the provider that the program means.
local function combine(reasons, advice)
  local texts, combined = {}, nil
  for i, reason in ipairs(reasons) do
    local failure = reason.failure
    texts[i] = reason.name .. ": " .. errors.line(failure.message, MAX_REASON)
    if not failure.not_configured and not (combined and combined.advice) then
      combined = failures.within("", failure)
    end
  end
  combined = combined or failures.new("")
  combined.advice = combined.advice or advice
  combined.message = ("no credentials were found (%s)"):format(table.concat(texts, "; "))
  return combined
end

function Chain:get(deadline)
  local reasons = {}
  for i, name in ipairs(self.order) do
    self.providers[name] = self.providers[name] or self.host.new_provider(name, self.host)
    local provider = self.providers[name]
    local found, failure = provider:get(deadline)
    if found then
      self.last, self.has_worked[name] = provider, true
      return found
    elseif self.has_worked[name] and not failure.not_configured or failure.kind == "cancelled" then
      -- A provider that has worked before may fail once. The chain does not continue then, because the next provider
      -- may have another identity.
      return nil, failures.within(name, failure)
    end
    reasons[i] = { name = name, failure = failure }
  end
  return nil, combine(reasons, self.advice)
end

--- Makes the provider of the last credentials forget them.
---@return boolean may_differ whether the next credentials may be different ones
function Chain:expire()
  return self.last ~= nil and self.last:expire()
end

---@param order string[] the names of the providers
---@param advice? string the advice of the failure if no provider has credentials
function M.new(order, host, advice)
  return setmetatable({
    order = order, host = host, advice = advice or ADVICE, providers = {}, has_worked = {},
  }, Chain)
end

return M
