-- Carries out many flows in several processes under faults, and counts the tasks: run.lua FLOWS SEED, in the environment
-- of the emulator. Processes are killed and stopped at random, the role's keys expire within seconds, connections are
-- damaged, and the emulator answers with errors. There must be exactly one task for each flow.
--
-- The first half of the flows have no names. Half of these are offline tasks, whose scripts have no name either, so that only
-- their ClientTokens prevent a second task. During the second half of the flows the service restarts: it breaks all connections, and forgets ClientTokens, configurations, nonces and issued keys.

local dataworks = require "dataworks"
local proxy = require "spec.chaos.proxy"
local trouble = require "spec.chaos.trouble"
local uv = require "luv"

local flows, seed = tonumber(arg[1]), tonumber(arg[2])
local endpoint = os.getenv "ALIBABA_CLOUD_ENDPOINT"

local WORKERS = 4
local DAMAGED_REQUESTS = 0.1 -- share of the requests
local FAULT_INTERVAL_MS = 20
local KILL_INTERVAL_MS = 400
local SHORTEST_STOP_MS, LONGEST_STOP_MS = 100, 1500
local RESTART_INTERVAL_MS, RESTART_MS = 1000, 200
local KEY_SECONDS = 6 -- new keys are issued after half of it; the client renews its keys in the last quarter
local UNNAMED = math.floor(flows / 2)
local TIME_LIMIT = 60 + flows * 0.6

local FAULTS = { { fault = "error", code = "InvalidSecurityToken.Expired" } }
for _, fault in ipairs(trouble.FAULTS) do FAULTS[#FAULTS + 1] = fault end

local ACTIONS = { "GenerateDISyncTaskConfigForCreating", "QueryDISyncTaskConfigProcessResult", "CreateDISyncTask" }

math.randomseed(seed)
print(("%d flows, seed %d"):format(flows, seed))

local folder = trouble.new_folder()
local port, damaged = proxy.start(tonumber(endpoint:match ":(%d+)$"), DAMAGED_REQUESTS)
local environment = {
  "CHAOS_WORKERS=" .. WORKERS, "CHAOS_UNNAMED=" .. UNNAMED, "CHAOS_FOLDER=" .. folder, "CHAOS_ENDPOINT=http://127.0.0.1:" .. port,
}
for name, value in pairs(uv.os_environ()) do environment[#environment + 1] = name .. "=" .. value end

local workers, restarts = {}, 0
local running, first, last = 0, 1, UNNAMED

local MAX_SKIPS = 20

--- Returns a function that calls `fn` only if a flow has ended since the last time, or after many tries. On a slow machine the
--- flows would not end otherwise, because they are interrupted more often than they make progress.
local function with_progress(fn)
  local seen, skips = 0, 0
  return function()
    local ended = 0
    for name in function(scan) return uv.fs_scandir_next(scan) end, uv.fs_scandir(folder) do
      ended = ended + (name:find "%.done$" and 1 or 0)
    end
    if ended > seen or skips >= MAX_SKIPS then
      seen, skips = ended, 0
      fn()
    else
      skips = skips + 1
    end
  end
end

local function restart_service()
  restarts = restarts + 1
  proxy.restart(RESTART_MS)
  trouble.control("forget", {})
end

local start_all

--- Starts the worker of a slot. A worker that was killed starts again.
local function start(slot)
  running = running + 1
  local arguments = { "spec/chaos/worker.lua", tostring(first + slot - 1), tostring(last) }
  local handle, pid
  handle, pid = uv.spawn(arg[-1], { args = arguments, env = environment, stdio = { nil, nil, 2 } }, function(code, signal)
    handle:close()
    workers[slot], running = nil, running - 1
    if signal ~= 0 then
      start(slot)
    elseif code ~= 0 then
      print(("worker %d ended with exit status %d"):format(slot, code))
      os.exit(1)
    elseif running == 0 and last < flows then
      first, last = last + 1, flows
      trouble.every(RESTART_INTERVAL_MS, with_progress(restart_service))
      start_all()
    elseif running == 0 then
      trouble.stop_timers()
      uv.stop()
    end
  end)
  workers[slot] = assert(handle and pid)
end

function start_all()
  for slot = 1, WORKERS do start(slot) end
end

local function hurt_one()
  local pid = workers[math.random(WORKERS)]
  if pid then trouble.hurt(pid, SHORTEST_STOP_MS, LONGEST_STOP_MS) end
end

local function inject()
  trouble.inject(FAULTS, proxy.requests, ACTIONS[math.random(#ACTIONS)])
end

local function give_up()
  print(("the flows did not end within %d seconds; the last errors are in %s"):format(TIME_LIMIT, folder))
  for _, pid in pairs(workers) do uv.kill(pid, "sigkill") end
  os.exit(1)
end

trouble.control("settings", { credential_seconds = KEY_SECONDS, pending_calls = 1 }, function()
  start_all()
  trouble.every(KILL_INTERVAL_MS, with_progress(hurt_one))
  trouble.every(FAULT_INTERVAL_MS, inject)
  trouble.every(math.ceil(TIME_LIMIT * 1000), give_up)
end)
local began = uv.hrtime()
uv.run()

-- The count

local wrong = {}
local function fault(...) wrong[#wrong + 1] = (...):format(select(2, ...)) end

local client = dataworks.new { endpoint = endpoint, retries = 200, timeout = 120 }
local listed, count = {}, 0
for number, file, err in client:each("ListFiles", { ProjectId = 10000, PageSize = 100 }) do
  if err then error(tostring(err), 0) end
  count = number
  listed[tostring(file.FileId)] = true
end
client:close()

local owners = {}
for flow = 1, flows do
  local path = ("%s/%d.done"):format(folder, flow)
  local file = io.open(path)
  local id = file and file:read "*a"
  if file then file:close() end
  if not id then fault("flow %d has no task", flow)
  elseif not listed[id] then fault("the task %s of flow %d does not exist", id, flow)
  elseif owners[id] then fault("flows %d and %d have the same task", owners[id], flow) end
  owners[id or ""] = flow
end
if count ~= flows then fault("%d flows made %d tasks", flows, count) end

print(("%d tasks in %.0f s; %d processes killed, %d stopped, %d restarts; %d requests, %d faults of the service; damaged: %s"):format(
  count, (uv.hrtime() - began) / 1e9, trouble.killed, trouble.stopped, restarts, proxy.requests,
  trouble.faults, trouble.describe(damaged)))
trouble.exit(wrong, folder)
