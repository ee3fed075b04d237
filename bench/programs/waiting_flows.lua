-- Usage: waiting_flows.lua COUNT PORT: runs COUNT flows that wait in the queue of a limit. Prints the kilobytes of
-- resident memory before the flows, during them, after them, and during as many again.

local dataworks = require "dataworks"
local files = require "spec.support.files"
local loopback = require "bench.loopback"

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
      dataworks.spawn(function()
        assert(client:create_sync_task({
          ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = ("flow_%d"):format(number),
          TaskParam = loopback.PARAMS.TaskParam,
        }, options))
      end)
    end
  end)
end

local count, client = tonumber(arg[1]), loopback.client(tonumber(arg[2]), { limit = { qps = LIMIT } })
run_flows(client, 1, function() end)
local before, during = resident(), nil
run_flows(client, count, function() during = resident() end)
local after = resident()
run_flows(client, count, function()
  print(before, during, after, resident())
  os.exit(0)
end)
