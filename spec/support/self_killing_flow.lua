-- A program that runs one flow and stores the state of the flow in a file. The program counts the points that it
-- passes, and kills itself at the point whose number is in its job. The job is a JSON file, whose path is the argument.

local cjson = require "cjson"
local dataworks = require "dataworks"
local files = require "spec.support.files"

local job = files.json(arg[1])

local points = 0

--- Counts a point. At the point with the number job.dies_at, prints the name of the point and kills the process.
local function point(name)
  points = points + 1
  if points == job.dies_at then
    io.write("died ", name, "\n")
    io.flush()
    os.execute "kill -9 $PPID"
  end
end

--- Stores the state of the flow.
local function save(state)
  point("before the state " .. state.step .. " is written")
  local file = assert(io.open(job.state .. ".new", "wb"))
  assert(file:write(cjson.encode(state)))
  assert(file:close())
  assert(os.rename(job.state .. ".new", job.state))
  point("after the state " .. state.step)
end

--- Returns the stored state, or nil.
local function saved()
  local file = io.open(job.state, "rb")
  if file then
    file:close()
    return files.json(job.state)
  end
end

local inner = require("dataworks.transport.curl").new {}
local transport = {}

function transport:send(request, limits) -- luacheck: no self
  local action = request.headers["x-acs-action"]
  point("before " .. action)
  local reply, err = inner:send(request, limits)
  point(("after %s, which %s"):format(action, reply and "was answered" or "was not answered"))
  return reply, err
end

function transport.sleep() end

function transport.close() end

local client = dataworks.new {
  endpoint = job.endpoint, access_key_id = job.access_key_id, access_key_secret = job.access_key_secret,
  transport = transport, sleep = function() end, getenv = function() end, retries = job.retries,
}

local result, err = client[job.flow](client, job.params, { on_step = save, resume = saved() })
for _ = 1, job.retries do
  if not result and err.state then
    result, err = client[job.flow](client, job.params, { on_step = save, resume = err.state })
  end
end
if not result then error(tostring(err), 0) end
io.write("result ", cjson.encode {
  FileId = tostring(result.FileId), ProcessId = result.ProcessId and tostring(result.ProcessId),
  TaskContent = result.TaskContent, ClientToken = result.ClientToken,
}, "\n")
