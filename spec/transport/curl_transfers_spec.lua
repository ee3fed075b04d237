local core = require "dataworks.core"
local curl = require "dataworks.curl"
local dataworks = require "dataworks"
local native_support = require "spec.support.native"
local scheduler = require "dataworks.transport.scheduler"
local requests_support = require "spec.support.requests"
local shell = require "spec.support.shell"
local transports = require "dataworks.transport.choose"
local web_support = require "spec.support.web"

local PATIENCE, numbers = requests_support.PATIENCE, requests_support.numbers

describe("a request of a task", function()
  local web, requests, transport

  local function send(...) return requests:send(...) end

  setup(function() web = web_support.start() end)
  teardown(function() if web then web:stop() end end)
  before_each(function()
    requests = requests_support.new(web)
    transport = requests.transport
  end)
  after_each(function() transport:close() end)

  it("sends the same bytes and returns the same reply as outside a loop", function()
    local alone = send "/echo"
    local inside = dataworks.run(send, "/echo")
    assert.equal(alone.body, inside.body)
    assert.equal(alone.headers["content-type"], inside.headers["content-type"])
  end)

  it("reuses the connection of an earlier request", function()
    dataworks.run(function()
      local first = send "/connection".body:match "^%d+"
      for i = 2, 5 do
        assert.equal(first .. " " .. i, send "/connection".body)
      end
    end)
  end)

  it("shares an HTTP/2 connection over TLS with other requests", function()
    local path = requests:barrier(10)
    dataworks.run(function()
      for _ = 1, 10 do
        dataworks.spawn(function() assert.equal(200, assert(send(path, nil, nil, "tls")).status) end)
      end
    end)
    local connections = dataworks.map(numbers(10), function()
      return assert(send("/connection", nil, nil, "tls")).body:match "^%d+"
    end)
    for i = 2, 10 do assert.equal(connections[1].value, connections[i].value) end
  end)

  it("gets over a server that closes a kept connection", function()
    dataworks.run(function()
      for _, server in ipairs { false, "tls_12", "tls_13" } do
        assert.equal("bye", assert(send("/bye", nil, nil, server or nil)).body)
        transport:sleep(0.05)
        assert.equal(200, assert(send("/echo", nil, nil, server or nil)).status)
      end
    end)
  end)

  it("verifies certificates", function()
    local reply, err = dataworks.run(send, "/echo", nil, nil, "tls_expired")
    assert.is_nil(reply)
    assert.same({ "transport", false, "CURLE_PEER_FAILED_VERIFICATION" }, { err.kind, err.sent, err.code })
  end)

  it("keeps its deadline", function()
    dataworks.run(function()
      local never = dataworks.spawn(send, "/never", 1) -- enough to connect on a busy machine
      local in_time = dataworks.spawn(send, "/echo")
      assert.equal(200, assert(in_time:join()).status)
      local reply, err = never:join()
      assert.is_nil(reply)
      assert.same({ "timeout", "unknown" }, { err.kind, err.sent })
      err = select(2, send("/echo", 0))
      assert.same({ "timeout", false }, { err.kind, err.sent })
    end)
  end)

  it("keeps its deadline in the host's queue, and is not sent when it passes", function()
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

  it("does not overtake requests in the host's queue", function()
    local order, expected = {}, {}
    dataworks.run(function()
      local held = {}
      for i = 1, 255 do held[i] = dataworks.spawn(send, "/never") end
      dataworks.map(numbers(10), function(i)
        for round = 1, 3 do
          assert.equal(200, send("/echo").status)
          order[#order + 1] = round .. "/" .. i
        end
      end, { concurrency = 10 })
      for i = 1, 255 do held[i]:cancel() end
    end)
    for round = 1, 3 do
      for i = 1, 10 do expected[#expected + 1] = round .. "/" .. i end
    end
    assert.same(expected, order) -- one request at a time is in flight
  end)

  it("fails without being sent while no descriptor is left, and works again afterwards", function()
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

  it("uses no more sessions than were in use at once, also after requests that cannot be sent", function()
    local new, count = curl.new, 0
    curl.new = function(...) count = count + 1 return new(...) end
    finally(function() curl.new = new end)
    dataworks.run(function()
      for i = 1, 5 do
        local reply, err = transport:send({ method = "GET", url = web:url "/echo", headers = { a = i % 2 == 1 and "b" or {} }, body = "" },
          { timeout = PATIENCE })
        assert.equal(i % 2 == 1 and 200 or "invalid", reply and reply.status or err.kind)
      end
      assert.equal(1, count)
      local path = requests:barrier(3)
      for _ = 1, 2 do dataworks.map(numbers(3), function() assert.equal(200, send(path).status) end) end
    end)
    assert.equal(3, count)
  end)

  it("leaves nothing behind in the loop and the transport, whether it was sent or not", function()
    dataworks.run(function()
      local loop = scheduler.current_task().loop
      assert(send "/echo")
      for port, header in ipairs { "b", {} } do
        transport:send({ method = "GET", url = "http://127.0.0.1:" .. port, headers = { a = header }, body = "" }, { timeout = PATIENCE })
      end
      transport:sleep(0.01)
      assert.same({ {}, {} }, { loop.transfers.hosts, loop.transfers.in_flight })
      assert.is_nil(next(transport._pool.transfers))
      assert.is_nil(loop.timers:due())
    end)
  end)

  it("is one of 256 to a host, also after others ended or could not be sent", function()
    local function send_invalid()
      local _, err = transport:send({ method = "GET", url = web:url "/echo", headers = { a = {} }, body = "" }, { timeout = PATIENCE })
      return err.kind
    end
    dataworks.run(function()
      local held, queued = {}, {}
      held[1] = dataworks.spawn(send, "/never")
      transport:sleep(0.01)
      assert.equal("invalid", send_invalid())
      for i = 2, 256 do held[i] = dataworks.spawn(send, "/never") end
      local invalid = dataworks.spawn(send_invalid)
      for i = 1, 4 do queued[i] = dataworks.spawn(send, "/never") end
      transport:sleep(0.01)
      local host = select(2, next(scheduler.current_task().loop.transfers.hosts))
      assert.same({ 256, 5 }, { host.in_flight, host.queue:length() })
      held[1]:cancel()
      assert.equal("invalid", invalid:join())
      transport:sleep(0.01)
      assert.same({ 256, 3 }, { host.in_flight, host.queue:length() })
      for _, tasks in ipairs { held, queued } do
        for _, task in ipairs(tasks) do task:cancel() end
      end
    end)
  end)

  it("does not keep a closed loop alive, nor does a sleep", function()
    local loops = setmetatable({}, { __mode = "v" })
    for i, wait in ipairs { function() transport:sleep(60) end, function() send "/slow" end } do
      loops[i] = dataworks.loop()
      loops[i]:spawn(wait)
      loops[i]:step()
      loops[i]:close()
    end
    for _ = 1, 2 do collectgarbage() end
    assert.is_nil(next(loops))
  end)

  it("is cancelled, and a sleep ends, when its transport is closed", function()
    dataworks.run(function()
      local other = transports.new {}
      local path = requests:barrier(2)
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

describe("a pause outside tasks", function()
  it("takes its whole time without the processor, even if a signal arrives", function()
    local native, transport = native_support.load(), transports.new {}
    local started, used = core.clock(), os.clock()
    local sleep, sleeps = curl.sleep, 0
    curl.sleep = function(seconds)
      sleeps = sleeps + 1
      return sleep(seconds)
    end
    finally(function() curl.sleep = sleep end)
    native.signal_after(0.1)
    transport:sleep(0.4)
    assert.is_true(sleeps > 0)
    assert.is_true(core.clock() - started >= 0.4)
    assert.is_true(os.clock() - used < 0.1)
    transport:close()
  end)
end)
