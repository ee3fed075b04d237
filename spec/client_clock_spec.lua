-- The waits of a client on the real clock. Nothing is injected.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local latches = require "dataworks.concurrency.latch"
local support = require "spec.support.emulator"

local PROJECT = 10000
local LIST = { ProjectId = PROJECT, DestinationType = "holo" }
local DEADLOCK = 30

describe("on the real clock", function()
  local emulator, client

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function() emulator:reset() end)
  after_each(function() client:close() end)

  local function new(changes)
    local options = {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
    }
    for name, value in pairs(changes or {}) do options[name] = value end
    client = dataworks.new(options)
  end

  local function takes_at_least(seconds, fn)
    local began = core.clock()
    fn()
    local elapsed = core.clock() - began
    assert.is_true(elapsed >= seconds - 0.01, elapsed)
    assert.is_true(elapsed < seconds + DEADLOCK, elapsed)
  end

  it("the calls of a client with a limit of 10 a second are 0.1 s apart", function()
    new { limit = 10 }
    takes_at_least(0.3, function()
      for _ = 1, 4 do assert(client:call("ListDIProjectConfig", LIST)) end
    end)
  end)

  it("a throttled call is sent again after the time that the gateway asked for", function()
    emulator:fault { fault = "throttle", retry_after = 300 }
    new()
    takes_at_least(0.3, function() assert(client:call("ListDIProjectConfig", LIST)) end)
    assert.equal(2, #emulator:journal())
  end)

  it("a call is retried after the delays that its events announce", function()
    emulator:fault { fault = "unavailable", times = 4 }
    local announced = 0
    new { retries = 4, on_event = function(event) announced = announced + (event.type == "retry" and event.delay or 0) end }
    local began = core.clock()
    assert(client:call("ListDIProjectConfig", LIST))
    local elapsed = core.clock() - began
    assert.is_true(announced > 0)
    assert.is_true(elapsed >= announced, elapsed .. " < " .. announced)
    assert.equal(5, #emulator:journal())
  end)

  it("a wait sleeps for at least half of each delay between two polls", function()
    emulator:settings { pending_calls = 2 }
    new()
    local generated = assert(client:generate {
      ProjectId = PROJECT, TaskType = "DI_REALTIME", TaskParam = files.json "spec/scripts/mysql_to_odps.json",
    })
    takes_at_least(0.2, function() assert(client:wait(generated, { delay = 0.2, max_delay = 0.2 })) end)
  end)

  -- The reply comes before ten times the timeout.
  for where, run in pairs { ["in a program without the loop"] = function(fn) fn() end, ["in the loop"] = dataworks.run } do
    it(("a call ends at its timeout, and not with the reply that comes later, %s"):format(where), function()
      emulator:fault { fault = "slow_head", seconds = 3 }
      new { retries = 0, timeout = 0.4 }
      run(function()
        takes_at_least(0.4, function()
          local reply, err = client:call("ListDIProjectConfig", LIST)
          assert.same({ nil, "timeout" }, { reply, (err or {}).kind })
        end)
      end)
    end)
  end

  it("a task that waits for the credentials of another task continues when the latch opens, or after its time", function()
    new()
    dataworks.run(function()
      local latch = latches.new()
      takes_at_least(0.2, function() assert.is_false(latch.wait(0.2)) end)
      local waiter = dataworks.spawn(function()
        takes_at_least(0.2, function() assert.is_true(latch.wait(DEADLOCK)) end)
      end)
      coroutine.yield() -- The waiter has begun when the sleep begins.
      dataworks.sleep(0.25)
      latch.open()
      waiter:join()
    end)
  end)
end)
