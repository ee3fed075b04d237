local dataworks = require "dataworks"
local latches = require "dataworks.concurrency.latch"
local requests_support = require "spec.support.requests"
local web_support = require "spec.support.web"

local PATIENCE = requests_support.PATIENCE

describe("a latch", function()
  local web, requests, transport

  setup(function() web = web_support.start() end)
  teardown(function() if web then web:stop() end end)
  before_each(function()
    requests = requests_support.new(web)
    transport = requests.transport
  end)
  after_each(function() transport:close() end)

  it("ends a wait when it is opened, when its opener fails, and when the time has passed", function()
    dataworks.run(function()
      local latch, outcome
      local function opener()
        latch = latches.new()
        transport:sleep(0.001)
        if outcome == "fails" then error "broken" end
        if outcome == "opens" then latch.open() end
        transport:sleep(PATIENCE)
      end
      for wanted, open in pairs { fails = "nil", opens = "true", sleeps = "false" } do
        outcome = wanted
        local first = dataworks.spawn(opener)
        coroutine.yield()
        local second = dataworks.spawn(function()
          return tostring(latch.wait(outcome == "sleeps" and 0.002 or PATIENCE))
        end)
        assert.equal(open, (second:join()))
        assert.equal(open, tostring(latch.wait(0)))
        first:cancel()
        first:join()
      end
    end)
  end)

  it("lets waiting tasks go on in the turn after it is opened", function()
    dataworks.run(function()
      local latch, passed = latches.new(), false
      dataworks.spawn(function() passed = latch.wait(PATIENCE) end)
      transport:sleep(0)
      assert.is_false(passed)
      latch.open()
      transport:sleep(0)
      transport:sleep(0)
      assert.is_true(passed)
    end)
  end)
end)
