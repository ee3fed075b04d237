-- A client with a limit against the emulator, over real HTTP. Its sleeps take no time: they move its clock.

local dataworks = require "dataworks"
local files = require "spec.support.files"
local support = require "spec.support.emulator"

local PROJECT = 10000
local LIST = { ProjectId = PROJECT, DestinationType = "holo" }

describe("a limit over real HTTP", function()
  local emulator, client, slept, waits

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    slept, waits = 0, {}
  end)
  after_each(function() client:close() end)

  local function new(changes)
    local options = {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
      clock = function() return 1000 + slept end, sleep = function(seconds) slept = slept + seconds end,
      random = function() return 0 end, getenv = function() end,
      on_event = function(event) if event.reason then waits[#waits + 1] = event end end,
    }
    for name, value in pairs(changes or {}) do options[name] = value end
    client = dataworks.new(options)
  end

  local function outcomes()
    local list = {}
    for i, entry in ipairs(emulator:journal()) do list[i] = entry.fault or entry.code or "good" end
    return list
  end

  it("counts every request of a flow, and signs each one when it is sent", function()
    emulator:settings { pending_calls = 2 }
    new { limit = 0.2, now = nil }
    local made = assert(client:create_sync_task {
      ProjectId = PROJECT, TaskType = "DI_REALTIME", TaskName = "limited",
      TaskParam = files.json "spec/scripts/mysql_to_odps.json",
    })
    assert.is_truthy(made.FileId)
    local requests = #emulator:journal()
    assert.is_true(requests >= 5, requests)
    assert.is_true(math.abs(slept - (requests - 1) / 0.2) < 1e-6, slept)
  end)

  it("delays the next call too by a pause that the gateway asked for", function()
    emulator:fault { fault = "throttle", retry_after = 300 }
    new { retries = 0 }
    local _, err = client:call("ListDIProjectConfig", LIST)
    assert.same({ "Throttling.User", 0.3, "attempts" }, { err.code, err.retry_after, err.gave_up })
    assert(client:call("ListDIProjectConfig", LIST))
    assert.same({ 1, "throttled" }, { #waits, waits[1].reason })
    assert.is_true(math.abs(slept - 0.3) < 1e-6, slept)
  end)

  it("waits once before a retry, as long as the service asks", function()
    emulator:fault { fault = "throttle_service", retry_after = 2000 }
    new { limit = 10 }
    assert(client:call("ListDIProjectConfig", LIST))
    assert.same(2, #emulator:journal())
    assert.is_true(slept >= 2 and slept <= 2.1 + 1e-6, slept)
  end)

  it("adapts to throttled replies, and gets all calls through", function()
    emulator:fault { fault = "throttle", times = 3 }
    new { limit = "adaptive", retries = 5 }
    for _ = 1, 10 do assert(client:call("ListDIProjectConfig", LIST)) end
    assert.equal(13, #emulator:journal())
    assert.equal("limit", waits[#waits].reason)
    assert.equal("throttle throttle throttle good", table.concat(outcomes(), " "):match "^%S+ %S+ %S+ %S+")
  end)
end)
