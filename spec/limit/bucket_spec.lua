local bucket = require "dataworks.limit.bucket"

local function limited(rate, now)
  local state = bucket.new()
  bucket.set_rate(state, now or 0, rate)
  return state
end

-- The times at which `count` calls that all arrive at `now` may go.
local function times(state, now, count, burst)
  local list = {}
  for i = 1, count do list[i] = math.max(now, bucket.due(state, bucket.take(state, now, burst or 1))) end
  return list
end

describe("a bucket", function()
  it("delays no call without a rate", function()
    assert.is_true(bucket.due(bucket.new(), nil) <= 0)
  end)

  it("gives each call a time of its own, spaced by the rate", function()
    assert.same({ 100, 100.25, 100.5, 100.75 }, times(limited(4), 100, 4))
  end)

  it("lets a burst go at once after a rest, however long the rest", function()
    local state = limited(4)
    assert.same({ 100, 100, 100, 100.25 }, times(state, 100, 4, 3))
    assert.same({ 5000, 5000, 5000, 5000.25 }, times(state, 5000, 4, 3))
  end)

  it("fills at its rate while calls take tokens", function()
    local state = limited(4)
    times(state, 100, 3, 3)
    assert.same({ 100.5, 100.5, 100.75 }, times(state, 100.5, 3, 3))
  end)

  it("delays the waiting calls by a pause, and keeps their order and spacing", function()
    local state = limited(4)
    local first, second = bucket.take(state, 100, 1), bucket.take(state, 100, 1)
    local third = bucket.take(state, 100, 1)
    assert.equal(100, bucket.due(state, first))
    bucket.pause(state, 100.125, 10)
    assert.same({ 110.25, 110.5 }, { bucket.due(state, second) + 0.0, bucket.due(state, third) + 0.0 })
    assert.equal(110.75, bucket.due(state, bucket.take(state, 105, 1)))
  end)

  it("extends a pause, and never shortens it", function()
    local state = bucket.new()
    bucket.pause(state, 100, 10)
    bucket.pause(state, 101, 2)
    assert.equal(110, bucket.due(state, nil))
    bucket.pause(state, 101, 20)
    assert.equal(121, bucket.due(state, nil))
  end)

  it("does not fill during a pause", function()
    local state = limited(4)
    times(state, 100, 3, 3)
    bucket.pause(state, 100, 10)
    assert.same({ 110.25, 110.5 }, times(state, 110, 2, 3))
  end)

  it("applies a new rate to the waiting calls at once", function()
    local state = limited(4)
    bucket.take(state, 100, 1)
    local second, third = bucket.take(state, 100, 1), bucket.take(state, 100, 1)
    bucket.set_rate(state, 100.125, 2)
    assert.same({ 100.375, 100.875 }, { bucket.due(state, second), bucket.due(state, third) })
  end)

  it("gives a returned token to the next call", function()
    local state = limited(4)
    bucket.take(state, 100, 1)
    bucket.give_back(state, bucket.take(state, 100, 1))
    assert.same({ 100.25 }, times(state, 100, 1))
  end)

  it("takes back many tokens in any order, and does not move the others", function()
    for _, order in ipairs { { 1, 2, 3, 4 }, { 4, 3, 2, 1 }, { 3, 1, 2, 4 }, { 2, 4, 1, 3 }, { 4, 1, 3, 2 } } do
      local state = limited(4)
      bucket.take(state, 100, 1)
      local tokens = {}
      for i = 1, 4 do tokens[i] = bucket.take(state, 100, 1) end
      for _, i in ipairs(order) do bucket.give_back(state, tokens[i]) end
      assert.same({ 100.25 }, times(state, 100, 1))
    end
    local state = limited(4)
    local first, kept = bucket.take(state, 100, 1), bucket.take(state, 100, 1)
    bucket.give_back(state, first)
    assert.equal(100.25, bucket.due(state, kept))
    assert.same({ 100.5 }, times(state, 100, 1))
  end)

  it("forgets a returned token once its time has passed", function()
    local state = limited(4)
    local tokens = {}
    for i = 1, 100 do tokens[i] = bucket.take(state, 100, 1) end
    for i = 1, 99, 2 do bucket.give_back(state, tokens[i]) end
    bucket.take(state, 100 + 99 / 4, 1)
    assert.is_nil(next(state.returned))
  end)

  it("is stored in a dict with some of its returned tokens", function()
    local stored = {}
    rawset(_G, "ngx", { shared = { limits = {
      safe_add = function() return true end, delete = function() end, get = function(_, key) return stored[key] end,
      safe_set = function(_, key, value)
        stored[key] = value
        return true
      end,
    } } })
    local store = require("dataworks.limit.shared").new("limits", "key")
    rawset(_G, "ngx", nil)
    local state = limited(4)
    local tokens = {}
    for i = 1, 40 do tokens[i] = bucket.take(state, 100.1, 1) end
    for i = 20, 29 do bucket.give_back(state, tokens[i]) end
    assert.is_true(store:save_and_unlock(state))
    state.next_drop = nil -- not stored
    assert.same(state, store:lock_and_load())
    for i = 1, 17, 2 do bucket.give_back(state, tokens[i]) end
    assert.is_true(store:save_and_unlock(state))
    assert.is_true(#stored["limit2:key"] < 500)
    for to, from in pairs(store:lock_and_load().returned) do assert.equal(state.returned[to], from) end
  end)

  it("looks at the returned tokens again only after the level has risen by a token", function()
    local state, looks = limited(4), 0
    local tokens = {}
    for i = 1, 40 do tokens[i] = bucket.take(state, 100, 1) end
    for i = 1, 39, 2 do bucket.give_back(state, tokens[i]) end
    local real_pairs = pairs
    finally(function() rawset(_G, "pairs", real_pairs) end)
    rawset(_G, "pairs", function(list)
      looks = looks + 1
      return real_pairs(list)
    end)
    for _ = 1, 100 do bucket.take(state, 100.1, 1) end
    assert.is_true(looks <= 1)
    bucket.take(state, 105, 1)
    assert.is_true(looks <= 2)
    for range_end in real_pairs(state.returned) do assert.is_true(range_end > state.level) end
  end)
end)
