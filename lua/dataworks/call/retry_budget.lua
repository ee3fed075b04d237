-- A token bucket that limits the retries of all calls of a client. Without it, the retries would multiply the load on a
-- service that is down.

local M = {}

local CAPACITY, COST, TIMEOUT_COST, REFILL = 500, 5, 10, 1

---@class dataworks.RetryBudget
---@field tokens integer
local Budget = {}
Budget.__index = Budget

function M.new()
  return setmetatable({ tokens = CAPACITY }, Budget)
end

--- Returns the number of tokens that a retry after this error costs. Returns nil if too few tokens are left.
function Budget:cost(err)
  local cost = err.kind == "timeout" and TIMEOUT_COST or COST
  return cost <= self.tokens and cost or nil
end

function Budget:take(cost)
  self.tokens = self.tokens - cost
end

--- Adds tokens after a successful call. The number of tokens is the cost of the call's last retry, or 1 if the call had
--- no retry.
function Budget:refill(cost)
  self.tokens = math.min(CAPACITY, self.tokens + (cost or REFILL))
end

return M
