-- Inside nginx: calls of one worker through the cosocket transport, against bare cosockets that send the same bytes.
-- Then the latency of /ping of a worker while flows run in it. nginx runs the library's build for LuaJIT.

local core = require "dataworks.core"
local curl = require "dataworks.curl"
local emulators = require "spec.support.emulator"
local hosts = require "spec.support.host"
local loopback = require "bench.loopback"
local measure = require "bench.measure"

-- Light threads of the worker that run at the same time.
local AT_ONCE = 32

-- Set-up of a chunk, which is not measured.
local MEASURED = [[
  local core = require "dataworks.core"
  local function timed(count, once)
    local cpu, began, threads = os.clock(), core.clock(), {}
    for i = 1, %d do
      threads[i] = ngx.thread.spawn(function() for _ = 1, count / %d do once() end end)
    end
    for _, thread in ipairs(threads) do assert(ngx.thread.wait(thread)) end
    return os.clock() - cpu .. " " .. core.clock() - began
  end
  local url, echo = %q, %q
  local client = require("dataworks").new { endpoint = url, access_key_id = "id", access_key_secret = "secret" }
  local params = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = require "bench.script" }
  local request = assert(client:request("GenerateDISyncTaskConfigForCreating", params))
  local transport = require("dataworks.transport.choose").new {}
  ]]

local CALL = [[return timed(%d, function() assert(client:generate(params)) end)]]

local SEND = [[
  local limits = { timeout = 30, connect_timeout = 5 }
  return timed(%d, function() assert(transport:send(request, limits)) end)
  ]]

-- The same bytes as the transport sends, as the server received them.
local BARE = [[
  local bytes = assert(transport:send({
    method = request.method, url = echo, headers = request.headers, body = request.body,
  }, { timeout = 30 })).body:gsub("^POST %%S+", "POST /", 1)
  local port, first = tonumber(url:match "%%d+$"), ngx.socket.tcp()
  assert(first:connect("127.0.0.1", port))
  assert(first:send(bytes))
  local length = #assert(first:receiveany(65536))
  first:close()
  return timed(%d, function()
    local sock = ngx.socket.tcp()
    assert(sock:connect("127.0.0.1", port))
    assert(sock:send(bytes))
    assert(sock:receive(length))
    sock:setkeepalive(20000, 64)
  end)
  ]]

local COUNT = 3200

--- Calls fn(host, server) with a running nginx. Its worker runs on the core of the measured code.
local function with_host(fn)
  local server = loopback.start_server()
  local host = hosts.start { ca_file = server.ca_file }
  local ok, result = pcall(fn, host, server)
  host:stop()
  server:stop()
  if not ok then error(result, 0) end
  return result
end

local function against_bare(chunk)
  return with_host(function(host, server)
    local before = MEASURED:format(AT_ONCE, AT_ONCE, ("http://127.0.0.1:%d"):format(server.ready), server:url "/echo")
    local function side(measured)
      return function(count)
        local cpu, wall = host:run(before .. measured:format(count)):match "^(%S+) (%S+)$"
        return tonumber(cpu), tonumber(wall)
      end
    end
    return measure.pairs { ours = side(chunk), floor = side(BARE), count = COUNT }
  end)
end

-- Each light thread runs one flow after the other until the note "stop" is set.
local FLOWS = [[
  local dataworks, notes = require "dataworks", ngx.shared.notes
  local client = dataworks.new { endpoint = %q, access_key_id = %q, access_key_secret = %q }
  local script = require "bench.script"
  local function run_flows(number)
    while not notes:get "stop" do
      local task, err = client:create_sync_task {
        ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script,
        TaskName = ("flow_%%d_%%d"):format(number, notes:incr("flows", 1, 0)),
      }
      if not task then notes:set("failed", tostring(err)) end
    end
  end
  notes:delete "stop"
  assert(ngx.timer.at(0, function()
    local threads = {}
    for number = 1, 500 do threads[number] = ngx.thread.spawn(run_flows, number) end
    for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
    notes:set("ended", true)
  end))
  return ""
  ]]

--- Milliseconds of each of `count` answers.
local function pings(host, count)
  local session, times = curl.new {}, {}
  for i = 1, count do
    local began = core.clock()
    assert(session:send({ method = "GET", url = host:url "ping" }, 30) == 200)
    times[i] = (core.clock() - began) * 1000
    -- Spread over the seconds of a flow.
    curl.sleep(0.003)
  end
  session:close()
  return times
end

local function percentile(times, part)
  table.sort(times)
  return times[math.ceil(#times * part)]
end

local function beside_flows(host)
  measure.place_servers()
  local emulator = emulators.start()
  measure.place_measured()
  local without, with, flows
  local ok, message = pcall(function()
    emulator:fault { fault = "slow_head", seconds = 0.05, times = 10000000 }
    pings(host, 200)
    without = pings(host, 2000)
    host:run(FLOWS:format(emulator.endpoint, emulator.access_key_id, emulator.access_key_secret))
    pings(host, 500)
    local began, calls = core.clock(), tonumber(host:note "flows")
    with = pings(host, 2000)
    flows = (tonumber(host:note "flows") - calls) / (core.clock() - began)
    assert(host:note "failed" == "none", host:note "failed")
    host:run [[ngx.shared.notes:set("stop", true) return ""]]
    repeat curl.sleep(0.05) until host:note "ended" == "true"
  end)
  emulator:stop()
  if not ok then error(message, 0) end
  local median = measure.figure("median", "ms", with)
  local slowest = measure.figure("99 of 100 are below", "ms", percentile(with, 0.99))
  median.floor, slowest.floor = measure.spread(without), measure.spread { percentile(without, 0.99) }
  return { median, slowest, measure.figure("flows a second", "flows", flows) }
end

local BARE_LOOP = "a loop of bare cosockets that sends the same bytes"

return {
  {
    name = "cosockets-transport", ours = "nginx: a ready request through the transport, 32 light threads",
    floor = BARE_LOOP, measure = function() return against_bare(SEND) end,
  },
  {
    name = "cosockets-call", ours = "nginx: client:generate, 32 light threads", floor = BARE_LOOP,
    measure = function() return against_bare(CALL) end,
  },
  {
    name = "nginx-ping", ours = "nginx: the time of /ping while 500 flows are in flight in its worker, 50 ms latency",
    floor = "the same without flows", measure = function() return with_host(beside_flows) end,
  },
}
