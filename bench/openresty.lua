-- Inside nginx: a worker's calls against a bare loop of cosockets that sends the same bytes; and what a worker with
-- hundreds of flows has left for its other requests.

local core = require "dataworks.core"
local curl = require "dataworks.curl"
local emulators = require "spec.support.emulator"
local hosts = require "spec.support.host"
local ratio = require "bench.ratio"
local web_support = require "spec.support.web"

local web = web_support.start()
local host = hosts.start { ca_file = web.ca_file }

-- So many coroutines share the calls.
local SHARED = [[
  local core = require "dataworks.core"
  local function timed(count, call)
    local threads, began = {}, core.clock()
    for i = 1, 32 do
      threads[i] = ngx.thread.spawn(function() for _ = 1, count / 32 do call() end end)
    end
    for i = 1, 32 do assert(ngx.thread.wait(threads[i])) end
    return core.clock() - began
  end
  local dataworks = require "dataworks"
  local client = dataworks.new { endpoint = "http://127.0.0.1:%d", access_key_id = "id", access_key_secret = "secret" }
  local params = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = require "bench.script" }
]]

local OURS = SHARED .. "return timed(%d, function() assert(client:generate(params)) end)"

local SEND = SHARED .. [[
  local transport = require("dataworks.transport").new {}
  local request = assert(client:request("GenerateDISyncTaskConfigForCreating", params))
  local limits = { timeout = 30, connect_timeout = 5 }
  return timed(%d, function() assert(transport:send(request, limits)) end)
]]

local BARE = SHARED .. [[
  local port = %d
  local request = assert(client:request("GenerateDISyncTaskConfigForCreating", params))
  local lines = { "POST " .. request.url:match "//[^/]*(/.*)" .. " HTTP/1.1\r\n" }
  for name, value in pairs(request.headers) do lines[#lines + 1] = name .. ": " .. value .. "\r\n" end
  lines[#lines + 1] = "Content-Length: " .. #request.body .. "\r\n\r\n" .. request.body
  local bytes = table.concat(lines)
  return timed(%d, function()
    local sock = ngx.socket.tcp()
    assert(sock:connect("127.0.0.1", port))
    assert(sock:send(bytes))
    local length
    repeat
      local line = assert(sock:receive())
      length = line:match "^Content%%-Length: (%%d+)" or length
    until line == ""
    assert(sock:receive(tonumber(length)))
    sock:setkeepalive(60000, 64)
  end)
]]

local function calls(count) return tonumber(host:run(OURS:format(web.ready, count))) end
local function sends(count) return tonumber(host:run(SEND:format(web.ready, count))) end
local function bare(count) return tonumber(host:run(BARE:format(web.ready, web.ready, count))) end

-- Flows in timers, so many at once, until they are told to stop.
local FLOWS = [[
  local dataworks = require "dataworks"
  local client = dataworks.new {
    endpoint = %q, access_key_id = %q, access_key_secret = %q, timeout = 60, retries = 5,
  }
  ngx.shared.notes:set("flows", 0)
  ngx.shared.notes:set("failed", 0)
  ngx.shared.notes:set("go", 1)
  local param = dataworks.encode(require "bench.script")
  local function carry(premature, i)
    local n = 0
    while not premature and ngx.shared.notes:get "go" == 1 do
      n = n + 1
      local _, err = client:create_sync_task({
        ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = ("flow_%%d_%%d"):format(i, n), TaskParam = param,
      }, { delay = 1 })
      if err then ngx.log(ngx.ERR, tostring(err)) end
      ngx.shared.notes:incr(err and "failed" or "flows", 1)
    end
  end
  for i = 1, %d do assert(ngx.timer.at(i / %d, carry, i)) end
  return "started"
]]

--- Milliseconds that /ping takes: the median, and what 99 of 100 stay within.
local function quantiles(session, seconds)
  local times, start = {}, core.clock()
  repeat
    local began = core.clock()
    assert(session:send("GET", host:url "ping", {}, "", 10))
    times[#times + 1] = (core.clock() - began) * 1000
    curl.sleep(0.001)
  until core.clock() - start > seconds
  table.sort(times)
  return times[math.ceil(#times / 2)], times[math.ceil(#times * 0.99)]
end

local function pings(flows)
  local emulator = emulators.start()
  emulator:settings { pending_calls = 3 }
  emulator:fault { fault = "slow_head", seconds = 0.05, times = 10000000 }
  local session = curl.new {}
  local median, late = quantiles(session, 2)
  host:run(FLOWS:format(emulator.endpoint, emulator.access_key_id, emulator.access_key_secret, flows, flows))
  host:run "ngx.sleep(5)"
  local began = core.clock()
  local before = tonumber(host:note "flows")
  local loaded, loaded_late = quantiles(session, 15)
  local rate = (tonumber(host:note "flows") - before) / (core.clock() - began)
  host:run 'ngx.shared.notes:set("go", 0)'
  print(("/ping beside %d flows in one worker: median %.2f ms, 99 %% within %.2f ms; without them %.2f ms, %.2f ms; "
    .. "%.0f flows a second, %s failed"):format(flows, loaded, loaded_late, median, late, rate, host:note "failed"))
  session:close()
  emulator:stop()
end

local ok, message = pcall(function()
  ratio.print("openresty: the transport's send, 32 at once", sends, bare, 3200, 1 / 0.8)
  ratio.print("openresty: whole calls, 32 at once", calls, bare, 3200)
  pings(tonumber(arg[1]) or 500)
end)
host:stop()
web:stop()
if not ok then error(message, 0) end
