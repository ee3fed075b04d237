-- Flows from a script to a created task, many in flight in one thread.

local dataworks = require "dataworks"
local floor = require "floor"
local loopback = require "bench.loopback"
local measure = require "bench.measure"
local shell = require "spec.support.shell"

-- Seconds that the server sleeps before each reply, and the calls of a flow with three polls.
local LATENCY, CALLS = 0.05, 5
local FLOWS, AT_ONCE, ROUNDS = 2048, 256, 5

-- Poll without a pause.
local OPTIONS = { delay = 1e-6, max_delay = 1e-6 }

local function run_flows(client)
  local numbers = {}
  for i = 1, FLOWS do numbers[i] = i end
  local results = dataworks.map(numbers, function(number)
    return client:create_sync_task({
      ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = ("flow_%d"):format(number),
      TaskParam = loopback.PARAMS.TaskParam,
    }, OPTIONS)
  end, { concurrency = AT_ONCE })
  for _, result in ipairs(results) do assert(result.value, result.err) end
end

local function against_latency()
  return loopback.with_server(function(server, _, _, target, headers, body)
    local client, url = loopback.client(server.late), ("http://127.0.0.1:%d/"):format(server.late)
    local calls, bound = FLOWS * CALLS, FLOWS * CALLS * LATENCY / AT_ONCE
    local once = measure.repeated(function() run_flows(client) end)
    local seconds, ratios, cpus, floors = {}, {}, {}, {}
    for round = 1, ROUNDS do
      local cpu, wall = once(1)
      seconds[round], ratios[round], cpus[round] = wall, wall / bound, cpu / calls * 1e6
      floors[round] = floor.multi(url, target, headers, body, calls / CALLS, AT_ONCE) / (calls / CALLS) * 1e6
    end
    client:close()
    local time, cpu = measure.figure("all flows", "s", seconds), measure.figure("cpu of a call", "us", cpus)
    time.floor, time.ratio, cpu.floor = measure.spread { bound }, measure.spread(ratios), measure.spread(floors)
    return { time, cpu }
  end)
end

-- Memory, each number of flows in a process of its own: bench/programs/waiting_flows.lua

local function memory()
  local server = loopback.start_server()
  local figures = {}
  local ok, message = pcall(function()
    for _, count in ipairs { 100, 1000, 10000 } do
      local before, during, after, again = shell.output(("%s bench/programs/waiting_flows.lua %d %d"):format(
        shell.interpreter, count, server.prompt)):match "^(%d+)%s+(%d+)%s+(%d+)%s+(%d+)$"
      figures[#figures + 1] = measure.figure(("%d flows, each"):format(count), "kB", (during - before) / count)
      figures[#figures + 1] = measure.figure("after them", "kB", tonumber(after))
      figures[#figures + 1] = measure.figure("during as many again", "kB", tonumber(again))
    end
  end)
  server:stop()
  if not ok then error(message, 0) end
  return figures
end

return {
  {
    name = "flows", ours = ("%d flows of %d calls, %d in flight, 50 ms latency"):format(FLOWS, CALLS, AT_ONCE),
    floor = "the latency alone; for the CPU, curl_multi sends the bytes of one call to the same server",
    measure = against_latency,
  },
  { name = "memory-flows", ours = "memory of flows that wait in the queue of a limit", measure = memory },
}
