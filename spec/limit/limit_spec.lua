local core = require "dataworks.core"
local dataworks = require "dataworks"
local fake = require "spec.support.fake"
local limits = require "dataworks.limit.limit"
local tasks = require "spec.support.tasks"
local transports = require "dataworks.transport.choose"

local FILE = { ProjectId = 10, FileId = 5, TaskType = "DI_REALTIME" }
local READ = "GetDISyncTask"
local GOOD = fake.good { Status = "success" }
local ASKS_FOR_10 = fake.refused("Throttling.User", 400, { ["x-acs-retry-after"] = "10000" })

local function many(answer)
  return setmetatable({}, { __index = function() return answer end })
end

-- A client whose calls overlap in a simulated world. `log` lists the requests that were sent.
local function clients(world, answers, options)
  local log = {}
  local function answer_of(request)
    log[#log + 1] = { at = world.now - 1000, file = fake.params(request).FileId, date = request.headers["x-acs-date"],
      nonce = request.headers["x-acs-signature-nonce"] }
    local answer = type(answers) == "function" and answers(#log, world) or answers[#log]
    if world.latency then world.sleep(world.latency) end
    return answer
  end
  local all = {
    clock = world.clock, sleep = world.sleep, now = function() return 1716019750 + world.now - 1000 end,
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return fake.client(many(answer_of), all), log
end

local function file(id)
  return { ProjectId = 10, FileId = id, TaskType = "DI_REALTIME" }
end

local function column(log, name)
  local list = {}
  for i, entry in ipairs(log) do list[i] = entry[name] end
  return list
end

local function rounded(list)
  for i, value in ipairs(list) do list[i] = math.floor(value * 1000 + 0.5) / 1000 end
  return list
end

describe("a client with a limit", function()
  it("sends calls at its rate", function()
    local client, world = fake.client(many(GOOD), { limit = 4 })
    for _ = 1, 4 do assert(client:call(READ, FILE)) end
    assert.same({ 0.25, 0.25, 0.25 }, world.slept)
  end)

  it("sends a burst at once after a rest", function()
    local client, world = fake.client(many(GOOD), { limit = { qps = 4, burst = 3 } })
    for _ = 1, 5 do assert(client:call(READ, FILE)) end
    assert.same({ 0.25, 0.25 }, world.slept)
    world.now = world.now + 60
    for _ = 1, 3 do assert(client:call(READ, FILE)) end
    assert.equal(2, #world.slept)
  end)

  it("sends overlapping calls at its rate in order of arrival, and drops none", function()
    local world = tasks.new()
    world.latency = 0.7
    local client, log = clients(world, many(GOOD), { limit = 5 })
    local done = 0
    for i = 1, 40 do
      world.spawn(function()
        assert(client:call(READ, file(i)))
        done = done + 1
      end, i * 0.01)
    end
    world.run()
    assert.equal(40, done)
    for i = 1, 40 do
      assert.equal(tostring(i), log[i].file)
      assert.is_true(math.abs(log[i].at - (0.01 + (i - 1) * 0.2)) < 1e-6)
    end
  end)

  it("lets no later call overtake a queued call", function()
    local world = tasks.new()
    local client, log = clients(world, many(GOOD), { limit = 2 })
    for i = 1, 5 do world.spawn(function() assert(client:call(READ, file(i))) end) end
    world.spawn(function()
      for _ = 1, 4 do assert(client:call(READ, file(99))) end
    end, 0.1)
    world.run()
    assert.same({ "1", "2", "3", "4", "5", "99", "99", "99", "99" }, column(log, "file"))
    assert.same({ 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4 }, rounded(column(log, "at")))
  end)

  it("keeps the calls in order when the machine stops the process for a while", function()
    for _, limit in ipairs { { qps = 50 }, { qps = 50, adaptive = true } } do
      local order, expected = {}, {}
      local client, world = fake.client(many(function(request)
        order[#order + 1] = tonumber(fake.params(request).FileId)
        return GOOD
      end), { limit = limit, clock = false, sleep = false })
      world.transport.sleep = function(_, seconds, wake_at) return transports.sleep(seconds, wake_at) end
      dataworks.run(function()
        for i = 1, 30 do
          expected[i] = i
          dataworks.spawn(function() assert(client:call(READ, file(i))) end)
        end
        dataworks.sleep(0.1)
        os.execute "sleep 0.7"
        expected[31] = 31
        assert(client:call(READ, file(31)))
      end)
      assert.same(expected, order)
    end
  end)

  it("keeps the calls in order when the machine stops the process between a decision and its sleep", function()
    for _, limit in ipairs { { qps = 50 }, { qps = 50, adaptive = true } } do
      local order, expected, sleeps = {}, {}, 0
      local client, world = fake.client(many(function(request)
        order[#order + 1] = tonumber(fake.params(request).FileId)
        return GOOD
      end), { limit = limit, clock = false, sleep = false })
      world.transport.sleep = function(_, seconds, wake_at)
        sleeps = sleeps + 1
        if sleeps == 5 then os.execute "sleep 0.3" end
        return transports.sleep(seconds, wake_at)
      end
      dataworks.run(function()
        for i = 1, 20 do
          expected[i] = i
          dataworks.spawn(function() assert(client:call(READ, file(i))) end)
        end
      end)
      assert.same(expected, order)
    end
  end)

  it("does not wait for a locked state after the client was closed", function()
    local limit = limits.new { qps = 5 }
    limit.store = { lock_and_load = function() return nil end }
    local closed = { clock = function() return 0 end, sleep = function() return true end }
    local admission, err = limit:enqueue(closed, { deadline = 9 })
    assert.same({ nil, "cancelled", false }, { admission, err.kind, err.sent })
    limit:leave(closed, 1)
  end)

  it("does not exceed its rate after the process stood still", function()
    for _, limit in ipairs { { qps = 50 }, { qps = 50, adaptive = true }, { qps = 50, burst = 5 } } do
      local read_clock, lost, times = core.clock, 0, {}
      finally(function() core.clock = read_clock end)
      core.clock = function() return read_clock() + lost end
      local client, world = fake.client(many(function()
        times[#times + 1] = core.clock()
        if #times == 10 then lost = 3 end
        return GOOD
      end), { limit = limit, clock = false, sleep = false })
      world.transport.sleep = function(_, seconds, wake_at) return transports.sleep(seconds, wake_at) end
      dataworks.run(function()
        for i = 1, 40 do dataworks.spawn(function() assert(client:call(READ, file(i))) end) end
      end)
      core.clock = read_clock
      -- A call can be late by 0.05 seconds without any change of the times of the later calls.
      for i = 11, 30 do assert.is_true(times[i + 10] - times[i] > 0.05, limit.burst) end
    end
  end)

  it("follows a rate that rises a hundred times while calls wait", function()
    local world = tasks.new()
    local client, log = clients(world, function(i) return i <= 2 and fake.refused("Throttling.User", 400) or GOOD end,
      { limit = { qps = 200, adaptive = true }, retries = 9, timeout = 1000 })
    for i = 1, 300 do world.spawn(function() assert(client:call(READ, file(i))) end) end
    world.run()
    assert.is_true(log[#log].at < 75, tostring(log[#log].at))
  end)

  it("admits calls although an earlier one was abandoned while it waited", function()
    local client, world = fake.client(many(GOOD), { limit = 4, sleep = function() coroutine.yield() end })
    local function step(call, seconds)
      world.now = world.now + seconds
      assert(coroutine.resume(call))
      return coroutine.status(call)
    end
    local calls = {}
    for i = 1, 3 do
      calls[i] = coroutine.create(function() assert(client:call(READ, FILE)) end)
      step(calls[i], 0)
    end
    calls[2] = nil
    assert.same({ "suspended", "suspended", "dead" }, { step(calls[3], 1), step(calls[3], 0), step(calls[3], 0) })
    collectgarbage()
    local last = coroutine.create(function() assert(client:call(READ, FILE)) end)
    assert.equal("dead", step(last, 1))
  end)

  it("keeps the calls in order whenever the machine stops the process", function()
    local read_clock = core.clock
    finally(function() core.clock = read_clock end)
    for reads_before = 36, 106 do
      local order, reads, lost = {}, 0, 0
      core.clock = function()
        reads = reads + 1
        if reads == reads_before then lost = 0.15 end
        return read_clock() + lost
      end
      local client, world = fake.client(many(function(request)
        order[#order + 1] = tonumber(fake.params(request).FileId)
        return GOOD
      end), { limit = { qps = 50, adaptive = true }, clock = false, sleep = false })
      world.transport.sleep = function(_, seconds, wake_at) return transports.sleep(seconds, wake_at) end
      dataworks.run(function()
        for i = 1, 8 do dataworks.spawn(function() assert(client:call(READ, file(i))) end) end
      end)
      assert.same({ 1, 2, 3, 4, 5, 6, 7, 8 }, order, reads_before)
    end
  end)

  it("signs after the wait, with a fresh date and nonce", function()
    local world = tasks.new()
    local client, log = clients(world, many(GOOD), { limit = 0.1 })
    for _ = 1, 3 do world.spawn(function() assert(client:call(READ, FILE)) end) end
    world.run()
    assert.same({ "2024-05-18T08:09:10Z", "2024-05-18T08:09:20Z", "2024-05-18T08:09:30Z" }, column(log, "date"))
    assert.is_true(log[1].nonce ~= log[2].nonce and log[2].nonce ~= log[3].nonce)
  end)

  it("counts retries and polls, and fails an invalid call without queueing", function()
    local lost = fake.lost(false)
    local world = tasks.new()
    local pending = fake.good { Status = "running" }
    local ready = fake.good { Status = "success", TaskContent = "{}" }
    local client, log = clients(world, { lost, GOOD, pending, ready }, { limit = 0.25 })
    world.spawn(function()
      assert(client:call(READ, FILE))
      local _, err = client:call(READ, { ProjectId = 10 })
      assert.equal("invalid", err.kind)
      assert(client:wait { ProjectId = 10, TaskType = "DI_REALTIME", ProcessId = 1 })
    end)
    world.run()
    assert.same({ 0, 4, 8, 12 }, rounded(column(log, "at")))
  end)

  it("does not count a fetch of credentials", function()
    local client, world = fake.client(many(GOOD), {
      limit = 1, access_key_id = false, access_key_secret = false, security_token = false,
      credentials = function() return { access_key_id = "i", access_key_secret = "s" } end,
    })
    assert(client:call(READ, FILE))
    assert.same({}, world.slept)
  end)

  it("fails a call at once when the queue is longer than its timeout, and frees its place", function()
    local world = tasks.new()
    local client, log = clients(world, many(GOOD), { limit = 0.5 })
    local refused
    for i = 1, 3 do world.spawn(function() assert(client:call(READ, file(i))) end) end
    for _ = 1, 10 do
      world.spawn(function()
        local began = world.now
        local _, err = client:call(READ, FILE, { timeout = 5 })
        assert.equal(began, world.now)
        refused = err
      end, 0.5)
    end
    world.spawn(function() assert(client:call(READ, file(4), { timeout = 6 })) end, 1)
    world.run()
    assert.same({ "1", "2", "3", "4" }, column(log, "file"))
    assert.same({ 0, 2, 4, 6 }, rounded(column(log, "at")))
    assert.same({ "timeout", false, true }, { refused.kind, refused.sent, refused.retryable })
    assert.equal("GetDISyncTask: the limit of 0.5 calls a second has a queue of 5.5 s, and 5.0 s are left for this call "
      .. "(example.com). Start fewer calls at once, give them a longer timeout, or raise qps if the account has more.",
      tostring(refused))
  end)

  it("retries throttled calls at no cost to the retry budget", function()
    local client = fake.client(many(fake.refused("Throttling.User", 400)), { limit = 100 })
    for _ = 1, 60 do
      local _, err = client:call(READ, FILE)
      assert.equal("attempts", err.gave_up)
    end
    assert.equal(500, client._caller.retry_budget.tokens)
  end)

  it("repeats a poll that could not be sent before its own deadline", function()
    local world = tasks.new()
    local ready = fake.good { Status = "success", TaskContent = "{}" }
    local client, log = clients(world, many(ready), { limit = 0.1, timeout = 8 })
    local found
    world.spawn(function() assert(client:call(READ, FILE)) end)
    world.spawn(function()
      found = assert(client:wait({ ProjectId = 10, TaskType = "DI_REALTIME", ProcessId = 1 }, { timeout = 60 }))
    end)
    world.run()
    assert.equal("{}", found.Data.TaskContent)
    assert.same({ 0, 10 }, rounded(column(log, "at")))
  end)

  it("emits an event with reason and delay before each wait", function()
    local events = {}
    local client = fake.client(many(GOOD), { limit = 4, on_event = function(event) events[#events + 1] = event end })
    for _ = 1, 2 do assert(client:call(READ, FILE)) end
    assert.same({ type = "wait", action = READ, attempt = 1, reason = "limit", delay = 0.25, elapsed = 0 }, events[3])
    assert.equal("request", events[4].type)
  end)

  it("cancels its queued calls, unsent, when it is closed", function()
    local world = tasks.new()
    local client, log = clients(world, many(GOOD), { limit = 1 })
    local err
    world.spawn(function() assert(client:call(READ, FILE)) end)
    world.spawn(function() err = select(2, client:call(READ, FILE)) end)
    world.spawn(function() client:close() end, 0.5)
    world.run()
    assert.same({ "cancelled", false, 1 }, { err.kind, err.sent, #log })
  end)

  it("frees the places of queued calls and retries when it is closed", function()
    for _, answers in ipairs { many(GOOD), { ASKS_FOR_10 } } do
      local limit, closing = dataworks.limit(1), nil
      closing = fake.client(answers, { limit = limit, sleep = function() closing:close() end })
      if answers[1] == GOOD then assert(closing:call(READ, FILE)) end
      local err = select(2, closing:call(READ, FILE))
      assert.same({ "cancelled", false }, { err.kind, err.sent })
      assert.equal(1, limit.state.next)
    end
  end)

  it("shares the rate with another client of the same dataworks.limit", function()
    local world = tasks.new()
    local limit = dataworks.limit { qps = 2 }
    local one, log = clients(world, many(GOOD), { limit = limit })
    local other, other_log = clients(world, many(GOOD), { limit = limit })
    for _ = 1, 3 do
      world.spawn(function() assert(one:call(READ, FILE)) end)
      world.spawn(function() assert(other:call(READ, FILE)) end)
    end
    world.run()
    assert.same({ 0, 1, 2 }, rounded(column(log, "at")))
    assert.same({ 0.5, 1.5, 2.5 }, rounded(column(other_log, "at")))
    assert.equal("dataworks.Limit (2 calls a second)", tostring(limit))
  end)
end)

describe("a pause that a throttled reply asks for", function()
  it("delays all calls of the client, also without a limit", function()
    local world = tasks.new()
    local events = {}
    local client, log = clients(world, function(n) return n == 1 and ASKS_FOR_10 or GOOD end, {
      on_event = function(event) events[#events + 1] = event.type == "wait" and event or nil end,
    })
    world.latency = 0.5
    for i = 1, 5 do world.spawn(function() assert(client:call(READ, file(i))) end, i - 1) end
    world.run()
    assert.equal(6, #log)
    assert.equal(0, log[1].at)
    for i = 2, 6 do assert.is_true(log[i].at >= 10.5 and log[i].at < 10.7, log[i].at) end
    assert.equal(4, #events)
    assert.equal("throttled", events[1].reason)
    assert.is_true(math.abs(events[1].delay - 9.55) < 1e-6, events[1].delay)
  end)

  it("replaces the delay of the retry, which no later call overtakes", function()
    local world = tasks.new()
    local client, log = clients(world, function(n) return n == 1 and ASKS_FOR_10 or GOOD end, { limit = 1 })
    for i = 1, 4 do world.spawn(function() assert(client:call(READ, file(i))) end, i == 1 and 0 or i) end
    world.run()
    assert.same({ "1", "1", "2", "3", "4" }, column(log, "file"))
    assert.same({ 0, 11, 12, 13, 14 }, rounded(column(log, "at")))
  end)

  it("delays queued calls, and keeps their order and spacing", function()
    local world = tasks.new()
    local client, log = clients(world, function(n) return n == 2 and ASKS_FOR_10 or GOOD end, { limit = 1, retries = 0 })
    for i = 1, 5 do world.spawn(function() client:call(READ, file(i)) end) end
    world.run()
    assert.same({ "1", "2", "3", "4", "5" }, column(log, "file"))
    assert.same({ 0, 1, 12, 13, 14 }, rounded(column(log, "at")))
  end)

  it("fails a call at once when the pause is longer than its timeout", function()
    local client, world = fake.client({ ASKS_FOR_10, GOOD, GOOD }, { retries = 0 })
    assert.is_nil(client:call(READ, FILE))
    local _, err = client:call(READ, FILE, { timeout = 5 })
    assert.same({ "timeout", false, true, 10 }, { err.kind, err.sent, err.retryable, err.retry_after })
    assert.equal("the service asked for a pause of all calls after Throttling: 10.0 s of it are left, "
      .. "and 5.0 s for this call", err.message)
    assert.same({ 1, 0 }, { #world.sent, #world.slept })
    assert(client:call(READ, FILE))
    assert.same({ 10.05 }, world.slept)
  end)

  it("fails queued calls whose timeout becomes too short, and sends the others on time", function()
    local world = tasks.new()
    local client, log = clients(world, function(n) return n == 1 and ASKS_FOR_10 or GOOD end, { limit = 1, retries = 0 })
    local failed = 0
    for i = 1, 9 do
      world.spawn(function()
        local _, err = client:call(READ, file(i), { timeout = 9.5 })
        failed = failed + (err and err.kind == "timeout" and 1 or 0)
      end)
    end
    world.spawn(function() assert(client:call(READ, file(10))) end, 10)
    world.run()
    assert.equal(8, failed)
    assert.same({ "1", "10" }, column(log, "file"))
    assert.same({ 0, 11 }, rounded(column(log, "at")))
  end)

  it("ends when the sleep returns, also when the sleep of the program takes no time", function()
    local slept = {}
    local client = fake.client({ ASKS_FOR_10, GOOD, GOOD, GOOD }, {
      timeout = 60, clock = function() return 1000 end, sleep = function(seconds) slept[#slept + 1] = seconds end,
    })
    for _ = 1, 3 do assert(client:call(READ, FILE)) end
    assert.same({ 10.05, 10.05, 10.05 }, rounded(slept))
  end)

  it("does not end client:wait before its own timeout", function()
    local ready = fake.good { Status = "success", TaskContent = "{}" }
    local asks = fake.refused("Throttling.User", 400, { ["x-acs-retry-after"] = "60000" })
    local client, world = fake.client { asks, ready }
    assert(client:wait { ProjectId = 10, TaskType = "DI_REALTIME", ProcessId = 1 })
    assert.equal(2, #world.sent)
    assert.is_true(world.now >= 1060 and world.now < 1061, world.now)
  end)

  it("is not made without a time in the reply, for a daily quota, or for another error", function()
    for _, answer in ipairs {
      fake.refused("Throttling.User", 400), fake.refused("Throttling.Day", 400, { ["retry-after"] = "60" }),
      fake.refused("ServiceUnavailable", 503, { ["retry-after"] = "60" }),
    } do
      local client, world = fake.client({ answer, GOOD }, { retries = 0 })
      assert.is_nil(client:call(READ, FILE))
      assert(client:call(READ, FILE))
      assert.same({}, world.slept)
    end
  end)
end)

describe("a retry that the queue delays beyond the deadline", function()
  it("ends the call with the error of the last attempt, at no cost to the retry budget", function()
    for code, answer in pairs { ["Throttling.User"] = fake.refused("Throttling.User", 400), LOST = fake.lost(false, "LOST") } do
      local world = tasks.new()
      local client, log = clients(world, function(n) return n == 1 and answer or GOOD end, { limit = 0.1 })
      local _, err
      world.spawn(function() _, err = client:call(READ, file(1), { timeout = 8 }) end)
      for i = 2, 3 do world.spawn(function() assert(client:call(READ, file(i))) end) end
      world.run()
      assert.same({ code, 1, "deadline", true }, { err.code, err.attempts, err.gave_up, err.retryable })
      assert.same({ "1", "2", "3" }, column(log, "file"))
      assert.equal(500, client._caller.retry_budget.tokens)
    end
  end)

  it("keeps sent = \"unknown\" when the last attempt may have acted", function()
    local world = tasks.new()
    local client, log = clients(world, { fake.lost "unknown" }, { limit = 0.1 })
    local _, err
    world.spawn(function() _, err = client:call(READ, FILE, { timeout = 8 }) end)
    world.run()
    assert.same({ "transport", "unknown", "deadline", 1 }, { err.kind, err.sent, err.gave_up, #log })
  end)
end)

describe("an adaptive limit", function()
  it("delays nothing until the service throttles, then halves the rate, then raises it slowly", function()
    local world = tasks.new()
    local second, used = nil, 0
    local client, log = clients(world, function()
      local now = math.floor(world.now)
      if now ~= second then second, used = now, 0 end
      used = used + 1
      return used > 10 and fake.refused("Throttling.User", 400) or GOOD
    end, { limit = "adaptive", timeout = 600, retries = 5 })
    world.latency = 0.05
    local done = 0
    for _ = 1, 400 do
      world.spawn(function()
        assert(client:call(READ, FILE))
        done = done + 1
      end)
    end
    world.run()
    assert.equal(400, done)
    assert.equal(0, log[400].at)
    -- At least 40 s. Most refusals fall into the first seconds, before the rate is found.
    assert.is_true(world.now - 1000 < 80, world.now)
    assert.is_true(#log < 1200, #log)
  end)

  it("sends at qps while nothing is throttled", function()
    local client, world = fake.client(many(GOOD), { limit = { qps = 4, adaptive = true } })
    for _ = 1, 20 do assert(client:call(READ, FILE)) end
    assert.equal(19 * 0.25, world.now - 1000)
  end)
end)

describe("the option limit", function()
  local function refused(limit)
    local line = debug.getinfo(1, "l").currentline + 1
    local ok, message = pcall(function() dataworks.new { limit = limit } end)
    assert.is_false(ok)
    local where = ("spec/limit/limit_spec.lua:%d: dataworks.new: limit"):format(line)
    assert.equal(where, (message:gsub("^%./", ""):sub(1, #where)))
    return message
  end

  it("raises at the line of dataworks.new when it is wrong, and says what is expected", function()
    for text, limit in pairs {
      ["limit must be calls a second, \"adaptive\" or a table, got a boolean"] = true,
      ["limit: must be calls a second, \"adaptive\" or a table, got \"fast\""] = "fast",
      ["limit: qps must be calls a second, above 0, got 0"] = 0,
      ["limit: qps must be calls a second, above 0, got a string; write the number without quotes"] = { qps = "5" },
      ["limit: qps must be calls a second, above 0, got %-1"] = { qps = -1 },
      ["limit: burst must be a whole number above 0, got 1.5"] = { qps = 1, burst = 1.5 },
      ["limit: unknown option qsp; did you mean qps%?"] = { qsp = 5 },
      ["limit: give qps, or adaptive = true"] = {},
      ["limit: dict must be text that isn't empty, got \"\""] = { qps = 5, dict = "" },
      ["limit: key is the name of a limit in a dict or a ledger, and there is none"] = { qps = 5, key = "a" },
      ["limit: dict is for nginx, whose workers share a lua_shared_dict; leave it out elsewhere"] = {
        qps = 5, dict = "limits" },
    } do
      assert.matches(text, refused(limit))
    end
    refused(0 / 0)
    refused(1 / 0)
  end)

  it("raises at the line of dataworks.limit too", function()
    local ok, message = pcall(function() dataworks.limit { qps = 0 } end)
    assert.is_false(ok)
    assert.matches("limit_spec.lua:%d+: dataworks.limit: qps must be", message)
    assert.equal("dataworks.Limit (no limit, adaptive)", tostring(dataworks.limit "adaptive"))
  end)
end)
