-- The emulator: the calls that it answers in a second, and the CPU time of its worker for each call. 32 tasks of one
-- client call at the same time over loopback.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local measure = require "bench.measure"
local script = require "bench.script"
local shell = require "spec.support.shell"
local support = require "spec.support.emulator"

local TASKS, WARM_UP, CALLS = 32, 500, 4000

--- Returns a function that returns the CPU seconds of the emulator's worker.
local function clock_of_worker(emulator)
  local master = files.read(emulator.directory .. "/nginx.pid"):match "%d+"
  local worker = files.read(("/proc/%s/task/%s/children"):format(master, master)):match "%d+"
  local ticks = tonumber(shell.output "getconf CLK_TCK")
  return function()
    local user, system = files.read("/proc/" .. worker .. "/stat"):match("%)" .. (" %S+"):rep(11) .. " (%d+) (%d+)")
    return (user + system) / ticks
  end
end

local function make_calls(call, count)
  local left = count
  dataworks.run(function()
    for _ = 1, TASKS do
      dataworks.spawn(function()
        while left > 0 do
          left = left - 1
          assert(call())
        end
      end)
    end
  end)
end

--- Measures the calls that call(client, file_id) makes.
local function against_nothing(signature, call)
  measure.place_servers()
  local emulator = support.start()
  measure.place_measured()
  local client = dataworks.new {
    endpoint = emulator.endpoint, access_key_id = emulator.access_key_id,
    access_key_secret = emulator.access_key_secret, retries = 0, signature = signature,
  }
  local ok, result = pcall(function()
    local id = assert(client:CreateDISyncTask {
      ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = "t",
      TaskContent = files.read "spec/scripts/task_content_offline.json",
    }).Data.FileId
    local function one() return call(client, id) end
    local cpu_now = clock_of_worker(emulator)
    make_calls(one, WARM_UP)
    local cpu, began = cpu_now(), core.clock()
    make_calls(one, CALLS)
    local seconds = core.clock() - began
    return {
      measure.figure("cpu of the worker", "us", (cpu_now() - cpu) / CALLS * 1e6),
      measure.figure("answered in a second", "calls", CALLS / seconds),
    }
  end)
  client:close()
  emulator:stop()
  if not ok then error(result, 0) end
  return result
end

local function short(client, id)
  return client:GetDISyncInstanceInfo { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = id }
end

local rows = {}
for index, row in ipairs {
  { "short", "GetDISyncInstanceInfo", "ACS3-HMAC-SHA256", short },
  { "sha1", "GetDISyncInstanceInfo, signed with HMAC-SHA1", "HMAC-SHA1", short },
  { "reply", "GetDISyncTask, which returns a script", "ACS3-HMAC-SHA256", function(client, id)
    return client:GetDISyncTask { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = id }
  end },
  { "script", "GenerateDISyncTaskConfigForCreating, which takes a script", "ACS3-HMAC-SHA256", function(client)
    return client:generate { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script }
  end },
} do
  rows[index] = {
    name = "emulator-" .. row[1], ours = "the emulator answers " .. row[2],
    measure = function() return against_nothing(row[3], row[4]) end,
  }
end
return rows
