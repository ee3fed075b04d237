-- Ctrl-C raises an error between any two steps. Here a debug hook raises one, after one line more in each round.

local dataworks = require "dataworks"
require "dataworks.concurrency.map" -- Lua 5.1 does not load a module again after an error during its load
local requests_support = require "spec.support.requests"
local web_support = require "spec.support.web"

local PATIENCE, numbers = requests_support.PATIENCE, requests_support.numbers

-- In LuaJIT all coroutines share one debug hook.
local HAS_COMMON_HOOK = rawget(_G, "jit") ~= nil

describe("an interruption", function()
  local web, requests, transport

  local function send(...) return requests:send(...) end

  setup(function() web = web_support.start() end)
  teardown(function() if web then web:stop() end end)
  before_each(function()
    requests = requests_support.new(web)
    transport = requests.transport
  end)
  after_each(function() transport:close() end)

  it("of a loop lets each task end", function()
    if HAS_COMMON_HOOK then return end
    local interrupted = 0
    for steps = 1, 400, 3 do
      local count, begun, ended = 0, 0, 0
      local function stop()
        count = count + 1
        if count == steps then error("interrupted!", 0) end
      end
      local main = coroutine.create(function()
        return dataworks.run(function()
          for _ = 1, 4 do
            dataworks.spawn(function()
              begun = begun + 1
              send "/echo"
              transport:sleep(0)
              ended = ended + 1
            end)
          end
        end)
      end)
      debug.sethook(main, stop, "l")
      local ok, err = coroutine.resume(main)
      debug.sethook(main)
      if not ok then
        assert.matches("interrupted!", err)
        interrupted = interrupted + 1
      end
      assert.is_true(begun - ended <= 1, ("step %d: %d begun, %d ended"):format(steps, begun, ended))
      assert.equal("fine", dataworks.run(function() return "fine" end))
    end
    assert.is_true(interrupted > 20)
  end)

  it("of a task's start skips the task, which has not got its arguments", function()
    local resume = coroutine.resume
    coroutine.resume = function() -- luacheck: ignore 122
      coroutine.resume = resume -- luacheck: ignore 122
      error("not enough memory", 0)
    end
    local ok, err = pcall(dataworks.map, { 1 }, function() end)
    coroutine.resume = resume -- luacheck: ignore 122
    assert.is_false(ok)
    assert.equal("not enough memory", err)
  end)

  it("of a recovery closes the loop, and the first error counts", function()
    local closed = false
    local ok, err = require("dataworks.concurrency.recovery").drive {
      drive = function() error("first", 0) end,
      close = function() closed = true end,
      failed_tasks = { append_to = function() error("second", 0) end },
    }
    assert.same({ false, "first", true }, { ok, err, closed })
  end)

  it("of a loop names the tasks that failed before", function()
    local loop = dataworks.loop()
    loop:spawn(function() error("lost", 0) end)
    loop.drive = function(self)
      self.drive = nil
      self:drive()
      error("broken", 0)
    end
    assert.same({ false, "broken\n1 more failed:\n  lost" }, { require("dataworks.concurrency.recovery").drive(loop) })
  end)

  it("of a spawn, after the task was queued, lets the other tasks end", function()
    local loop, ended = dataworks.loop(), false
    loop:spawn(function()
      local push = loop.ready.push
      loop.ready.push = function(...)
        loop.ready.push = nil
        push(...)
        error("broken", 0)
      end
      dataworks.spawn(function() end)
    end)
    loop:spawn(function()
      transport:sleep(0.01)
      ended = true
    end)
    local ok, err = pcall(function() while loop:step(1) do end end) -- luacheck: ignore 542
    assert.same({ false, true }, { ok, ended })
    assert.matches("^broken", err)
    loop:close()
  end)

  it("of one task, at any line of this library, lets the other tasks end", function()
    if HAS_COMMON_HOOK then return end
    local interrupted = 0
    for steps = 1, 320, 3 do
      local ended = 0
      local ok, err = pcall(dataworks.run, function()
        dataworks.spawn(function()
          local count = 0
          debug.sethook(function()
            count = count + 1
            if count == steps then
              debug.sethook()
              error("broken", 0)
            end
          end, "l")
          transport:sleep(0)
          send "/echo"
          dataworks.map({ 1, 2 }, function() transport:sleep(0.001) end)
          debug.sethook()
        end)
        for _ = 1, 3 do
          dataworks.spawn(function()
            transport:sleep(0.001)
            assert(send "/echo")
            ended = ended + 1
          end)
        end
      end)
      assert.equal(3, ended)
      if not ok then
        assert.matches("broken", err)
        interrupted = interrupted + 1
      end
    end
    assert.is_true(interrupted > 50)
  end)

  it("by Ctrl-C that hits a task ends the program's run and map", function()
    local ended = 0
    local ok, err = pcall(dataworks.run, function()
      dataworks.spawn(function()
        assert.equal("cancelled", select(2, send "/never").kind)
        ended = ended + 1
      end)
      dataworks.spawn(function() error "interrupted!" end)
      assert.equal("cancelled", select(2, send "/never").kind)
      ended = ended + 1
    end)
    assert.is_false(ok)
    assert.matches("recovery_spec.lua:%d+: interrupted!\nstack traceback", err)
    assert.equal(2, ended)
    local kinds = {}
    ok, err = pcall(dataworks.map, numbers(4), function(item)
      if item == 1 then return "done" end
      if item == 3 then error "interrupted!" end
      kinds[item] = select(2, send "/never").kind
    end, { concurrency = 3 })
    assert.is_false(ok)
    assert.matches("interrupted!", err)
    assert.same({ [2] = "cancelled" }, kinds)
  end)

  it("of a recovery leaves the next run usable", function()
    if HAS_COMMON_HOOK then return end
    for steps = 1, 600 do
      local first, count = 40 + steps % 20 * 5, 0
      local second = first + 1 + math.floor(steps / 20)
      local main = coroutine.create(function()
        dataworks.run(function()
          for _ = 1, 3 do dataworks.spawn(transport.sleep, transport, 0) end
        end)
      end)
      debug.sethook(main, function()
        count = count + 1
        if count == first or count == second then error("interrupted!", 0) end
      end, "l")
      coroutine.resume(main)
      debug.sethook(main)
      assert.equal("fine", dataworks.run(function() return "fine" end))
    end
  end)

  it("of a step cancels all tasks, and the next steps let them end", function()
    if HAS_COMMON_HOOK then return end
    local interrupted = 0
    for steps = 1, 600, 2 do
      local loop = dataworks.loop()
      local count, begun, ended = 0, 0, 0
      for _ = 1, 3 do
        loop:spawn(function()
          begun = begun + 1
          send "/echo"
          ended = ended + 1
        end)
      end
      local function step_all()
        for _ = 1, 1000 do
          if not loop:step(0.01) then return end
        end
        error "never ends"
      end
      local host = coroutine.create(step_all)
      debug.sethook(host, function()
        count = count + 1
        if count == steps then error("interrupted!", 0) end
      end, "l")
      local ok, err = coroutine.resume(host)
      debug.sethook(host)
      if not ok then
        assert.equal("interrupted!", err)
        interrupted = interrupted + 1
      end
      ok, err = pcall(step_all)
      assert.is_true(ok or err:find "^interrupted!" ~= nil, err) -- the error of a failed task
      assert.is_true(begun - ended <= (ok and 0 or 1))
      assert.same({}, loop.transfers.hosts) -- no request counts as in flight
      loop:close()
    end
    assert.is_true(interrupted > 20)
  end)

  it("of a step that starts queued requests leaves the host usable", function()
    local loop, first = dataworks.loop(), {}
    for i = 1, 256 do first[i] = loop:spawn(send, "/never") end
    for _ = 1, 2 do
      loop:spawn(function()
        transport:send({ method = "GET", url = web:url "/echo", headers = {}, body = "" }, {
          timeout = PATIENCE, still_valid = function() error("interrupted!", 0) end,
        })
      end)
    end
    loop:spawn(function() for i = 1, 256 do first[i]:cancel() end end)
    local ok, err = pcall(function() while loop:step(PATIENCE) do end end) -- luacheck: ignore 542
    assert.same({ false, "interrupted!" }, { ok, err })
    while loop:step(PATIENCE) do end -- luacheck: ignore 542
    local status
    loop:spawn(function() status = assert(send("/echo", 5)).status end)
    while loop:step(PATIENCE) do end -- luacheck: ignore 542
    assert.equal(200, status)
    loop:close()
  end)
end)
