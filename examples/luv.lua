-- Creates tasks in a program that runs libuv's event loop. libuv calls the loop of dataworks when data has arrived or a
-- timeout has passed. The example needs the module luv (on Debian: lua-luv). Endpoint and access key come from the
-- environment: dataworks emulator -- lua5.4 examples/luv.lua

local dataworks = require "dataworks"
local uv = require "luv"

local client = dataworks.new()
local loop = dataworks.loop()

local function create(name)
  local task, err = client:create_sync_task({
    ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = name,
    TaskParam = dataworks.task {
      from = { mysql = "mysql_pub1", tables = { mysql_db = { name } } },
      to = { odps = "odps_source" },
      resource_group = "S_res_group_280749521950784_1623033752022",
    },
  }, { delay = 0.1 })
  print(name, task and "FileId " .. task.FileId or err)
end

for _, name in ipairs { "orders", "users", "items" } do
  loop:spawn(create, name)
end

-- This timer stands for other work of the program.
local ticks = 0
local ticker = uv.new_timer()
ticker:start(0, 5, function() ticks = ticks + 1 end)

local arrivals, timer = uv.new_poll(loop:fd()), uv.new_timer()

-- Runs the tasks that can go on. A program that calls loop:spawn elsewhere must call this function afterwards.
local function step()
  if not loop:step() then
    arrivals:close()
    timer:close()
    ticker:close()
    return
  end
  local seconds = loop:timeout()
  timer:stop()
  if seconds < math.huge then
    timer:start(math.ceil(seconds * 1000), 0, step)
  end
end

arrivals:start("r", step)
step()
uv.run()
loop:close()
client:close()
print(ticks > 1 and "the program did other work while it waited" or "the program did nothing else")
