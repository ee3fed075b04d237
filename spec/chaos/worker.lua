-- A client of the chaos run: worker.lua SLOT. Carries out the flows SLOT, SLOT + WORKERS, ... and stores the state of each
-- in a file. A worker that starts again resumes its flows from these files.

local cjson = require "cjson"
local dataworks = require "dataworks"

local slot = tonumber(arg[1])
local flows, workers = tonumber(os.getenv "CHAOS_FLOWS"), tonumber(os.getenv "CHAOS_WORKERS")
local folder = os.getenv "CHAOS_FOLDER"

local CONCURRENCY = 8
local PAUSE = 0.05

local client = dataworks.new {
  endpoint = os.getenv "CHAOS_ENDPOINT", timeout = 8, connect_timeout = 2,
  credentials = { type = "ecs_ram_role", endpoint = os.getenv "ALIBABA_CLOUD_ENDPOINT" },
}

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path .. ".new", "wb"))
  assert(file:write(text))
  assert(file:close())
  assert(os.rename(path .. ".new", path))
end

--- Every second flow has no name, so that only its ClientToken prevents a second task.
local function params_of(flow)
  return {
    ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = flow % 2 == 0 and "chaos_" .. flow or nil,
    TaskParam = dataworks.task {
      from = { mysql = "mysql_pub1", tables = { mysql_db = { "t" .. flow } } }, to = { odps = "odps_source" },
      resource_group = "S_res_group_280749521950784_1623033752022",
    },
  }
end

local function carry_out(flow)
  local state_path, done_path = ("%s/%d.state"):format(folder, flow), ("%s/%d.done"):format(folder, flow)
  while not read(done_path) do
    local state = read(state_path)
    local task, err = client:create_sync_task(params_of(flow), {
      delay = 0.02, max_delay = 0.2, timeout = 60, resume = state and cjson.decode(state) or nil,
      on_step = function(step) write(state_path, cjson.encode(step)) end,
    })
    if task then
      write(done_path, tostring(task.FileId))
    else
      write(("%s/%d.error"):format(folder, flow), tostring(err))
      dataworks.sleep(PAUSE)
    end
  end
end

local mine = {}
for flow = slot, flows, workers do mine[#mine + 1] = flow end
for _, result in ipairs(dataworks.map(mine, carry_out, { concurrency = CONCURRENCY })) do
  if result.err then error(tostring(result.err), 0) end
end
