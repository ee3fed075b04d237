-- A token bucket that bounds the retries of a client: while the service is down, retries of every call would multiply
-- the load.

local M = {}

local CAPACITY, COST, TIMEOUT_COST, REFILL = 500, 5, 10, 1

---@class dataworks.RetryBudget
---@field tokens integer
local Budget = {}
Budget.__index = Budget

---@return dataworks.RetryBudget full
function M.new()
  return setmetatable({ tokens = CAPACITY }, Budget)
end

--- The price of a retry after this error; nil when too few tokens are left.
---@param err table
---@return integer|nil
function Budget:cost(err)
  local cost = err.kind == "timeout" and TIMEOUT_COST or COST
  return cost <= self.tokens and cost or nil
end

---@param cost integer
function Budget:take(cost)
  self.tokens = self.tokens - cost
end

--- Refills after a success: by the cost of the call's last retry, or by one token for a call without retries.
---@param cost integer|nil
function Budget:refill(cost)
  self.tokens = math.min(CAPACITY, self.tokens + (cost or REFILL))
end

return M
