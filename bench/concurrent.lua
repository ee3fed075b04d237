-- CPU time of a call when many tasks call at once over loopback, against bare libcurl with as many requests of the same
-- bytes at once. Then the memory that tasks in flight need, and the memory and files that many calls leave behind.

local dataworks = require "dataworks"
local floor = require "floor"
local ratio = require "bench.ratio"
local script = require "bench.script"
local web = require "spec.support.web"

local server = web.start()
local client = dataworks.new {
  endpoint = ("http://127.0.0.1:%d"):format(server.ready), access_key_id = "id", access_key_secret = "secret",
}
local params = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script }
local request = assert(client:request("GenerateDISyncTaskConfigForCreating", params))

--- CPU seconds of `count` calls, shared by `at_once` tasks.
local function call(count, at_once)
  local start, left = os.clock(), count
  dataworks.run(function()
    for _ = 1, at_once do
      dataworks.spawn(function()
        while left > 0 do
          left = left - 1
          assert(client:generate(params))
        end
      end)
    end
  end)
  return os.clock() - start
end

local function bare(count, at_once)
  local lines = {}
  for name, value in pairs(request.headers) do lines[#lines + 1] = name .. ": " .. value end
  return (floor.multi(request.url, lines, request.body, count, at_once))
end

local function resident()
  collectgarbage()
  collectgarbage()
  return tonumber(io.open "/proc/self/status":read "*a":match "VmRSS:%s*(%d+)")
end

local function open_files()
  local pipe = assert(io.popen "ls /proc/$PPID/fd | wc -l")
  local count = tonumber(pipe:read "*a")
  pipe:close()
  return count
end

local function soak(calls)
  call(10000, 64)
  local before, files = resident(), open_files()
  call(calls - 10000, 64)
  print(("soak: %d kB and %d files after 10,000 calls, %d kB and %d files after %d"):format(before, files, resident(),
    open_files(), calls))
end

--- Memory of `count` tasks whose calls are in flight at the same time.
local function in_flight(count)
  local before, during = resident(), 0
  dataworks.run(function()
    local held = dataworks.spawn(function()
      client:call("GetDISyncTask", { ProjectId = 1, TaskType = "DI_REALTIME", FileId = 1 })
    end)
    for _ = 1, count do
      dataworks.spawn(function()
        assert(client:generate(params))
        held:join()
      end)
    end
    dataworks.spawn(function() during = resident() end)
  end)
  print(("memory: %d tasks with a call in flight: %d kB resident, %.1f kB for each task"):format(count, during,
    (during - before) / count))
end

local ok, message = pcall(function()
  -- Memory first, while the process is small.
  for _, count in ipairs { 100, 1000, 10000 } do in_flight(count) end
  for _, at_once in ipairs { 32, 256 } do
    ratio.print(("concurrent: %d calls at once, CPU of a call"):format(at_once), function(count)
      return call(count, at_once)
    end, function(count) return bare(count, at_once) end, 4096, 1.5)
  end
  soak(tonumber(arg[1]) or 100000)
end)
client:close()
server:stop()
if not ok then error(message, 0) end
