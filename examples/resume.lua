-- Creates a task, and stores the progress in a JSON file. If the program is killed, the next run reads the file and
-- goes on from there. In this example the first run stops half-way, and the second run completes the task. The path of
-- the file can be given as an argument.

local dataworks = require "dataworks"

local path = arg[1] or os.tmpname()

local client = dataworks.new()

local params = {
  ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = "users_to_kafka",
  TaskParam = dataworks.task {
    from = { mysql = "pkset_test", tables = { mysql_db = { "users" } } },
    to = { kafka = "azn_kafka" },
    resource_group = "S_res_group_280749521950784_1623033752022",
  },
}

-- Writes the state under another name and renames the file, so that the file always contains a whole state.
local function save(state)
  local file = assert(io.open(path .. ".new", "wb"))
  assert(file:write(dataworks.encode(state)))
  assert(file:close())
  assert(os.rename(path .. ".new", path))
end

-- Returns the saved state, or nil.
local function saved()
  local file = io.open(path, "rb")
  local text = file and file:read("*a") or ""
  if file then
    file:close()
  end
  return text ~= "" and assert(dataworks.decode(text)) or nil
end

local function run(stop_at)
  return client:create_sync_task(params, {
    resume = saved(),
    on_step = function(state)
      save(state)
      print("", state.step)
      if state.step == stop_at then
        error("giving up", 0)
      end
    end,
  })
end

print("first run")
local _, err = run("generated")
print("", err)

print("second run")
local task
task, err = run()
if not task then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
os.remove(path)
print("created file", task.FileId)

client:close()
