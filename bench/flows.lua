-- Flows from a script to a created task, many in flight in one thread: the time of 10,000 flows against the latency of
-- their calls, and the memory of flows that wait in the queue of a limit.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local script = require "bench.script"
local shell = require "spec.support.shell"
local web = require "spec.support.web"

-- Seconds that the server sleeps before each reply, and the calls of a flow with three polls.
local LATENCY, CALLS = 0.05, 5

local function client_of(port, limit)
  return dataworks.new {
    endpoint = ("http://127.0.0.1:%d"):format(port), access_key_id = "id", access_key_secret = "secret", limit = limit,
  }
end

local function params_of(number)
  return { ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = ("flow_%d"):format(number), TaskParam = script }
end

-- Against the latency

--- CPU seconds of any process.
local function cpu_of(pid)
  local user, system = files.read(("/proc/%d/stat"):format(pid)):match("%) %S" .. (" %S+"):rep(10) .. " (%d+) (%d+)")
  return (tonumber(user) + tonumber(system)) / 100
end

local function numbers_to(count)
  local list = {}
  for i = 1, count do list[i] = i end
  return list
end

--- CPU seconds of a request of bare libcurl to the same server, with `at_once` requests in flight.
local function bare(client, count, at_once)
  local request = assert(client:request("GenerateDISyncTaskConfigForCreating", {
    ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script,
  }))
  local lines = {}
  for name, value in pairs(request.headers) do lines[#lines + 1] = name .. ": " .. value end
  return require("floor").multi(request.url, lines, request.body, count, at_once) / count
end

local function against_latency(server, count, at_once)
  local client = client_of(server.late)
  local pid = tonumber(files.read(server.directory .. "/nginx.pid"))
  -- Poll without a pause.
  local options = { delay = 1e-6, max_delay = 1e-6 }
  local numbers = numbers_to(count)
  local began, cpu, servers = core.clock(), os.clock(), cpu_of(pid)
  local results = dataworks.map(numbers, function(number)
    return client:create_sync_task(params_of(number), options)
  end, { concurrency = at_once })
  local wall = core.clock() - began
  cpu, servers = os.clock() - cpu, cpu_of(pid) - servers
  for _, result in ipairs(results) do assert(result.value, result.err) end
  local calls, bound = count * CALLS, count * CALLS * LATENCY / at_once
  print(("flows: %d, %d in flight, 50 ms latency: %.2f s, %.2f s are latency, x%.2f, aim x1.1"):format(count, at_once,
    wall, bound, wall / bound))
  print(("flows: CPU of a call: %.0f us (%.0f %%), of the server %.0f us (%.0f %%), of bare libcurl %.0f us"):format(
    cpu / calls * 1e6, cpu / wall * 100, servers / calls * 1e6, servers / wall * 100,
    bare(client, calls / 10, at_once) * 1e6))
  client:close()
end

-- Memory, each size in its own process: bench/flows.lua COUNT PORT

-- Calls a second, fewer than the machine can make, so that flows wait for the limit.
local LIMIT = 2000

local function resident()
  collectgarbage()
  collectgarbage()
  return tonumber(files.read "/proc/self/status":match "VmRSS:%s*(%d+)")
end

--- Runs `count` flows at once. Calls `all_wait` when the last has its ProcessId; the others queue for a poll.
local function run_flows(client, count, all_wait)
  local generated = 0
  local options = { on_progress = function(event)
    generated = generated + (event.step == "generated" and 1 or 0)
    if generated == count and event.step == "generated" then all_wait() end
  end }
  dataworks.run(function()
    for number = 1, count do
      dataworks.spawn(function() assert(client:create_sync_task(params_of(number), options)) end)
    end
  end)
end

--- Prints the memory before the flows, during them, after them, and during as many again.
local function print_memory(count, port)
  local client = client_of(port, { qps = LIMIT })
  run_flows(client, 1, function() end)
  local before, during = resident(), nil
  run_flows(client, count, function() during = resident() end)
  local after = resident()
  run_flows(client, count, function()
    print(before, during, after, resident())
    os.exit(0)
  end)
end

local function memory(server)
  for _, count in ipairs { 100, 1000, 10000 } do
    local before, during, after, again = shell.output(("%s bench/flows.lua %d %d"):format(shell.interpreter, count,
      server.prompt)):match "^(%d+)%s+(%d+)%s+(%d+)%s+(%d+)$"
    print(("memory: %d flows in the queue of a limit: %d kB resident, %.1f kB for each flow"):format(count, during,
      (during - before) / count))
    print(("memory: after them: %d kB; with as many again: %d kB"):format(after, again))
  end
end

local count, port = tonumber(arg[1]), tonumber(arg[2])
if port then
  print_memory(count, port)
  return
end
local server = web.start()
local ok, message = pcall(function()
  memory(server)
  against_latency(server, count or 10000, 256)
end)
server:stop()
if not ok then error(message, 0) end
