-- How many repetitions a client may still make. Each takes tokens, each success gives some back: when a service is
-- down, a client that went on to repeat every call would multiply the load that keeps it down.

local M = {}

local CAPACITY, COST, TIMEOUT_COST, REFILL = 500, 5, 10, 1

---@class dataworks.Budget
---@field tokens integer
local Budget = {}
Budget.__index = Budget

---@return dataworks.Budget full
function M.new()
  return setmetatable({ tokens = CAPACITY }, Budget)
end

--- Pays for a repetition after this error, or says nil when too little is left.
---@param err table
---@return integer|nil cost
function Budget:take(err)
  local cost = err.kind == "timeout" and TIMEOUT_COST or COST
  if cost > self.tokens then
    return nil
  end
  self.tokens = self.tokens - cost
  return cost
end

--- After a success: what the last repetition of the call cost, or one token when there was none.
---@param cost integer|nil
function Budget:refill(cost)
  self.tokens = math.min(CAPACITY, self.tokens + (cost or REFILL))
end

return M
