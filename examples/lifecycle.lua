-- Creates, deploys, starts, changes, stops, terminates and deletes a real-time task.
-- Endpoint and access key come from the environment: dataworks emulator -- lua5.4 examples/lifecycle.lua

local dataworks = require "dataworks"

local client = dataworks.new()

-- Returns the value. If it is nil or false, prints the error and ends the program.
local function check(value, err)
  if value then
    return value
  end
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

local task = check(client:create_sync_task {
  ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = "orders_to_odps",
  TaskParam = dataworks.task {
    from = { mysql = "mysql_pub", tables = { "orders" } },
    to = { odps = "odps_first" },
    resource_group = "S_res_group_280749521950784_1623033752022",
  },
})
print("created", task.FileId)

local waiting = {
  wait = true,
  on_progress = function(event) print("", "is " .. tostring(event.status)) end,
}

check(client:deploy(task))
print("deployed", check(client:status(task)).state)

local start = {
  ProjectId = task.ProjectId, TaskType = task.TaskType, FileId = task.FileId,
  StartParam = { failoverLimit = { count = 10, interval = 30 }, errorLimit = { record = 0 } },
}
print("started", check(client:start(start, waiting)).state)
print("stopped", check(client:stop(task, waiting)).state)

check(client:update_sync_task {
  ProjectId = 10000, TaskType = "DI_REALTIME", FileId = task.FileId,
  TaskParam = { steps = { { category = "reader", name = "Reader",
    parameter = { connection = { { table = { "orders", "users" } } } } } } },
})
check(client:deploy(task))
print("changed", "orders, users")
print("started", check(client:start(start, waiting)).state)
print("stopped", check(client:stop(task, waiting)).state)

print("terminated", check(client:terminate(task, waiting)).state)
check(client:delete(task))
print("deleted", task.FileId)

client:close()
