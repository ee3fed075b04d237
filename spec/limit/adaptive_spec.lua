local adaptive = require "dataworks.limit.adaptive"
local bucket = require "dataworks.limit.bucket"

-- Sends a second of calls at a rate.
local function second(state, now, rate)
  for i = 0, rate - 1 do adaptive.count_attempt(state, now + i / rate) end
end

describe("an adaptive rate", function()
  it("is unlimited until something is throttled", function()
    local state = bucket.new()
    second(state, 100, 50)
    adaptive.raise(state, 101, nil)
    assert.is_nil(state.rate)
  end)

  it("falls a tenth below the rate that was accepted in the last second", function()
    local state = bucket.new()
    for now = 100, 103 do second(state, now, 40) end
    adaptive.lower(state, 104, 103.9, 40)
    assert.near(39 * 0.9, state.rate, 0.5)
  end)

  it("is measured when the throttled request was sent, if its reply was late", function()
    local state = bucket.new()
    local pace
    for _ = 1, 31 do pace = adaptive.count_attempt(state, 100) end
    adaptive.lower(state, 110, 100, pace)
    assert.near(27, state.rate, 1e-9)
  end)

  it("subtracts every request of the first burst that was throttled", function()
    local state = bucket.new()
    local pace
    for _ = 1, 64 do pace = adaptive.count_attempt(state, 100) end
    for _ = 1, 54 do adaptive.lower(state, 100.25, 100, pace) end
    assert.near(9, state.rate, 1e-9)
  end)

  it("falls once for requests that were in flight together, and again for a later one", function()
    local state = bucket.new()
    bucket.set_rate(state, 100, 20)
    local pace
    for _ = 1, 20 do pace = adaptive.count_attempt(state, 100) end
    for _ = 1, 3 do adaptive.lower(state, 100.25, 100, pace) end
    assert.near(19 * 0.9, state.rate, 1e-9)
    for _ = 1, 20 do pace = adaptive.count_attempt(state, 102) end
    adaptive.lower(state, 102.25, 102, pace)
    assert.is_true(state.rate < 19 * 0.9, state.rate)
  end)

  it("never falls below one call in two seconds, and never rises when it is cut", function()
    local state = bucket.new()
    local last = math.huge
    for i = 1, 40 do
      adaptive.lower(state, 100 + 2 * i, 99.9 + 2 * i, 1)
      assert.is_true(state.rate <= last)
      last = state.rate
    end
    assert.equal(0.5, state.rate)
  end)

  it("is back at the accepted rate after six seconds, stays near it, and then rises up to the given rate", function()
    local state = bucket.new()
    bucket.set_rate(state, 100, 20)
    for _ = 1, 21 do adaptive.count_attempt(state, 100) end
    adaptive.lower(state, 100.1, 100, 21)
    local function rate_after(seconds, highest)
      for _ = 1, 20 do adaptive.count_attempt(state, 100.1 + seconds) end
      adaptive.raise(state, 100.1 + seconds, highest)
      return state.rate
    end
    assert.near(18, rate_after(0), 1e-6)
    assert.near(20, rate_after(6), 1e-6)
    assert.near(20, rate_after(8), 0.1)
    assert.near(22, rate_after(12), 1e-6)
    assert.equal(30, rate_after(24, 30))
  end)

  it("stays below twice the rate that is in use", function()
    local state = bucket.new()
    bucket.set_rate(state, 100, 20)
    for _ = 1, 21 do adaptive.count_attempt(state, 100) end
    adaptive.lower(state, 100.1, 100, 21)
    adaptive.raise(state, 1000, nil)
    assert.near(40, state.rate, 1e-6)
  end)
end)

describe("an adaptive limit before a service with a quota", function()
  -- Calls as fast as the limit allows, for `seconds`; replies arrive after `latency`. Returns what was accepted per second
  -- and which part was refused, after ten seconds.
  local function run(quota_at, seconds, latency)
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
        local over = used > quota_at(now - 1000)
        if now >= 1010 then
          if over then refused = refused + 1 else good = good + 1 end
        end
        flight[#flight + 1] = { at = now + latency, sent = now, pace = adaptive.count_attempt(state, now), refused = over }
      end
      now = now + 0.005
    end
    return good / (seconds - 10), refused / (good + refused)
  end

  it("uses at least 85 % of it, and few calls are refused", function()
    for _, quota in ipairs { 5, 10, 20, 50 } do
      local rate, refused = run(function() return quota end, 130, 0.05)
      assert.is_true(rate >= 0.85 * quota and rate <= quota, ("%g of %g"):format(rate, quota))
      assert.is_true(refused < 0.05, ("%g refused of %g"):format(refused, quota))
    end
  end)

  it("follows a quota that falls and rises", function()
    local rate, refused = run(function(elapsed) return elapsed > 60 and elapsed < 120 and 5 or 50 end, 180, 0.05)
    local offered = (50 * 50 + 60 * 5 + 60 * 50) / 170
    assert.is_true(rate >= 0.75 * offered, rate)
    assert.is_true(refused < 0.1, refused)
  end)
end)
