-- Inside nginx: calls of one worker through the cosocket transport, against bare cosockets that send the same bytes.
-- Then the latency of /ping of a worker while flows run in it.

local core = require "dataworks.core"
local curl = require "dataworks.curl"
local emulators = require "spec.support.emulator"
local hosts = require "spec.support.host"
local ratio = require "bench.ratio"
local webs = require "spec.support.web"

-- Light threads of the worker that run at the same time.
local AT_ONCE = 32

-- Set-up of a chunk, which is not measured.
local MEASURED = [[
  local core = require "dataworks.core"
  local function timed(count, once)
    local began, threads = core.clock(), {}
    for i = 1, %d do
      threads[i] = ngx.thread.spawn(function() for _ = 1, count / %d do once() end end)
    end
    for _, thread in ipairs(threads) do assert(ngx.thread.wait(thread)) end
    return core.clock() - began
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

local function against_bare(host, server)
  local before = MEASURED:format(AT_ONCE, AT_ONCE, ("http://127.0.0.1:%d"):format(server.ready), server:url "/echo")
  local function measure(chunk)
    return function(count) return assert(tonumber(host:run(before .. chunk:format(count)))) end
  end
  ratio.print("nginx: transport, 32 at once, one worker", measure(SEND), measure(BARE), 3200, 1.25)
  ratio.print("nginx: call, 32 at once, one worker", measure(CALL), measure(BARE), 3200)
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
    assert(session:send("GET", host:url "ping", {}, "", 30) == 200)
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
  local emulator = emulators.start()
  local ok, message = pcall(function()
    emulator:fault { fault = "slow_head", seconds = 0.05, times = 10000000 }
    pings(host, 200)
    local without = pings(host, 2000)
    host:run(FLOWS:format(emulator.endpoint, emulator.access_key_id, emulator.access_key_secret))
    pings(host, 500)
    local began, calls = core.clock(), tonumber(host:note "flows")
    local with = pings(host, 2000)
    local flows = (tonumber(host:note "flows") - calls) / (core.clock() - began)
    assert(host:note "failed" == "none", host:note "failed")
    host:run [[ngx.shared.notes:set("stop", true) return ""]]
    repeat curl.sleep(0.05) until host:note "ended" == "true"
    print(("nginx: 500 flows in flight, 50 ms latency: %.0f flows a second"):format(flows))
    ratio.compare("nginx: ms of /ping, with and without them", with, without)
    print(("%-44s %10.2f %10.2f"):format("nginx: ms of /ping, 99 of 100 are below",
      percentile(with, 0.99), percentile(without, 0.99)))
  end)
  emulator:stop()
  if not ok then error(message, 0) end
end

local server = webs.start()
local host = hosts.start { ca_file = server.ca_file }
local ok, message = pcall(function()
  against_bare(host, server)
  beside_flows(host)
end)
host:stop()
server:stop()
if not ok then error(message, 0) end
