local budget = require "dataworks.call.retry_budget"

local FAILED, LATE = { kind = "service", status = 503 }, { kind = "timeout", sent = false }

local function drained()
  local bucket = budget.new()
  while bucket:take(FAILED) do end -- luacheck: ignore 542
  return bucket
end

describe("a budget of repetitions", function()
  it("pays for a hundred of them, fifty after timeouts, and then for none", function()
    for cost, err in pairs { [5] = FAILED, [10] = LATE } do
      local bucket = budget.new()
      for _ = 1, 500 / cost do assert.equal(cost, bucket:take(err)) end
      assert.is_nil(bucket:take(err))
    end
  end)

  it("counts throttled calls too", function()
    assert.equal(5, budget.new():take { kind = "service", status = 400, code = "Throttling.User" })
  end)

  it("takes nothing for a repetition it doesn't pay for", function()
    local bucket = drained()
    for _ = 1, 5 do bucket:refill() end
    assert.is_nil(bucket:take(LATE))
    assert.equal(5, bucket:take(FAILED))
  end)

  it("gets back what a repetition cost when that succeeds, and a token for a call that needed none", function()
    local bucket = drained()
    bucket:refill(5)
    assert.equal(5, bucket:take(FAILED))
    for _ = 1, 4 do bucket:refill() end
    assert.is_nil(bucket:take(FAILED))
    bucket:refill()
    assert.equal(5, bucket:take(FAILED))
  end)

  it("never holds more than in the beginning", function()
    local bucket = budget.new()
    bucket:refill(10)
    bucket:refill()
    local count = 0
    while bucket:take(FAILED) do count = count + 1 end
    assert.equal(100, count)
  end)
end)
