-- Calls of many tasks of one thread: their CPU time, and the memory and files that they need and leave behind.

local dataworks = require "dataworks"
local files = require "spec.support.files"
local floor = require "floor"
local loopback = require "bench.loopback"
local measure = require "bench.measure"
local shell = require "spec.support.shell"

--- Makes `count` calls, shared by `at_once` tasks. Returns the CPU seconds and the wall seconds.
local function call(client, count, at_once)
  local left = count
  return measure.repeated(function()
    dataworks.run(function()
      for _ = 1, at_once do
        dataworks.spawn(function()
          while left > 0 do
            left = left - 1
            assert(client:generate(loopback.PARAMS))
          end
        end)
      end
    end)
  end)(1)
end

local function against_multi(at_once)
  return loopback.with_server(function(_, client, url, target, headers, body)
    return measure.pairs {
      ours = function(count) return call(client, count, at_once) end, count = 2048,
      floor = function(count) return floor.multi(url, target, headers, body, count, at_once) end,
    }
  end)
end

local function resident()
  collectgarbage()
  collectgarbage()
  return tonumber(files.read "/proc/self/status":match "VmRSS:%s*(%d+)")
end

local function open_files()
  return tonumber(shell.output "ls /proc/$PPID/fd | wc -l")
end

--- Kilobytes by which this process has grown while the calls of `count` tasks are in flight.
local function in_flight(client, count)
  local before, during = resident(), 0
  dataworks.run(function()
    local held = dataworks.spawn(function()
      client:call("GetDISyncTask", { ProjectId = 1, TaskType = "DI_REALTIME", FileId = 1 })
    end)
    for _ = 1, count do
      dataworks.spawn(function()
        assert(client:generate(loopback.PARAMS))
        held:join()
      end)
    end
    dataworks.spawn(function() during = resident() end)
  end)
  return during - before
end

local function memory_in_flight()
  return loopback.with_server(function(_, client)
    local figures = {}
    for index, count in ipairs { 100, 1000, 10000 } do
      figures[index] = measure.figure(("%d tasks, each"):format(count), "kB", in_flight(client, count) / count)
    end
    return figures
  end)
end

local function soak()
  return loopback.with_server(function(_, client)
    local figures = {}
    for _, calls in ipairs { 10000, 90000 } do
      call(client, calls, 64)
      local after = calls == 10000 and "after 10,000 calls" or "after 100,000"
      figures[#figures + 1] = measure.figure(after, "kB", resident())
      figures[#figures + 1] = measure.figure(after, "files", open_files())
    end
    return figures
  end)
end

local rows = {
  {
    name = "memory-in-flight", ours = "memory of a task with a call in flight, with the connections",
    measure = memory_in_flight,
  },
  { name = "soak", ours = "memory and open files of a process after calls of 64 tasks", measure = soak },
}
for _, at_once in ipairs { 32, 256 } do
  rows[#rows + 1] = {
    name = "concurrent-" .. at_once, ours = ("client:generate, %d calls in flight"):format(at_once),
    floor = "curl_multi with socket_action and epoll sends the same bytes, and discards the replies",
    measure = function() return against_multi(at_once) end,
  }
end
return rows
