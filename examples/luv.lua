-- Creates tasks inside a program with libuv's event loop, which steps the loop of dataworks when something has arrived
-- or a timeout has passed. Needs luv (Debian's lua-luv). Endpoint and keys come from the environment:
-- `dataworks emulator -- lua5.4 examples/luv.lua`.

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

-- The program does other work meanwhile.
local ticks = 0
local ticker = uv.new_timer()
ticker:start(0, 5, function() ticks = ticks + 1 end)

local arrivals, timer = uv.new_poll(loop:fd()), uv.new_timer()

-- Call it also after a loop:spawn outside a step.
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
print(ticks > 1 and "the program went on meanwhile" or "the program stood still")
