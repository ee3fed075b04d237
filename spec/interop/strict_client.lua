-- Makes calls of each kind to the server of strict_server.py, which verifies their signatures.

local dataworks = require "dataworks"

local NAME = "用户 (a+b)*~'😀&=%/?#\127"
local task = { ProjectId = 10000, TaskType = "DI_REALTIME" }

local function with(more)
  for name, value in pairs(task) do more[name] = value end
  return more
end

for _, signature in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
  local client = dataworks.new { signature = signature, retries = 0 }
  local script = dataworks.task {
    from = { mysql = "mysql_pub1", tables = { [NAME] = { NAME, "orders" } } }, to = { odps = "odps_source" },
    resource_group = "S_res_group_280749521950784_1623033752022",
  }
  assert(client:generate(with { TaskParam = script, ClientToken = "t" }))
  assert(client:CreateDISyncTask(with { TaskName = NAME, TaskContent = '{"type":"job","name":"' .. ("é"):rep(5000) .. '"}' }))
  assert(client:UpdateDISyncTask(with { FileId = "9223372036854775807", TaskContent = '"' .. ("x"):rep(20000) .. '"' }))
  assert(client:GetDISyncTask(with { FileId = 1 }))
  assert(client:call("ListFiles", { ProjectId = 1, Keyword = NAME, NeedContent = true }))
  assert(client:call("StartDIJob", { Id = 1, RealtimeStartSettings = { StartTime = 1 } }, { version = "2024-05-18" }))
  assert(client:call("ListDIJobs", { ProjectId = 1, Name = NAME }, { version = "2024-05-18" }))
  client:close()
end
