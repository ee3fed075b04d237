local limits = require "spec.support.limits"

local function workers_of(answers)
  local count, seen = 0, {}
  for _, answer in ipairs(answers) do
    count = count + (seen[answer.worker] and 0 or 1)
    seen[answer.worker] = true
  end
  return count
end

describe("a limit shared by the workers of an nginx", function()
  local workers

  setup(function() workers = limits.start() end)
  teardown(function() workers:stop() end)

  it("changes its state in one worker at a time", function()
    local answers = workers:ask("count?key=count&qps=1&times=3000", 16)
    assert.equal(16, #answers)
    assert.is_true(workers_of(answers) > 1)
    assert.equal(16 * 3000, workers:ask("state?key=count&qps=1")[1].state.count)
  end)

  it("gives each call of all workers its own place in one queue", function()
    local answers = workers:ask("call?key=rate&qps=40", 60)
    assert.is_true(workers_of(answers) > 1)
    table.sort(answers, function(a, b) return a.at < b.at end)
    local seen = {}
    for _, answer in ipairs(answers) do
      assert.is_true(answer.gone)
      -- The first call does not queue.
      if answer.place then
        assert.is_nil(seen[answer.place])
        seen[answer.place] = true
      end
    end
    -- A worker may send late, never early.
    assert.is_true(answers[60].at - answers[1].at > 59 / 40 - 0.01, answers[60].at - answers[1].at)
  end)

  it("remembers the tokens that workers put back, in any order", function()
    local function take(back)
      return workers:ask("take?key=returned&qps=1" .. (back and "&back=" .. back or ""))[1].token
    end
    for token = 0, 5 do assert.equal(token, take()) end
    take(2)
    take(4)
    assert.equal(6, take())
    take(6)
    take(5)
    assert.equal(4, take())
    take(4)
    take(3)
    assert.equal(2, take())
  end)

  it("pauses all workers when one is throttled", function()
    workers:ask "throttled?key=pause&qps=1000&seconds=300"
    local answers = workers:ask("call?key=pause&qps=1000&timeout=20", 20)
    assert.is_true(workers_of(answers) > 1)
    for _, answer in ipairs(answers) do
      assert.same({ false, "timeout", false }, { answer.gone, answer.error.kind, answer.error.sent })
      assert.matches("the service asked for a pause of all calls after Throttling", answer.error.message)
    end
  end)

  it("lowers the rate of all workers when one is throttled", function()
    assert.is_nil(workers:ask("state?key=adaptive&adaptive=1")[1].state.rate)
    local free = workers:ask("call?key=adaptive&adaptive=1", 20)
    table.sort(free, function(a, b) return a.pace < b.pace end)
    assert.is_false(free[20].waited)
    workers:ask "throttled?key=adaptive&adaptive=1&pace=0.25"
    local rate = workers:ask("state?key=adaptive&adaptive=1")[1].state.rate
    assert.is_true(rate >= 0.5 and rate <= 20, rate)
  end)

  it("has a state for each key", function()
    workers:ask "throttled?key=one&qps=1000&seconds=300"
    assert.is_true(workers:ask("call?key=other&qps=1000&timeout=20")[1].gone)
    assert.is_false(workers:ask("call?key=one&qps=1000&timeout=20")[1].gone)
  end)

  it("uses the newest qps, also with the state of an older one", function()
    workers:ask("call?key=rerated&qps=0.001&timeout=20", 2)
    assert.is_true(workers:ask("call?key=rerated&qps=1000&timeout=20")[1].gone)
  end)

  it("works again soon after a worker died that held the lock", function()
    workers:ask "state?key=lock&qps=1&keep=1"
    assert.is_true(workers:ask("call?key=lock&qps=1000&timeout=20")[1].gone)
  end)

  it("raises when nginx has no such dict, and names the line to add", function()
    assert.equal("nginx has no lua_shared_dict nothing; add \"lua_shared_dict nothing 64k;\" to its http block",
      workers:ask("call?qps=1&dict=nothing")[1].wrong)
  end)

  it("fails the call when the dict has no room for the lock or the state", function()
    for _, query in ipairs { "fill?qps=1&dict=small", "fill?qps=1&dict=small&except=lock:key" } do
      workers:ask "clear?qps=1"
      workers:ask(query)
      local err = workers:ask("call?qps=1&dict=small&key=key")[1].error
      assert.same({ "invalid", "limit.dict", "the lua_shared_dict small can't be written: no memory" },
        { err.kind, err.path, err.message })
    end
  end)
end)
