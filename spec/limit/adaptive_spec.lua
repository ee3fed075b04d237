local adaptive = require "dataworks.limit.adaptive"
local bucket = require "dataworks.limit.bucket"

-- A second of calls at a rate.
local function second(state, now, rate)
  for i = 0, rate - 1 do adaptive.sent(state, now + i / rate) end
end

describe("an adaptive rate", function()
  it("is free until something is throttled", function()
    local state = bucket.new()
    second(state, 100, 50)
    adaptive.passed(state, 101, nil)
    assert.is_nil(state.rate)
  end)

  it("becomes half of what was measured in the last second", function()
    local state = bucket.new()
    for now = 100, 103 do second(state, now, 40) end
    adaptive.throttled(state, 104, 103.9, 40)
    assert.is_true(math.abs(state.rate - 20) < 1, state.rate)
  end)

  it("is measured when the refused call went out, if its reply was late", function()
    local state = bucket.new()
    local pace
    for _ = 1, 30 do pace = adaptive.sent(state, 100) end
    adaptive.throttled(state, 110, 100, pace)
    assert.equal(15, state.rate)
  end)

  it("is halved once for calls that were under way together, and again for a later one", function()
    local state = bucket.new()
    local pace
    for _ = 1, 32 do pace = adaptive.sent(state, 100) end
    for _ = 1, 10 do adaptive.throttled(state, 100.25, 100, pace) end
    assert.equal(16, state.rate)
    for _ = 1, 16 do pace = adaptive.sent(state, 101.5) end
    adaptive.throttled(state, 101.75, 101.5, pace)
    assert.equal(8, state.rate)
  end)

  it("does not go below one call in two seconds, nor up when it is cut", function()
    local state = bucket.new()
    for i = 1, 20 do adaptive.throttled(state, 100 + i, 99.9 + i, 1000) end
    assert.equal(0.5, state.rate)
  end)

  it("grows by half a call a second for each second it is used to the full, up to what was given", function()
    local state = bucket.new()
    bucket.set_rate(state, 100, 10)
    for _ = 1, 10 do adaptive.passed(state, 101, nil) end
    assert.is_true(state.rate > 10.48 and state.rate <= 10.5, state.rate)
    for _ = 1, 1000 do adaptive.passed(state, 102, 12) end
    assert.equal(12, state.rate)
  end)
end)

describe("a service with a quota, and calls under an adaptive rate", function()
  -- As fast as they are let, for `seconds`; calls in flight are answered after `latency`.
  local function run(quota, seconds, latency)
    local state, now, refused, good = bucket.new(), 1000, 0, 0
    local second_of, used, flight = nil, 0, {}
    local token
    while now < 1000 + seconds do
      while flight[1] and flight[1].at <= now do
        local call = table.remove(flight, 1)
        if call.refused then adaptive.throttled(state, now, call.sent, call.pace)
        else adaptive.passed(state, now, nil) end
      end
      if state.rate and not token then token = bucket.take(state, now, 1) end
      if bucket.due(state, token) <= now then
        token = nil
        if math.floor(now) ~= second_of then second_of, used = math.floor(now), 0 end
        used = used + 1
        if used > quota then refused = refused + 1 else good = good + 1 end
        flight[#flight + 1] = { at = now + latency, sent = now, pace = adaptive.sent(state, now), refused = used > quota }
      end
      now = now + 0.01
    end
    return good / seconds, refused / (good + refused)
  end

  it("come near the quota, and few are refused", function()
    for _, quota in ipairs { 5, 20, 50 } do
      local rate, refused = run(quota, 300, 0.05)
      assert.is_true(rate > 0.65 * quota and rate <= quota, ("%g of %g"):format(rate, quota))
      assert.is_true(refused < 0.1, ("%g refused of %g"):format(refused, quota))
    end
  end)
end)
