-- A process that makes one call, as a cron script does; bench/start.lua times it. Prints the milliseconds of `require`
-- and the peak memory of the process in kilobytes.

local before = os.clock()
local dataworks = require "dataworks"
local required = os.clock() - before

local client = dataworks.new {
  endpoint = assert(arg[1]), access_key_id = "LTAI5tExampleExampleExam",
  access_key_secret = "a-secret-of-thirty-characters-",
}
assert(client:call("GetDISyncTask", { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = 1 }))
client:close()

local status = assert(io.open "/proc/self/status"):read "*a"
print(required * 1000, status:match "VmHWM:%s*(%d+)")
