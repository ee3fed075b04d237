local retry_budget = require "dataworks.call.retry_budget"

local FAILED, LATE = { kind = "service", status = 503 }, { kind = "timeout", sent = false }

local function pay(budget, err)
  local cost = budget:cost(err)
  if cost then budget:take(cost) end
  return cost
end

local function drained()
  local budget = retry_budget.new()
  while pay(budget, FAILED) do end -- luacheck: ignore 542
  return budget
end

describe("a retry budget", function()
  it("pays for 100 retries, or 50 after timeouts, and then for none", function()
    for cost, err in pairs { [5] = FAILED, [10] = LATE } do
      local budget = retry_budget.new()
      for _ = 1, 500 / cost do assert.equal(cost, pay(budget, err)) end
      assert.is_nil(pay(budget, err))
    end
  end)

  it("charges for throttled calls too", function()
    assert.equal(5, retry_budget.new():cost { kind = "service", status = 400, code = "Throttling.User" })
  end)

  it("charges nothing for a retry that it refuses", function()
    local budget = drained()
    for _ = 1, 5 do budget:refill() end
    assert.is_nil(pay(budget, LATE))
    assert.equal(5, pay(budget, FAILED))
  end)

  it("gets back the cost of a retry that succeeds, and one token for a call without retries", function()
    local budget = drained()
    budget:refill(5)
    assert.equal(5, pay(budget, FAILED))
    for _ = 1, 4 do budget:refill() end
    assert.is_nil(pay(budget, FAILED))
    budget:refill()
    assert.equal(5, pay(budget, FAILED))
  end)

  it("never holds more tokens than at the start", function()
    local budget = retry_budget.new()
    budget:refill(10)
    budget:refill()
    local count = 0
    while pay(budget, FAILED) do count = count + 1 end
    assert.equal(100, count)
  end)
end)
