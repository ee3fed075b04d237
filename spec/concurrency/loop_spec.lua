-- Tasks on a loop. That calls overlap is shown by a server that answers none before it has all of them.

local core = require "dataworks.core"
local curl = require "dataworks.curl"
local dataworks = require "dataworks"
local emulators = require "spec.support.emulator"
local latches = require "dataworks.concurrency.latch"
local native_support = require "spec.support.native"
local shell = require "spec.support.shell"
local timers = require "dataworks.concurrency.timers"
local transports = require "dataworks.transport.choose"
local web_support = require "spec.support.web"

local PATIENCE = 30
local CROSSES_PCALL = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

local function numbers(count)
  local list = {}
  for i = 1, count do list[i] = i end
  return list
end

describe("a loop", function()
  local web, native, transport
  local names = 0

  setup(function()
    native = native_support.load()
    web = web_support.start()
  end)
  teardown(function() if web then web:stop() end end)
  before_each(function() transport = transports.new { ca_file = web.ca_file } end)
  after_each(function() transport:close() end)

  local function send(path, timeout, using, server)
    local url = server and web:tls_url(server, path) or web:url(path)
    return (using or transport):send({ method = "POST", url = url, headers = {}, body = "body" },
      { timeout = timeout or PATIENCE })
  end

  -- A path at which this many requests wait for each other.
  local function barrier(count)
    names = names + 1
    return ("/barrier/%d/%d-%s"):format(count, names, tostring(transport):gsub("%W", ""))
  end

  describe("run", function()
    it("lets the calls of its tasks overlap", function()
      local path = barrier(20)
      dataworks.run(function()
        local tasks = {}
        for i = 1, 20 do
          tasks[i] = dataworks.spawn(send, path)
        end
        for i = 1, 20 do
          assert.equal(200, assert(tasks[i]:join()).status)
        end
      end)
    end)

    it("sends the same bytes and gives the same reply as outside", function()
      local alone = send "/echo"
      local inside = dataworks.run(send, "/echo")
      assert.equal(alone.body, inside.body)
      assert.equal(alone.headers["content-type"], inside.headers["content-type"])
    end)

    it("gives what its function returns, nils too", function()
      local function pack(...) return { n = select("#", ...), ... } end
      assert.same({ n = 3, 1, nil, nil }, pack(dataworks.run(function(...) return ... end, 1, nil, nil)))
      assert.same({ n = 0 }, pack(dataworks.run(function() end)))
    end)

    it("waits for tasks that nobody joins", function()
      local done
      dataworks.run(function()
        dataworks.spawn(function()
          transport:sleep(0.01)
          done = true
        end)
      end)
      assert.is_true(done)
    end)

    it("raises what its function raised, with a traceback, and cancels the others", function()
      local seen
      local ok, err = pcall(dataworks.run, function()
        dataworks.spawn(function() seen = select(2, send "/never") end)
        transport:sleep(0)
        local function deep() error "broken" end
        deep()
      end)
      assert.is_false(ok)
      assert.matches("broken", err)
      assert.matches("traceback", err)
      assert.equal("cancelled", seen.kind)
    end)

    it("raises what a task died of that nobody has joined", function()
      local ok, err = pcall(dataworks.run, function()
        dataworks.spawn(function() error "lost" end)
        transport:sleep(0.001)
        return "fine"
      end)
      assert.is_false(ok)
      assert.matches("lost", err)
      assert.matches("traceback", err)
    end)

    it("tells of all that died, and no more of those that were cancelled since its function raised", function()
      local ok, err = pcall(dataworks.run, function()
        for i = 1, 15 do
          dataworks.spawn(function() error("lost " .. i) end)
        end
      end)
      assert.is_false(ok)
      assert.matches("^[^\n]*lost 1\nstack traceback:.*\n14 more failed:\n[^\n]*lost 2\n.*lost 11\n  %.%.%.$", err)
      ok, err = pcall(dataworks.run, function()
        dataworks.spawn(function() error "lost" end)
        dataworks.spawn(function()
          assert.equal("cancelled", select(2, send "/never").kind)
          error "of that"
        end)
        transport:sleep(0.001)
        error "broken"
      end)
      assert.is_false(ok)
      assert.matches("^[^\n]*broken\nstack traceback:.*\n1 more failed:\n[^\n]*lost$", err)
    end)

    it("leaves an error that is no text as it is", function()
      local value = {}
      local ok, err = pcall(dataworks.run, function() error(value) end)
      assert.is_false(ok)
      assert.equal(value, err)
    end)

    it("keeps connections for the requests that follow", function()
      dataworks.run(function()
        local first = send "/connection".body:match "^%d+"
        for i = 2, 5 do
          assert.equal(first .. " " .. i, send "/connection".body)
        end
      end)
    end)

    it("speaks HTTP/2 over TLS, many requests on one connection", function()
      local path = barrier(10)
      dataworks.run(function()
        for _ = 1, 10 do
          dataworks.spawn(function() assert.equal(200, assert(send(path, nil, nil, "tls")).status) end)
        end
      end)
      local numbers_of = dataworks.map(numbers(10), function()
        return assert(send("/connection", nil, nil, "tls")).body:match "^%d+"
      end)
      for i = 2, 10 do assert.equal(numbers_of[1].value, numbers_of[i].value) end
    end)

    it("has no trouble with a server that closes a kept connection", function()
      dataworks.run(function()
        for _, server in ipairs { false, "tls_12", "tls_13" } do
          assert.equal("bye", assert(send("/bye", nil, nil, server or nil)).body)
          transport:sleep(0.05)
          assert.equal(200, assert(send("/echo", nil, nil, server or nil)).status)
        end
      end)
    end)

    it("verifies certificates as outside", function()
      local reply, err = dataworks.run(send, "/echo", nil, nil, "tls_expired")
      assert.is_nil(reply)
      assert.same({ "transport", false, "CURLE_PEER_FAILED_VERIFICATION" }, { err.kind, err.sent, err.code })
    end)

    it("lets tasks that yield by themselves take turns", function()
      local order = {}
      dataworks.run(function()
        for i = 1, 2 do
          dataworks.spawn(function()
            order[#order + 1] = i
            coroutine.yield()
            order[#order + 1] = i
          end)
        end
      end)
      assert.same({ 1, 2, 1, 2 }, order)
    end)

    it("keeps the deadline of each call", function()
      dataworks.run(function()
        local late = dataworks.spawn(send, "/never", 0.1)
        local in_time = dataworks.spawn(send, "/echo")
        assert.equal(200, assert(in_time:join()).status)
        local reply, err = late:join()
        assert.is_nil(reply)
        assert.same({ "timeout", "unknown" }, { err.kind, err.sent })
        err = select(2, send("/echo", 0))
        assert.same({ "timeout", false }, { err.kind, err.sent })
      end)
    end)

    it("keeps the deadline of calls that wait for their turn at the host, which were not sent", function()
      dataworks.run(function()
        local first, last = {}, {}
        for i = 1, 256 do first[i] = dataworks.spawn(send, "/never") end
        for i = 1, 4 do last[i] = dataworks.spawn(send, "/echo", 0.1) end
        for i = 1, 4 do
          local _, err = last[i]:join()
          assert.same({ "timeout", false }, { err.kind, err.sent })
        end
        local waiting = dataworks.spawn(send, "/echo")
        transport:sleep(0.01)
        first[1]:cancel()
        assert.equal(200, assert(waiting:join()).status)
        for i = 2, 256 do first[i]:cancel() end
      end)
    end)

    it("lets no call pass those that stand in the line of its host", function()
      local before_all, begun = 0, 0
      dataworks.map(numbers(300), function()
        assert.equal(200, send("/echo").status)
        begun = begun + 1
        for _ = 1, 4 do
          assert.equal(200, send("/echo").status)
          before_all = before_all + (begun < 300 and 1 or 0)
        end
      end, { concurrency = 300 })
      assert.is_true(before_all <= 512, before_all .. " second calls before the last first one")
    end)

    it("gets over a time without descriptors, which costs the calls that begin in it", function()
      local file = os.tmpname()
      local script = assert(io.open(file, "w"))
      script:write(([[
        local transport = require("dataworks.transport.choose").new {}
        local function send()
          local reply, err = transport:send({ method = "GET", url = %q, headers = {}, body = "" }, { timeout = 30 })
          print(reply and reply.status, err and err.message, err and err.sent)
        end
        require("dataworks").run(function()
          local files = {}
          for i = 1, 30 do files[i] = io.open "/dev/null" or nil end
          send()
          transport:sleep(0.01)
          files = nil
          collectgarbage()
          send()
        end)]]):format(web:url "/status/204"))
      script:close()
      local output = shell.output(("ulimit -n 30; %s %s 2>&1; rm %s"):format(shell.interpreter, file, file))
      assert.equal("nil\tno descriptor, or no memory, is left\tfalse\n204\tnil\tnil", output)
    end)

    it("is not for the inside of itself, nor for what is no function", function()
      local ok, err = pcall(dataworks.run, function() dataworks.run(function() end) end)
      assert.is_false(ok)
      assert.matches("loop_spec.lua:%d+: dataworks.run: a loop is running already", err)
      ok, err = pcall(function() dataworks.run(1) end)
      assert.is_false(ok)
      assert.matches("loop_spec.lua:%d+: dataworks.run: a function was expected, got number", err)
    end)

    it("loses no task to an interruption, whatever it hits", function()
      -- As Ctrl-C does: an error out of the loop itself, after more and more of its steps.
      if rawget(_G, "jit") then return end -- where a hook is for all coroutines
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

    it("loses no task to an interruption of another one, wherever in this library that hits", function()
      if rawget(_G, "jit") then return end -- where a hook is for all coroutines
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

    it("is ended by Ctrl-C also where that hits a task", function()
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
      assert.matches("loop_spec.lua:%d+: interrupted!\nstack traceback", err)
      assert.equal(2, ended)
      local results
      results, err = dataworks.map(numbers(4), function(item)
        if item == 1 then return "done" end
        if item == 3 then error "interrupted!" end
        return send "/never"
      end, { concurrency = 3 })
      assert.matches("interrupted!", err)
      assert.equal("done", results[1].value)
      assert.equal("cancelled", results[2].err.kind)
      assert.matches("interrupted!", results[3].err)
      assert.equal("cancelled", results[4].err.kind)
    end)

    it("can be used again after it failed", function()
      pcall(dataworks.run, function() error "broken" end)
      assert.equal("fine", dataworks.run(function() return "fine" end))
    end)

    it("says that tasks wait for each other", function()
      local ok, err = pcall(dataworks.run, function()
        local first, second
        first = dataworks.spawn(function() assert.equal("cancelled", select(2, second:join()).kind) end)
        second = dataworks.spawn(function() first:join() end)
      end)
      assert.is_false(ok)
      assert.matches("^every task waits for another one; one of 2 waits here:\nstack traceback:\n", err)
      assert.matches("\n\tspec/concurrency/loop_spec.lua:%d+: in ", err)
    end)

    it("is free again after a second interruption", function()
      if rawget(_G, "jit") then return end -- where a hook is for all coroutines
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
  end)

  describe("a task", function()
    it("is spawned inside a loop only", function()
      local ok, err = pcall(function() dataworks.spawn(function() end) end)
      assert.is_false(ok)
      assert.matches("loop_spec.lua:%d+: dataworks.spawn: no loop is running", err)
    end)

    it("gives its results to all who join it, whenever they do", function()
      dataworks.run(function()
        local task = dataworks.spawn(function(...)
          transport:sleep(0.001)
          return ...
        end, 1, nil, 3)
        local other = dataworks.spawn(function() return select("#", task:join()) end)
        assert.same({ 1, nil, 3 }, { task:join() })
        assert.equal(3, other:join())
        assert.same({ 1, nil, 3 }, { task:join() })
      end)
    end)

    it("gives what it died of to who joins it, and that is the end of it", function()
      local value, err = dataworks.run(function()
        return dataworks.spawn(function() error "broken" end):join()
      end)
      assert.is_nil(value)
      assert.matches("broken", err)
      assert.matches("traceback", err)
    end)

    it("that is cancelled ends its call, which tells whether it was sent", function()
      dataworks.run(function()
        local path = barrier(2)
        local held = dataworks.spawn(send, path)
        local never = dataworks.spawn(send, "/never")
        assert(send(path)) -- so that the first was sent
        assert.equal(200, assert(held:join()).status)
        assert.is_true(never:cancel())
        local reply, err = never:join()
        assert.is_nil(reply)
        assert.same({ "cancelled", "unknown", "the task was cancelled" }, { err.kind, err.sent, err.message })
        assert.is_false(never:cancel())
      end)
    end)

    it("that is cancelled during its reply knows that it was sent", function()
      dataworks.run(function()
        local half = dataworks.spawn(send, "/half")
        for _ = 1, 20 do transport:sleep(0.005) end
        half:cancel()
        assert.is_true(select(2, half:join()).sent)
      end)
    end)

    it("that is cancelled sends nothing from then on", function()
      dataworks.run(function()
        local errors = {}
        local task = dataworks.spawn(function()
          transport:sleep(PATIENCE)
          for i = 1, 2 do errors[i] = select(2, send "/echo") end
          transport:sleep(PATIENCE)
          return "its own end"
        end)
        transport:sleep(0.001)
        task:cancel()
        assert.equal("its own end", task:join())
        for i = 1, 2 do assert.same({ "cancelled", false }, { errors[i].kind, errors[i].sent }) end
      end)
    end)

    it("that is cancelled sends nothing either where it can't wait", function()
      dataworks.run(function()
        local errors, slept = {}, 0
        local function call() errors[#errors + 1] = select(2, send "/echo") end
        local task = dataworks.spawn(function()
          transport:sleep(PATIENCE)
          coroutine.wrap(call)()
          table.sort({ 2, 1 }, function(a, b)
            call()
            slept = transport:sleep(PATIENCE)
            return a < b
          end)
          pcall(call)
        end)
        transport:sleep(0.001)
        task:cancel()
        task:join()
        assert.equal("cancelled", slept)
        assert.is_true(#errors >= 3)
        for _, err in ipairs(errors) do assert.same({ "cancelled", false }, { err.kind, err.sent }) end
      end)
    end)

    it("that is cancelled may spawn one that is not", function()
      dataworks.run(function()
        local task = dataworks.spawn(function()
          transport:sleep(PATIENCE)
          return dataworks.spawn(send, "/echo")
        end)
        transport:sleep(0.001)
        task:cancel()
        assert.equal(200, assert(task:join():join()).status)
      end)
    end)

    it("that is cancelled before it begins does not begin", function()
      dataworks.run(function()
        local began
        local task = dataworks.spawn(function() began = true end)
        task:cancel()
        local value, err = task:join()
        assert.is_nil(value)
        assert.equal("cancelled", err.kind)
        assert.is_nil(began)
      end)
    end)

    it("that is cancelled while it joins waits no longer", function()
      dataworks.run(function()
        local long = dataworks.spawn(function() return send "/never" end)
        local joiner = dataworks.spawn(function() return long:join() end)
        transport:sleep(0.001)
        joiner:cancel()
        assert.equal("cancelled", select(2, joiner:join()).kind)
        long:cancel()
      end)
    end)

    it("can't join itself", function()
      local ok, err = pcall(dataworks.run, function()
        local task
        task = dataworks.spawn(function() task:join() end)
      end)
      assert.is_false(ok)
      assert.matches("loop_spec.lua:%d+: join: a task can't wait for itself", err)
    end)

    it("that waits at a gate goes on when it is opened, when its opener has died, and when its time is over", function()
      dataworks.run(function()
        local gate, fate
        local function opener()
          gate = latches.new()
          transport:sleep(0.001)
          if fate == "dies" then error "broken" end
          if fate == "opens" then gate.open() end
          transport:sleep(PATIENCE)
        end
        for wanted, open in pairs { dies = "nil", opens = "true", stays = "false" } do
          fate = wanted
          local first = dataworks.spawn(opener)
          coroutine.yield()
          local second = dataworks.spawn(function() return tostring(gate.wait(fate == "stays" and 0.002 or PATIENCE)) end)
          assert.equal(open, (second:join()))
          assert.equal(open, tostring(gate.wait(0)))
          first:cancel()
          first:join()
        end
      end)
    end)

    it("waits on when its coroutine is resumed by somebody else than the loop", function()
      dataworks.run(function()
        local path, thread = barrier(2), nil
        local task = dataworks.spawn(function()
          thread = coroutine.running()
          return send(path)
        end)
        coroutine.yield()
        for _ = 1, 2 do assert.is_true(coroutine.resume(thread)) end
        assert(send(path))
        assert.equal(200, assert(task:join()).status)
      end)
    end)

    it("may be a function that is written in C", function()
      dataworks.run(function()
        assert.equal(3, dataworks.spawn(math.max, 1, 3, 2):join())
      end)
      assert.same({ { value = "a" }, { value = "b" } }, dataworks.map({ "A", "B" }, string.lower))
    end)

    it("says at the line that did it how it is used", function()
      local messages = {}
      dataworks.run(function()
        local task = dataworks.spawn(transport.sleep, transport, 0.001)
        for _, wrong in ipairs {
          function() task.join() end, function() task.cancel() end,
          function() table.sort({ 1, 2 }, function() task:join() end) end,
        } do
          local ok, err = coroutine.resume(coroutine.create(wrong))
          assert.is_false(ok)
          messages[#messages + 1] = err
        end
      end)
      assert.matches("loop_spec.lua:%d+: join: call it as a method of a task, task:join%(%)", messages[1])
      assert.matches("loop_spec.lua:%d+: cancel: call it as a method of a task, task:cancel%(%)", messages[2])
      assert.matches("loop_spec.lua:%d+: join: only a task of the same loop can wait .* table.sort", messages[3])
    end)

    it("blocks in a coroutine of its own, where join says what to do", function()
      dataworks.run(function()
        local other = dataworks.spawn(transport.sleep, transport, 0.001)
        local own = coroutine.wrap(function()
          local reply = send "/echo"
          local ok, err = pcall(other.join, other)
          return reply, ok, err
        end)
        local reply, ok, err = own()
        assert.equal(200, reply.status)
        assert.is_false(ok)
        assert.matches("not a coroutine of your own", err)
      end)
    end)

    it("may call inside pcall and a for, which overlaps where Lua can do that", function()
      local path = CROSSES_PCALL and barrier(3) or "/echo"
      local replies = 0
      dataworks.run(function()
        for _ = 1, 3 do
          dataworks.spawn(function()
            local ok, reply = pcall(send, path)
            assert.is_true(ok)
            assert.equal(200, reply.status)
            for status in function(_, last) return not last and send("/echo").status or nil end do
              replies = replies + (status == 200 and 1 or 0)
            end
          end)
        end
      end)
      assert.equal(3, replies)
    end)
  end)

  describe("map", function()
    it("gives the results in order, whichever is first", function()
      local results = dataworks.map(numbers(10), function(item)
        transport:sleep((10 - item) / 1000)
        return item * 2
      end)
      for i = 1, 10 do assert.same({ value = i * 2 }, results[i]) end
      assert.equal(10, #results)
    end)

    it("has as many items under way as it is told, and no more", function()
      local path, now, most = barrier(4), 0, 0
      dataworks.map(numbers(12), function()
        now = now + 1
        most = math.max(most, now)
        assert(send(path))
        now = now - 1
      end, { concurrency = 4 })
      assert.equal(4, most)
    end)

    it("keeps what goes wrong with one item from the others", function()
      local results = dataworks.map({ "good", "returns", "raises" }, function(item)
        transport:sleep(0)
        if item == "raises" then error "broken" end
        return item == "good" and item or nil, item == "returns" and "an error" or nil
      end)
      assert.same({ value = "good" }, results[1])
      assert.same({ err = "an error" }, results[2])
      assert.matches("broken", results[3].err)
      assert.matches("traceback", results[3].err)
    end)

    it("works in a task too, and tells of each item", function()
      local events = {}
      local results = dataworks.run(function()
        return dataworks.map(numbers(3), function(item, index)
          assert.equal(item, index)
          return send("/echo").status
        end, { concurrency = 1, on_progress = function(event) events[#events + 1] = event end })
      end)
      assert.same({ { value = 200 }, { value = 200 }, { value = 200 } }, results)
      assert.same({ done = 3, total = 3, index = 3, value = 200 }, events[3])
      assert.equal(3, #events)
    end)

    it("that on_progress stops by raising gives what is finished", function()
      local results, err = dataworks.map(numbers(4), function(item)
        if item == 1 then return "done" end
        return send "/never"
      end, { concurrency = 2, on_progress = function() error "enough" end })
      assert.matches("enough", err.message)
      assert.equal("done", results[1].value)
      assert.same({ "cancelled", "cancelled", "cancelled" }, {
        results[2].err.kind, results[3].err.kind, results[4].err.kind,
      })
    end)

    it("that is cancelled gives what is finished", function()
      local results, err = dataworks.run(function()
        local task = dataworks.spawn(dataworks.map, numbers(3), function(item)
          if item == 1 then return "done" end
          return send "/never"
        end, { concurrency = 2 })
        for _ = 1, 3 do transport:sleep(0.001) end
        task:cancel()
        return task:join()
      end)
      assert.equal("cancelled", err.kind)
      assert.equal("done", results[1].value)
      assert.equal("cancelled", results[2].err.kind)
      assert.equal("cancelled", results[3].err.kind)
    end)

    it("that is interrupted gives what is finished", function()
      local folder = shell.output "mktemp -d"
      local file = assert(io.open(folder .. "/map.lua", "w"))
      file:write(([[
        local dataworks = require "dataworks"
        local transport = require("dataworks.transport.choose").new {}
        local results, why = dataworks.map({ 1, 2, 3 }, function(item)
          if item == 1 then return "done" end
          return transport:send({ method = "GET", url = %q, headers = {}, body = "" }, { timeout = 30 })
        end, { concurrency = 2, on_progress = function() io.open(%q, "w"):close() end })
        print(results[1].value, results[2].err.kind, results[3].err.kind, (tostring(why):match "interrupted!"))
      ]]):format(web:url "/never", folder .. "/begun"))
      file:close()
      local output = shell.output(([[%s FOLDER/map.lua >FOLDER/output 2>&1 & pid=$!
        for i in $(seq 1000); do [ -e FOLDER/begun ] && break; sleep 0.01; done
        kill -INT $pid; wait $pid; cat FOLDER/output; rm -r FOLDER]]):format(shell.interpreter):gsub("FOLDER", folder))
      assert.equal("done\tcancelled\tcancelled\tinterrupted!", output)
    end)

    it("of nothing is nothing", function()
      assert.same({}, dataworks.map({}, function() end))
      assert.same({}, dataworks.map({ n = 0 }, function() end))
    end)

    it("gives its results also when something died that an item has spawned, and tells of it", function()
      local results, err = dataworks.map({ 1, 2 }, function(item)
        if item == 1 then dataworks.spawn(function() error "lost" end) end
        return item
      end)
      assert.same({ { value = 1 }, { value = 2 } }, results)
      assert.matches("lost\nstack traceback", err)
    end)

    it("says what it was given wrong", function()
      local function wrong(pattern, ...)
        local arguments = { ... }
        local ok, err = pcall(function()
          dataworks.map(arguments[1], arguments[2], arguments[3])
        end)
        assert.is_false(ok)
        assert.matches("loop_spec.lua:%d+: dataworks.map: " .. pattern, err)
      end
      wrong("a list was expected", 1, print)
      wrong("a list was expected, got a table that has no item 1", { a = 1 }, print)
      wrong("a function was expected", {}, 1)
      wrong("unknown option concurency", {}, print, { concurency = 1 })
      wrong("concurrency must be 1 or more", {}, print, { concurrency = 0 })
    end)
  end)

  describe("a transport", function()
    it("that is closed cancels its calls and ends its sleeps, and no others", function()
      dataworks.run(function()
        local other = transports.new {}
        local path = barrier(2)
        local kept = dataworks.spawn(send, path, nil, other)
        local lost = dataworks.spawn(send, "/never")
        local slept = dataworks.spawn(transport.sleep, transport, PATIENCE)
        transport:sleep(0.01)
        transport:close()
        local reply, err = lost:join()
        assert.is_nil(reply)
        assert.same({ "cancelled", "the client was closed during the call" }, { err.kind, err.message })
        slept:join()
        assert(send(path, nil, other))
        assert.equal(200, assert(kept:join()).status)
        other:close()
      end)
    end)
  end)

  describe("a loop of a program that has one", function()
    it("is stepped by it", function()
      local loop = dataworks.loop()
      local status
      local task = loop:spawn(function() status = send("/echo").status end)
      assert.equal(0, loop:timeout())
      while loop:step(0.01) do
        assert.is_true(loop:timeout() >= 0)
      end
      assert.equal(200, status)
      assert.matches("finished", tostring(task))
      loop:close()
      loop:close()
      assert.matches("closed", tostring(loop))
      assert.error_matches(function() loop:spawn(print) end, "the loop is closed")
    end)

    it("tells by a descriptor when something has arrived", function()
      local loop = dataworks.loop()
      local fd, path, answered = loop:fd(), barrier(2), 0
      if not fd then
        pending "the system has no epoll"
        return
      end
      local function call()
        assert.equal(200, send(path).status)
        answered = answered + 1
      end
      -- Until nothing is to be done for so long.
      local function host(seconds)
        while true do
          local wait = loop:timeout()
          if not native.readable(fd, math.min(wait, seconds)) and wait > seconds then
            return true
          elseif not loop:step() then
            return false
          end
        end
      end
      loop:spawn(call)
      assert.is_true(host(0.2))
      assert.equal(0, answered)
      loop:spawn(call)
      assert.is_false(host(PATIENCE))
      assert.equal(2, answered)
      assert.equal(fd, loop:fd())
      loop:close()
      assert.error_matches(function() loop:fd() end, "fd: the loop is closed")
      assert.error_matches(function() loop.fd() end, "call it as a method")
    end)

    it("raises what its tasks died of when they are over", function()
      local loop = dataworks.loop()
      loop:spawn(function() error "broken" end)
      local ok, err = pcall(loop.step, loop)
      assert.is_false(ok)
      assert.matches("broken", err)
      assert.is_false(loop:step())
      loop:close()
      assert.error_matches(function() loop:step() end, "the loop is closed")
    end)

    it("leaves nothing behind when it is closed in the middle, and tells what has died", function()
      local loop = dataworks.loop()
      loop:spawn(send, "/never")
      loop:step(0.01)
      assert.is_nil(loop:close())
      loop = dataworks.loop()
      loop:spawn(send, "/never")
      loop:spawn(function() error "broken" end)
      loop:step(0.01)
      assert.matches("broken\nstack traceback", loop:close())
    end)

    it("says that tasks wait for each other, and ends their waits", function()
      local loop, errors = dataworks.loop(), {}
      local first, second
      first = loop:spawn(function() errors[1] = select(2, second:join()) end)
      second = loop:spawn(function() errors[2] = select(2, first:join()) end)
      local ok, err = pcall(loop.step, loop)
      assert.is_false(ok)
      assert.matches("^every task waits for another one", err)
      while loop:step() do assert.equal(0, loop:timeout()) end
      assert.equal("cancelled", (errors[1] or errors[2]).kind)
      assert.is_nil(loop:close())
    end)

    it("is not closed by its own tasks", function()
      local loop, err = dataworks.loop(), nil
      loop:spawn(function() err = select(2, pcall(function() loop:close() end)) end)
      assert.is_false(loop:step())
      assert.matches("loop_spec.lua:%d+: close: a task can't close its own loop", err)
      loop:close()
    end)

    it("says at the line that did it how it is used", function()
      for _, name in ipairs { "spawn", "step", "timeout", "close" } do
        local ok, err = pcall(function() dataworks.loop()[name](print) end)
        assert.is_false(ok)
        assert.matches("loop_spec.lua:%d+: " .. name .. ": call it as a method of a loop, loop:" .. name .. "%(%)", err)
      end
    end)

    it("sends what is asked for after a step was interrupted that had sent what stood in line", function()
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

    it("ends its tasks when a step of it is interrupted", function()
      if rawget(_G, "jit") then return end -- where a hook is for all coroutines
      local interrupted = 0
      for steps = 1, 150, 3 do
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
        assert.is_true(ok or err:find "^interrupted!" ~= nil, err) -- that a task died of
        assert.is_true(begun - ended <= (ok and 0 or 1))
        loop:close()
      end
      assert.is_true(interrupted > 20)
    end)
  end)

  it("is not loaded by who does not use it", function()
    local output = shell.output(([[%s -e 'require "dataworks".new { endpoint = "http://127.0.0.1:1" }
      for name in pairs(package.loaded) do
        if name:find("^dataworks%%.concurrency") then print(name) end
      end']]):format(shell.interpreter))
    assert.equal("", output)
  end)

  it("is refused inside nginx, without libcurl being loaded", function()
    local output = shell.output(([[%s -e '
      ngx = { config = { subsystem = "http" } }
      local dataworks = require "dataworks"
      for _, name in ipairs { "run", "spawn", "loop" } do
        print(select(2, pcall(dataworks[name], print)))
      end
      print(select(2, pcall(dataworks.map, {}, print)))
      print(package.loaded["dataworks.curl"])']]):format(shell.interpreter))
    for _, name in ipairs { "run", "spawn", "loop", "map" } do
      assert.matches("dataworks." .. name .. ": inside nginx calls yield to nginx already; use ngx.thread.spawn", output, 1, true)
    end
    assert.matches("\nnil$", output)
  end)

  it("lets those who wait at a gate pass in the turn after it is opened", function()
    dataworks.run(function()
      local gate, passed = latches.new(), false
      dataworks.spawn(function() passed = gate.wait(PATIENCE) end)
      transport:sleep(0)
      assert.is_false(passed)
      gate.open()
      transport:sleep(0)
      transport:sleep(0)
      assert.is_true(passed)
    end)
  end)

  describe("its timers", function()
    it("are called in the order of their times, of one time in the order of coming", function()
      local list, called, made = timers.new(), {}, {}
      local times = { 5, 3, 9, 3, 1, 7, 2, 8, 6, 4, 3, 0 }
      for i, at in ipairs(times) do
        made[i] = list:add(at, function() called[#called + 1] = at .. ":" .. i end)
      end
      for _, i in ipairs { 9, 1, 12, 9 } do list:remove(made[i]) end
      assert.equal(1, list:due())
      list:fire(3)
      assert.same({ "1:5", "2:7", "3:2", "3:4", "3:11" }, called)
      list:remove(made[2])
      list:fire(100)
      assert.same({ "4:10", "7:6", "8:8", "9:3" }, { called[6], called[7], called[8], called[9] })
      assert.equal(9, #called)
      assert.is_nil(list:due())
    end)

    it("leave little behind when they are removed, and the others in their order", function()
      local list, called, made = timers.new(), {}, {}
      for i = 1, 1000 do
        made[i] = list:add(i * 7 % 1000, function() called[#called + 1] = i * 7 % 1000 end)
      end
      for i = 1, 1000 do
        if i % 100 ~= 0 then list:remove(made[i]) end
      end
      assert.is_true(list.count <= 20)
      list:fire(1000)
      assert.same({ 0, 100, 200, 300, 400, 500, 600, 700, 800, 900 }, called)
      assert.is_nil(list:due())
      assert.equal(0, list.count)
    end)

    it("that are made by one that is called wait for the next time", function()
      local list, count = timers.new(), 0
      local function again()
        count = count + 1
        list:add(0, again)
      end
      again()
      list:fire(1)
      assert.equal(2, count)
    end)
  end)

  describe("dataworks.curl.multi", function()
    local multi, session

    before_each(function() multi, session = curl.multi(), curl.new {} end)
    after_each(function()
      session:close()
      multi:close()
    end)

    local function add(path)
      return multi:add(session, "GET", web:url(path), {}, "", PATIENCE)
    end

    it("names what is over", function()
      local id = add "/status/404"
      local list
      repeat list = multi:poll(PATIENCE) until #list > 0
      assert.same({ id }, list)
      assert.equal(404, (session:result()))
    end)

    it("gives a request that can't begin as over", function()
      local id = multi:add(session, "GET", "nonsense", {}, "", PATIENCE)
      assert.same({ id }, multi:poll(PATIENCE))
      local _, err = session:result()
      assert.same({ "invalid", false }, { err.kind, err.sent })
      assert.equal(id, multi:add(session, "GET", web:url "/echo", { ["a b"] = "c" }, "", PATIENCE))
      assert.same({ id }, multi:poll(PATIENCE))
      assert.is_false(select(2, session:result()).sent)
    end)

    it("takes a session once at a time", function()
      add "/never"
      assert.error_matches(function() add "/echo" end, "the session has a request under way")
      assert.error_matches(function() session:send("GET", web:url "/echo", {}, "", 1) end, "under way")
      assert.error_matches(function() session:result() end, "has no result")
      assert.is_true(multi:cancel(session))
      assert.equal("cancelled", select(2, session:result()).kind)
      assert.is_false(multi:cancel(session))
      assert.equal(200, (session:send("GET", web:url "/echo", {}, "", PATIENCE)))
    end)

    it("has nothing to do once the deadline of its only request has passed", function()
      multi:add(session, "GET", web:url "/never", {}, "", 0.1)
      repeat until #multi:poll(PATIENCE) > 0
      assert.equal("timeout", select(2, session:result()).kind)
      assert.is_nil(multi:timeout())
    end)

    it("may be closed before its sessions, and after", function()
      add "/never"
      multi:poll(0)
      multi:close()
      assert.equal("cancelled", select(2, session:result()).kind)
      assert.error_matches(function() multi:poll(0) end, "the multi is closed")
      multi = curl.multi()
      add "/never"
      multi:poll(0)
      session:close()
      assert.same({}, multi:poll(0))
    end)

    it("leaves what is under way to the parent after a fork", function()
      names = names + 1
      local path = ("/barrier/2/fork-%d-%s"):format(names, tostring(multi):gsub("%W", ""))
      local other = curl.new {}
      local id = add(path)
      for _ = 1, 20 do multi:poll(0.005) end
      assert.equal("done", native.fork(function()
        assert(multi:poll(0)[1] == id)
        assert(select(2, session:result()).kind == "cancelled")
        add "/echo"
        local list
        repeat list = multi:poll(PATIENCE) until #list > 0
        assert(session:result() == 200)
      end))
      assert.equal("done", native.fork(function()
        session:close()
        multi:close()
      end))
      multi:add(other, "GET", web:url(path), {}, "", PATIENCE)
      local over = 0
      repeat over = over + #multi:poll(PATIENCE) until over == 2
      assert.equal(200, (session:result()))
      assert.equal(200, (other:result()))
      other:close()
    end)

    it("may be collected with them, in any order", function()
      for _ = 1, 20 do
        local one, two = curl.multi(), curl.new {}
        one:add(two, "GET", web:url "/never", {}, "", PATIENCE)
        one:poll(0)
        one, two = nil, nil -- luacheck: ignore 311
        collectgarbage()
      end
    end)
  end)
end)

describe("clients on a loop", function()
  local emulator

  setup(function() emulator = emulators.start() end)
  teardown(function() emulator:stop() end)
  before_each(function() emulator:reset() end)

  local function new(options)
    local all = {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id,
      access_key_secret = emulator.access_key_secret, getenv = function() end,
    }
    for name, value in pairs(options or {}) do all[name] = value or nil end
    return dataworks.new(all)
  end

  it("create tasks side by side with the code that blocks outside", function()
    local client = new()
    local results = dataworks.map({ "a", "b", "c", "d", "e" }, function(name)
      return client:create_sync_task({
        ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = name,
        TaskParam = dataworks.task {
          from = { mysql = "mysql_pub1", tables = { mysql_db = { "orders" } } }, to = { odps = "odps_source" },
          resource_group = "S_res_group_280749521950784_1623033752022",
        },
      }, { delay = 0.01 })
    end)
    for i = 1, 5 do
      assert(results[i].value, tostring(results[i].err))
    end
    client:close()
  end)

  it("make no call in a pause that was asked for while it stood in the host's line, and tell of it once", function()
    emulator:fault { fault = "throttle", times = 1, retry_after = 3000 }
    local paused_at, during, told = nil, 0, { request = 0, response = 0, retry = 0, wait = 0 }
    local client = new { timeout = 60, on_event = function(event)
      told[event.type] = told[event.type] + 1
      if event.type ~= "response" then
        return
      elseif event.error and event.error.retry_after then
        paused_at = core.clock()
      elseif paused_at and core.clock() < paused_at + 2.9 then
        during = during + 1
      end
    end }
    local items = {}
    for i = 1, 400 do items[i] = i end
    for _, result in ipairs(dataworks.map(items, function()
      return client:call("ListFiles", { ProjectId = 10000 })
    end, { concurrency = #items })) do
      assert(result.value, tostring(result.err))
    end
    assert(paused_at)
    assert.is_true(during < 256, during .. " calls in the pause")
    assert.equal(told.response, told.request)
    client:close()
  end)

  local function with_role(on_event)
    return new {
      access_key_id = false, access_key_secret = false,
      credentials = {
        type = "ram_role_arn", role_arn = "acs:ram::123:role/dw-role",
        source = {
          type = "access_key", access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
        },
      },
      getenv = function(name) return name == "ALIBABA_CLOUD_STS_ENDPOINT" and emulator.endpoint or nil end,
      on_event = on_event,
    }
  end

  it("fetch their credentials once for all tasks", function()
    local fetched = 0
    local client = with_role(function(event) fetched = fetched + (event.type == "refresh" and 1 or 0) end)
    local results = dataworks.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function()
      return client:GetDISyncTask { ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" }
    end)
    for i = 1, 8 do assert.equal("Param.Invalid", results[i].err.code) end
    assert.equal(1, fetched)
    assert.equal(1, #emulator:journal "AssumeRole")
    client:close()
  end)

  it("fetch them again when the task that did was cancelled", function()
    emulator:fault { fault = "slow_head", action = "AssumeRole", seconds = 20, times = 1 }
    local client = with_role()
    dataworks.run(function()
      local function call()
        return select(2, client:GetDISyncTask { ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" })
      end
      local first = dataworks.spawn(call)
      local second = dataworks.spawn(call)
      for _ = 1, 3 do coroutine.yield() end
      first:cancel()
      local err = first:join()
      assert.same({ "cancelled", false }, { err.kind, err.sent })
      assert.equal("Param.Invalid", second:join().code)
    end)
    client:close()
  end)

  -- Of a call at its end.
  local function get(client, options)
    local err = select(2, client:GetDISyncTask({ ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" }, options))
    return err.kind == "cancelled" and err.kind or err.code or err.kind, err.sent, err.message
  end

  local function give_turns()
    for _ = 1, 3 do coroutine.yield() end
  end

  it("end a call as cancelled whose task waited for credentials that another one fetches", function()
    emulator:fault { fault = "slow_head", action = "AssumeRole", seconds = 0.3 }
    local client = with_role()
    dataworks.run(function()
      local first, second = dataworks.spawn(get, client), dataworks.spawn(get, client)
      local third = dataworks.spawn(get, client)
      give_turns()
      second:cancel()
      assert.same({
        "cancelled", false, "ram_role_arn: another call is fetching them: the task was cancelled",
      }, { second:join() })
      for _, task in ipairs { first, third } do assert.equal("Param.Invalid", (task:join())) end
    end)
    assert.equal(1, #emulator:journal "AssumeRole")
    client:close()
  end)

  it("fetch no more credentials for who waited for them once they are closed", function()
    emulator:fault { fault = "slow_head", action = "AssumeRole", seconds = 20 }
    local fetched = 0
    local client = with_role(function(event) fetched = fetched + (event.type == "refresh" and 1 or 0) end)
    dataworks.run(function()
      local tasks = {}
      for i = 1, 3 do tasks[i] = dataworks.spawn(get, client) end
      give_turns()
      client:close()
      for i = 1, 3 do
        local code, sent, message = tasks[i]:join()
        assert.same({ "cancelled", false }, { code, sent })
        assert.matches("the client was closed during the call", message)
      end
    end)
    assert.equal(1, fetched)
  end)

  it("fetch credentials where the task that fetches them can't be waited for", function()
    for _, elsewhere in ipairs {
      function(client) return coroutine.wrap(get)(client, { timeout = 5 }) end,
      function(client, loop)
        loop:close()
        return get(client, { timeout = 5 })
      end,
      function(client, loop)
        loop:close()
        return dataworks.run(get, client, { timeout = 5 })
      end,
    } do
      emulator:fault { fault = "slow_head", action = "AssumeRole", seconds = 20 }
      local client, loop = with_role(), dataworks.loop()
      loop:spawn(get, client)
      for _ = 1, 3 do loop:step() end
      assert.equal("Param.Invalid", (elsewhere(client, loop)))
      loop:close()
      client:close()
      emulator:reset()
    end
  end)

  it("leave the places of calls that are cancelled in the line to those that come", function()
    local client = new { limit = 4 }
    local results, why = dataworks.map(numbers(40), function() return (get(client)) end, {
      on_progress = function() error "enough" end,
    })
    assert.matches("enough", why.message)
    for i = 2, 40 do assert.equal("cancelled", results[i].value) end
    assert.equal("Param.Invalid", (get(client, { timeout = 2 })))
    client:close()
  end)

  it("that are closed end their calls as cancelled", function()
    emulator:fault { fault = "slow_head", seconds = 20, times = 3 }
    local client = new()
    local kinds = {}
    dataworks.run(function()
      for i = 1, 3 do
        dataworks.spawn(function()
          kinds[i] = select(2, client:ListFiles { ProjectId = 10000 }).kind
        end)
      end
      for _ = 1, 3 do coroutine.yield() end
      client:close()
    end)
    assert.same({ "cancelled", "cancelled", "cancelled" }, kinds)
  end)

  it("end a wait whose task is cancelled", function()
    emulator:settings { pending_calls = 100 }
    local client = new()
    local err = dataworks.run(function()
      local made = assert(client:generate {
        ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = dataworks.task {
          from = { mysql = "mysql_pub1", tables = { mysql_db = { "orders" } } }, to = { odps = "odps_source" },
          resource_group = "S_res_group_280749521950784_1623033752022",
        },
      })
      local task
      task = dataworks.spawn(client.wait, client, {
        ProjectId = 10000, TaskType = "DI_REALTIME", ProcessId = made.Data.ProcessId,
      }, { delay = 30, max_delay = 30, on_progress = function()
        dataworks.spawn(function() task:cancel() end)
      end })
      return select(2, task:join())
    end)
    assert.equal("cancelled", err.kind)
    assert.is_string(err.state.ProcessId)
    client:close()
  end)
end)
