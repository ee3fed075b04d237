-- The default chain: the first provider, in the official order, that has credentials at the moment.

local errors = require "dataworks.error"
local failures = require "dataworks.util.credential_failure"

local M = {}

M.ORDER = { "environment", "oidc", "cli_profile", "ini", "ecs_ram_role", "uri" }

--- A profile that is asked for by name is in one of the files.
M.PROFILE_ORDER = { "cli_profile", "ini" }

M.ADVICE = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
  .. "or give access_key_id and access_key_secret to dataworks.new"

-- Of one provider, in the error of all.
local LONGEST_REASON = 300

local function none(reasons, advice)
  local texts, failure = {}, failures.new("", advice)
  for i, reason in ipairs(reasons) do
    texts[i] = reason.name .. ": " .. errors.line(reason.failure.message, LONGEST_REASON)
    -- The first that is set up and fails is most likely the one that was meant.
    if not reason.failure.absent and failure.advice == advice then
      failure = failures.within("", reason.failure)
      failure.advice = reason.failure.advice or advice
    end
  end
  failure.message = ("no credentials were found (%s)"):format(table.concat(texts, "; "))
  return failure
end

---@param order string[] names of providers
---@param make fun(name: string): dataworks.Provider called when it is a provider's turn for the first time
---@param advice? string where none has any; otherwise how to set up the environment
---@return dataworks.Provider
function M.new(order, make, advice)
  local providers, known, last = {}, {}, nil
  return {
    get = function(deadline)
      local reasons = {}
      for i, name in ipairs(order) do
        providers[i] = providers[i] or make(name)
        local found, failure = providers[i].get(deadline)
        if found then
          last, known[name] = providers[i], true
          return found
        elseif known[name] and not failure.absent or failure.kind == "cancelled" then
          -- One that worked before is not passed over, nor one that was cut short: the next might be another identity.
          return nil, failures.within(name, failure)
        end
        reasons[i] = { name = name, failure = failure }
      end
      return nil, none(reasons, advice or M.ADVICE)
    end,
    expire = function() return last ~= nil and last.expire() end,
  }
end

return M
