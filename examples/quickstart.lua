-- Creates three real-time tasks, which copy tables from MySQL to MaxCompute, to Kafka and to Hologres.
-- Endpoint and access key come from the environment. `make demo` runs this example against the emulator.

local dataworks = require "dataworks"

local PROJECT = 10000
local RESOURCE_GROUP = "S_res_group_280749521950784_1623033752022"

local tasks = {
  { name = "mysql_to_odps", script = dataworks.task {
    from = { mysql = "mysql_pub1", tables = { mysql_db = { "molin_di_test_in_pk_v4" } } },
    to = { odps = "odps_source" },
    resource_group = RESOURCE_GROUP,
  } },
  { name = "mysql_to_kafka", script = dataworks.task {
    from = { mysql = "pkset_test", tables = { mysql_db = { "molin_di_test_in_pk_v4" } } },
    to = { kafka = "azn_kafka" },
    resource_group = RESOURCE_GROUP,
  } },
  { name = "mysql_to_holo", script = dataworks.task {
    from = { mysql = "mysql_pub", tables = { mysql_db = { "molin_di_test_in2_pk_v3" } } },
    to = { holo = "holo" },
    resource_group = RESOURCE_GROUP,
  } },
}

local client = dataworks.new()

for _, task in ipairs(tasks) do
  print(task.name)
  local created, err = client:create_sync_task({
    ProjectId = PROJECT,
    TaskType = "DI_REALTIME",
    TaskName = task.name,
    TaskParam = task.script,
    FileFolderPath = "Business Flow/demo/Data Integration",
    ResourceGroup = RESOURCE_GROUP,
  }, {
    on_progress = function(event)
      print(("  %-10s %5.1f s"):format(event.step, event.elapsed))
    end,
  })
  if not created then
    io.stderr:write(tostring(err), "\n")
    os.exit(1)
  end
  task.created = created
end

client:close()

print()
print(("%-16s %20s %20s"):format("task", "ProcessId", "FileId"))
for _, task in ipairs(tasks) do
  print(("%-16s %20s %20s"):format(task.name, tostring(task.created.ProcessId), tostring(task.created.FileId)))
end
