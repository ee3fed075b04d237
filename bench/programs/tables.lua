-- Builds and signs requests whose script has 100,000 tables. Prints the bytes of the script as JSON, the kilobytes by
-- which the peak memory of the first request exceeds the memory before it, and the CPU seconds of each further request.

local dataworks = require "dataworks"
local floor = require "floor"

local TABLES, ROUNDS = 100000, 15

local function kilobytes(of)
  local file = assert(io.open "/proc/self/status")
  local status = file:read "*a"
  file:close()
  return tonumber(status:match(of .. ":%s*(%d+)"))
end

local names = {}
for i = 1, TABLES do names[i] = ("orders_%06d"):format(i) end

local client = dataworks.new {
  region = "cn-shanghai", access_key_id = "LTAI5tExampleExampleExam",
  access_key_secret = "a-secret-of-thirty-characters-",
}

local function prepare()
  local script = dataworks.task {
    from = { mysql = "mysql_pub1", tables = { mysql_db = names } }, to = { odps = "odps_source" },
    resource_group = "S_res_group_280749521950784_1623033752022",
  }
  return script, assert(client:request("GenerateDISyncTaskConfigForCreating", {
    ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script,
  }))
end

-- The modules and OpenSSL are loaded before the first measurement.
assert(client:request("GetDISyncTask", { ProjectId = 1, TaskType = "DI_REALTIME", FileId = 1 }))
collectgarbage()
local before = kilobytes "VmRSS"
local script = prepare()
local peak = kilobytes "VmHWM"
print(#assert(dataworks.encode(script)), peak - before)
script = nil -- luacheck: ignore
for _ = 1, ROUNDS do
  collectgarbage()
  local began = floor.usage()
  prepare()
  print(floor.usage() - began)
end
