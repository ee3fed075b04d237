-- Decides whether the tasks that a manifest lacks may be deleted.

local errors = require "dataworks.error"

local M = {}

-- Without a limit of the user, more deletions are taken for a mistake in the manifest.
local MAX_TASKS, MAX_PART = 20, 0.1

local MAX_NAMES = 10

--- Returns names for a message.
---@param names string[]
---@return string
function M.list(names)
  return table.concat(names, ", ", 1, math.min(#names, MAX_NAMES)) .. (#names > MAX_NAMES and ", ..." or "")
end

local function refuse(kind, message, advice)
  error(errors.new { kind = kind, sent = false, message = message, advice = advice }, 0)
end

--- Raises an error unless the tasks of a plan may be deleted.
---@param plan dataworks.fleet.Plan
---@param options { prune: boolean|fun(names: string[]): boolean, prune_limit?: integer }
function M.check(plan, options)
  local names = plan.unlisted
  local count = #names
  local limit = options.prune_limit or math.min(MAX_TASKS, plan.existing * MAX_PART)
  if #plan.protected > 0 then
    refuse("invalid", ("protected tasks are not deleted: %s"):format(M.list(plan.protected)),
      "Put them back with protect = false and apply, or remove them from the ledger with ledger forget.")
  elseif count > limit then
    refuse("invalid", ("%d of %d tasks would be deleted: %s"):format(count, plan.existing, M.list(names)),
      ("If that is right, give the prune limit %d. Otherwise, the limit is 20, and 10 %% of the fleet."):format(count))
  elseif count > 0 and type(options.prune) == "function" and not options.prune(names) then
    refuse("cancelled", "nothing was done")
  end
end

return M
