-- A process with a limit that it shares through a ledger. Arguments: the ledger, calls a second, the burst, and the
-- number of calls. Prints the time at which each call was sent, by the clock of the machine.

local core = require "dataworks.core"
local dataworks = require "dataworks"

local url, qps, burst, count = arg[1], tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
local CONCURRENCY = 8

local client = dataworks.new {
  endpoint = "https://127.0.0.1:9", access_key_id = "id", access_key_secret = "secret", timeout = 120,
  limit = { qps = qps, burst = burst, ledger = url },
  transport = {
    send = function()
      print(("%.6f"):format(core.clock()))
      return { status = 200, headers = {}, body = "{}" }
    end,
    sleep = function(_, seconds) return dataworks.sleep(seconds) end, close = function() end,
  },
}
local numbers = {}
for i = 1, count do numbers[i] = i end
for _, result in ipairs(dataworks.map(numbers, function()
  return assert(client:GetDISyncTask { ProjectId = 1, TaskType = "DI_REALTIME", FileId = 1 })
end, { concurrency = CONCURRENCY })) do
  assert(not result.err, tostring(result.err))
end
