-- Creates twenty real-time tasks, eight at a time, with a limit on the calls per second. Endpoint and access key come
-- from the environment: dataworks emulator -- lua5.4 examples/many.lua

local dataworks = require "dataworks"

local client = dataworks.new { limit = { qps = 50, burst = 10 } }

local tables = {}
for i = 1, 20 do
  tables[i] = ("orders_%02d"):format(i)
end

local results = dataworks.map(tables, function(name)
  return client:create_sync_task({
    ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = name .. "_to_odps",
    TaskParam = dataworks.task {
      from = { mysql = "mysql_pub1", tables = { mysql_db = { name } } },
      to = { odps = "odps_source" },
      resource_group = "S_res_group_280749521950784_1623033752022",
    },
  }, { delay = 0.1 })
end, {
  concurrency = 8,
  on_progress = function(event) print(("%d of %d"):format(event.done, event.total)) end,
})

local created = 0
for i, result in ipairs(results) do
  if result.value then
    created = created + 1
    print(tables[i], "FileId " .. result.value.FileId)
  else
    print(tables[i], tostring(result.err))
  end
end
print(("%d created"):format(created))
client:close()
if created < #tables then
  os.exit(1)
end
