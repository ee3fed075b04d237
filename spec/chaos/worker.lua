-- A client of the chaos run: worker.lua FIRST LAST. Carries out the flows FIRST, FIRST + WORKERS, ... up to LAST, and stores the
-- state of each in a file. A worker that starts again resumes its flows from these files.

local cjson = require "cjson"
local dataworks = require "dataworks"

local first, last = tonumber(arg[1]), tonumber(arg[2])
local workers, unnamed = tonumber(os.getenv "CHAOS_WORKERS"), tonumber(os.getenv "CHAOS_UNNAMED")
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

local offline_script = assert(read "spec/scripts/task_content_offline.json")

local function name_of(flow) return flow > unnamed and "chaos_" .. flow or nil end

--- A generated configuration has a name, which is unique in the service. An offline script has none.
local function params_of(flow)
  if flow <= unnamed and flow % 2 == 0 then
    return { ProjectId = 10000, TaskType = "DI_OFFLINE", TaskContent = offline_script }
  end
  return {
    ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = name_of(flow),
    TaskParam = dataworks.task {
      from = { mysql = "mysql_pub1", tables = { mysql_db = { "t" .. flow } } }, to = { odps = "odps_source" },
      resource_group = "S_res_group_280749521950784_1623033752022",
    },
  }
end

--- Returns the id of a task that an earlier attempt made. A service that forgot the ClientToken of the attempt refuses the
--- name. No other program uses these names.
local function find_task(flow, err)
  if err.code ~= "Invalid.DI.Parameter.File.Existed" then return nil end
  local reply = client:call("ListFiles", { ProjectId = 10000, ExactFileName = name_of(flow) })
  local file = reply and reply.Data.Files[1]
  return file and file.FileId
end

local function carry_out(flow)
  local state_path, done_path = ("%s/%d.state"):format(folder, flow), ("%s/%d.done"):format(folder, flow)
  while not read(done_path) do
    local state = read(state_path)
    local task, err = client:create_sync_task(params_of(flow), {
      delay = 0.02, max_delay = 0.2, timeout = 60, resume = state and cjson.decode(state) or nil,
      on_step = function(step) write(state_path, cjson.encode(step)) end,
    })
    local id = task and task.FileId or not task and find_task(flow, err)
    if id then
      write(done_path, tostring(id))
    else
      -- Without a state in the error, the service has lost the configuration, and no task was created.
      if not err.state then os.remove(state_path) end
      write(("%s/%d.error"):format(folder, flow), tostring(err))
      dataworks.sleep(PAUSE)
    end
  end
end

local mine = {}
for flow = first, last, workers do mine[#mine + 1] = flow end
for _, result in ipairs(dataworks.map(mine, carry_out, { concurrency = CONCURRENCY })) do
  if result.err then error(tostring(result.err), 0) end
end
