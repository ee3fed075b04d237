local waiter = require "dataworks.tasks.waiter"

--- Polls; answer i is what classify makes of reply i, and the last answer repeats.
local function poll(answers, options)
  local world = { now = 50, slept = {}, timeouts = {}, events = {}, emitted = {} }
  local row = { name = "GetThing" }
  local caller = {
    timeout = 1000,
    clock = function() return world.now end,
    random = options and options.random or function() return 1 end,
    events = { emit = function(_, event) world.emitted[#world.emitted + 1] = event end },
  }
  function caller:perform(called, _, given) -- luacheck: no self
    assert.equal(row, called)
    world.timeouts[#world.timeouts + 1] = given.timeout
    local answer = answers[#world.timeouts] or answers[#answers]
    if answer.takes then world.now = world.now + answer.takes end
    return not answer.err and answer or nil, answer.err
  end
  function caller:sleep(seconds) -- luacheck: no self
    world.slept[#world.slept + 1] = seconds
    world.now = world.now + seconds
  end
  local all = { on_progress = function(event) world.events[#world.events + 1] = event end }
  for name, value in pairs(options or {}) do all[name] = value end
  return world, waiter.wait(caller, {
    row = row, params = {}, unmet = "the thing is not ready",
    classify = function(answer, err)
      if err then return "failure", nil, err end
      return answer[1], answer[2]
    end,
  }, all)
end

local PENDING, DONE = { "pending", "processing" }, { "success", "the result" }

describe("a waiter", function()
  it("polls at once and returns the result without waiting", function()
    local world, result = poll { DONE }
    assert.equal("the result", result)
    assert.same({}, world.slept)
    assert.same({ 600 }, world.timeouts)
  end)

  it("waits 1 s, then half as long again each time, up to 5 s", function()
    local world, result = poll { PENDING, PENDING, PENDING, PENDING, PENDING, PENDING, PENDING, DONE }
    assert.equal("the result", result)
    assert.same({ 1, 1.5, 2.25, 3.375, 5, 5, 5 }, world.slept)
  end)

  it("jitters between half of a delay and all of it", function()
    local world = poll({ PENDING, DONE }, { random = function() return 0 end })
    assert.same({ 0.5 }, world.slept)
  end)

  it("takes the delays from the options", function()
    local world = poll({ PENDING, PENDING, PENDING, DONE }, { delay = 0.1, max_delay = 0.2 })
    assert.near(0.1, world.slept[1], 1e-9)
    assert.near(0.15, world.slept[2], 1e-9)
    assert.near(0.2, world.slept[3], 1e-9)
  end)

  it("ends at a failure", function()
    local _, result, err = poll { PENDING, { err = { message = "why" } } }
    assert.is_nil(result)
    assert.equal("why", err.message)
  end)

  it("ends at the deadline, never later, and reports the last status", function()
    local world, result, err = poll({ PENDING }, { timeout = 10 })
    assert.is_nil(result)
    assert.same({ "timeout", false, "GetThing", true, 5 }, { err.kind, err.sent, err.action, err.retryable, err.attempts })
    assert.matches("^the thing is not ready after [%d.]+ s and 5 polls; the last status is processing$", err.message)
    assert.is_true(world.now <= 60)
    assert.equal(5, #world.timeouts)
  end)

  it("keeps an absolute deadline, and does not poll after it", function()
    local world, _, err = poll({ PENDING }, { deadline = 53, timeout = 600, delay = 1, max_delay = 1 })
    assert.equal("timeout", err.kind)
    assert.same({ 3, 2, 1 }, world.timeouts)
    world, _, err = poll({ PENDING }, { deadline = 50 })
    assert.same({ "timeout", 0 }, { err.kind, #world.timeouts })
    world = poll({ { "pending", takes = 20 } }, { deadline = 60 })
    assert.same({}, world.slept)
  end)

  it("goes on after retryable errors, and reports the last one at the deadline", function()
    local bad = { err = { message = "the connection broke", retryable = true } }
    local _, result = poll { bad, bad, DONE }
    assert.equal("the result", result)
    local _, _, err = poll({ bad }, { timeout = 3 })
    assert.equal("timeout", err.kind)
    assert.matches("the last poll failed: the connection broke$", err.message)
  end)

  it("waits as long as an error asks for", function()
    local world = poll { { err = { message = "throttled", retry_after = 8, retryable = true } }, DONE }
    assert.same({ 8 }, world.slept)
  end)

  it("limits each poll to the time until the deadline", function()
    local world = poll({ PENDING, PENDING, DONE }, { timeout = 100 })
    assert.same({ 100, 99, 97.5 }, world.timeouts)
  end)

  it("reports each wait before it begins", function()
    local world = poll { PENDING, { "pending" }, DONE }
    assert.same({ step = "polling", elapsed = 0, attempt = 1, status = "processing", delay = 1 }, world.events[1])
    assert.same({ step = "polling", elapsed = 1, attempt = 2, delay = 1.5 }, world.events[2])
    assert.equal(2, #world.events)
    assert.same({ type = "wait", action = "GetThing", attempt = 2, elapsed = 1, delay = 1.5 }, world.emitted[2])
  end)

  it("ends when on_progress raises", function()
    local world, result, err = poll({ PENDING }, { on_progress = function() error("enough", 0) end })
    assert.is_nil(result)
    assert.same({ "cancelled", "on_progress raised: enough" }, { err.kind, err.message })
    assert.equal(1, #world.timeouts)
  end)
end)
