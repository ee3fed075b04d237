local waiter = require "dataworks.tasks.waiter"

-- `answers` are what ask returns, one after the other; the last one stays.
local function poll(answers, options)
  local world = { now = 50, slept = {}, asked = {}, events = {} }
  local all = {
    lacking = "the thing is not ready",
    ask = function(remaining)
      world.asked[#world.asked + 1] = remaining
      local answer = answers[#world.asked] or answers[#answers]
      return answer[1], answer[2], answer[3]
    end,
    clock = function() return world.now end,
    random = function() return 1 end,
    sleep = function(seconds)
      world.slept[#world.slept + 1] = seconds
      world.now = world.now + seconds
    end,
    on_progress = function(event) world.events[#world.events + 1] = event end,
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return world, waiter.run(all)
end

local PENDING, DONE = { "pending", "processing" }, { "success", "the result" }

describe("a waiter", function()
  it("asks at once and gives the result without waiting", function()
    local world, result = poll { DONE }
    assert.equal("the result", result)
    assert.same({}, world.slept)
    assert.same({ 600 }, world.asked)
  end)

  it("waits 1 s, growing by half to 5 s", function()
    local world, result = poll { PENDING, PENDING, PENDING, PENDING, PENDING, PENDING, PENDING, DONE }
    assert.equal("the result", result)
    assert.same({ 1, 1.5, 2.25, 3.375, 5, 5, 5 }, world.slept)
  end)

  it("jitters between half of a delay and all of it", function()
    local world = poll({ PENDING, DONE }, { random = function() return 0 end })
    assert.same({ 0.5 }, world.slept)
  end)

  it("takes delays as options", function()
    local world = poll({ PENDING, PENDING, PENDING, DONE }, { delay = 0.1, max_delay = 0.2 })
    assert.near(0.1, world.slept[1], 1e-9)
    assert.near(0.15, world.slept[2], 1e-9)
    assert.near(0.2, world.slept[3], 1e-9)
  end)

  it("ends at a failure", function()
    local _, result, err = poll { PENDING, { "failure", nil, "why" } }
    assert.is_nil(result)
    assert.equal("why", err)
  end)

  it("ends at the deadline, never later, and says what was last heard", function()
    local world, result, err = poll({ PENDING }, { timeout = 10 })
    assert.is_nil(result)
    assert.same({ "timeout", false }, { err.kind, err.sent })
    assert.matches("^the thing is not ready after [%d.]+ s and 5 polls; the last status is processing$", err.message)
    assert.is_true(world.now <= 60)
    assert.equal(5, #world.asked)
  end)

  it("bears errors until the deadline and then tells the last", function()
    local bad = { "pending", nil, { message = "the connection broke" } }
    local _, result = poll { bad, bad, DONE }
    assert.equal("the result", result)
    local _, _, err = poll({ bad }, { timeout = 3 })
    assert.equal("timeout", err.kind)
    assert.matches("the last one failed: the connection broke$", err.message)
  end)

  it("waits as long as an error asks for", function()
    local world = poll { { "pending", nil, { message = "throttled", retry_after = 8 } }, DONE }
    assert.same({ 8 }, world.slept)
  end)

  it("tells each question how long is left", function()
    local world = poll({ PENDING, PENDING, DONE }, { timeout = 100 })
    assert.same({ 100, 99, 97.5 }, world.asked)
  end)

  it("reports before each wait", function()
    local world = poll { PENDING, { "pending" }, DONE }
    assert.same({ step = "polling", elapsed = 0, attempt = 1, status = "processing", delay = 1 }, world.events[1])
    assert.same({ step = "polling", elapsed = 1, attempt = 2, delay = 1.5 }, world.events[2])
    assert.equal(2, #world.events)
  end)

  it("is ended by a callback that raises", function()
    local world, result, err = poll({ PENDING }, { on_progress = function() error("enough", 0) end })
    assert.is_nil(result)
    assert.same({ "cancelled", "on_progress raised: enough" }, { err.kind, err.message })
    assert.equal(1, #world.asked)
  end)
end)
