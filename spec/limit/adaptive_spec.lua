local adaptive = require "dataworks.limit.adaptive"
local bucket = require "dataworks.limit.bucket"

-- Counts the attempts of one second.
local function count_second(state, now, rate)
  for i = 0, rate - 1 do adaptive.count_attempt(state, now + i / rate) end
end

describe("an adaptive rate", function()
  it("limits nothing until the service throttles", function()
    local state = bucket.new()
    count_second(state, 100, 50)
    adaptive.raise(state, 101, nil)
    assert.is_nil(state.rate)
  end)

  it("is half of the rate measured in the last second after a throttled reply", function()
    local state = bucket.new()
    for now = 100, 103 do count_second(state, now, 40) end
    adaptive.lower(state, 104, 103.9, 40)
    assert.is_true(math.abs(state.rate - 20) < 1, state.rate)
  end)

  it("is half of the rate at which the throttled call was sent when its reply is late", function()
    local state = bucket.new()
    local pace
    for _ = 1, 30 do pace = adaptive.count_attempt(state, 100) end
    adaptive.lower(state, 110, 100, pace)
    assert.equal(15, state.rate)
  end)

  it("is halved once for calls in flight together, and again for a later call", function()
    local state = bucket.new()
    local pace
    for _ = 1, 32 do pace = adaptive.count_attempt(state, 100) end
    for _ = 1, 10 do adaptive.lower(state, 100.25, 100, pace) end
    assert.equal(16, state.rate)
    for _ = 1, 16 do pace = adaptive.count_attempt(state, 101.5) end
    adaptive.lower(state, 101.75, 101.5, pace)
    assert.equal(8, state.rate)
  end)

  it("never falls below one call in two seconds, and never rises after a throttled reply", function()
    local state = bucket.new()
    for i = 1, 20 do adaptive.lower(state, 100 + i, 99.9 + i, 1000) end
    assert.equal(0.5, state.rate)
  end)

  it("rises by half a call a second during each second of full use, up to the maximum", function()
    local state = bucket.new()
    bucket.set_rate(state, 100, 10)
    for _ = 1, 10 do adaptive.raise(state, 101, nil) end
    assert.is_true(state.rate > 10.48 and state.rate <= 10.5, state.rate)
    for _ = 1, 1000 do adaptive.raise(state, 102, 12) end
    assert.equal(12, state.rate)
  end)
end)

describe("calls at an adaptive rate to a service with a quota", function()
  -- Sends calls as fast as the limit allows, for `seconds`. A reply arrives after `latency`.
  local function run(quota, seconds, latency)
    local state, now, refused, good = bucket.new(), 1000, 0, 0
    local second_of, used, flight = nil, 0, {}
    local token
    while now < 1000 + seconds do
      while flight[1] and flight[1].at <= now do
        local call = table.remove(flight, 1)
        if call.refused then adaptive.lower(state, now, call.sent, call.pace)
        else adaptive.raise(state, now, nil) end
      end
      if state.rate and not token then token = bucket.take(state, now, 1) end
      if bucket.due(state, token) <= now then
        token = nil
        if math.floor(now) ~= second_of then second_of, used = math.floor(now), 0 end
        used = used + 1
        if used > quota then refused = refused + 1 else good = good + 1 end
        flight[#flight + 1] = { at = now + latency, sent = now, pace = adaptive.count_attempt(state, now), refused = used > quota }
      end
      now = now + 0.01
    end
    return good / seconds, refused / (good + refused)
  end

  it("reach most of the quota, and few are refused", function()
    for _, quota in ipairs { 5, 20, 50 } do
      local rate, refused = run(quota, 300, 0.05)
      assert.is_true(rate > 0.65 * quota and rate <= quota, ("%g of %g"):format(rate, quota))
      assert.is_true(refused < 0.1, ("%g refused of %g"):format(refused, quota))
    end
  end)
end)
