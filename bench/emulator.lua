-- How many calls per second the emulator answers, and the CPU time of its worker for each call. 32 tasks of one client
-- call at the same time over loopback.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local script = require "bench.script"
local shell = require "spec.support.shell"
local support = require "spec.support.emulator"

local TASKS, WARM_UP, CALLS = 32, 1000, tonumber(arg[1]) or 10000

local emulator = support.start()
local client = dataworks.new {
  endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
  retries = 0,
}

local master = files.read(emulator.directory .. "/nginx.pid"):match "%d+"
local worker = files.read(("/proc/%s/task/%s/children"):format(master, master)):match "%d+"
local ticks = tonumber(shell.output "getconf CLK_TCK")

local function worker_seconds()
  local stat = files.read("/proc/" .. worker .. "/stat")
  local user, system = stat:match("%)" .. (" %S+"):rep(11) .. " (%d+) (%d+)")
  return (user + system) / ticks
end

--- Makes `count` calls. Returns the seconds and the CPU seconds of the worker.
local function timed(call, count)
  local start, cpu, left = core.clock(), worker_seconds(), count
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
  return core.clock() - start, worker_seconds() - cpu
end

local function measure(what, call)
  timed(call, WARM_UP)
  local seconds, cpu = timed(call, CALLS)
  print(("emulator: %-40s %5.0f calls a second, %4.0f us of the worker's CPU for each call"):format(
    what, CALLS / seconds, cpu / CALLS * 1e6))
end

local ok, message = pcall(function()
  local task = { ProjectId = 10000, TaskType = "DI_REALTIME" }
  local content = files.read "spec/scripts/task_content_offline.json"
  task.FileId = assert(client:CreateDISyncTask {
    ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = "t", TaskContent = content,
  }).Data.FileId
  measure("GetDISyncInstanceInfo, a short call", function() return client:GetDISyncInstanceInfo(task) end)
  measure("GetDISyncTask, which returns a script", function() return client:GetDISyncTask(task) end)
  measure("Generate..., which takes a script", function()
    return client:generate { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script }
  end)
  client:close()
  client = dataworks.new {
    endpoint = emulator.endpoint, access_key_id = emulator.access_key_id,
    access_key_secret = emulator.access_key_secret, retries = 0, signature = "HMAC-SHA1",
  }
  measure("GetDISyncInstanceInfo with HMAC-SHA1", function() return client:GetDISyncInstanceInfo(task) end)
end)
client:close()
emulator:stop()
if not ok then error(message, 0) end
