-- Applies one manifest with several runners under faults: fleet.lua postgres|forgetful|sqlite TASKS SEED QPS, in the
-- environment of the emulator. Each second a runner is killed, or stopped for longer than its lease. Connections to the service are
-- damaged, and the service answers with errors; in the mode "forgetful" it also forgets ClientTokens. The ledger is in PostgreSQL, which
-- restarts twice while a snapshot is open, and one of whose connections goes dead; or in one SQLite file. In the end there must be
-- exactly the tasks of the manifest, and the ledger must know the FileId of each.

local cjson = require "cjson"
local dataworks = require "dataworks"
local ids = require "dataworks.util.ids"
local ledgers = require "dataworks.fleet.ledger"
local proxy = require "spec.chaos.proxy"
local trouble = require "spec.chaos.trouble"
local uv = require "luv"

local mode, count, seed, qps = arg[1], tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
local endpoint = os.getenv "ALIBABA_CLOUD_ENDPOINT"

local DAMAGED_REQUESTS = 0.1 -- share of the requests
local FAULT_INTERVAL_MS, HURT_INTERVAL_MS, FORGET_INTERVAL_MS = 20, 1000, 3000
local SHORTEST_STOP_MS, LONGEST_STOP_MS = 1200, 2500 -- the lease is one second
local BURST = 20
local LATENESS = 0.05 -- seconds after its slot in which a call can start
local REVIVAL = 15 -- seconds in which a busy runner with a dead connection is back at work
local KEY = "/10000/chaos"
local TIME_LIMIT = 90 + count * 0.4
local POSTGRES_SETTINGS = "?tcp_user_timeout=3000&connect_timeout=3"

math.randomseed(seed)
local folder = trouble.new_folder()

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a" or ""
  if file then file:close() end
  return text
end

-- The manifest: real-time tasks, some of which run, and offline tasks that are published

local function write_manifest()
  local tasks, offline = {}, read "spec/scripts/task_content_offline.json"
  for i = 1, count do
    local name = "task" .. i
    if i % 10 == 5 then
      tasks[i] = { name = name, type = "DI_OFFLINE", TaskContent = offline, schedule = "0 2 * * *", state = "deployed" }
    else
      tasks[i] = {
        name = name, from = { mysql = "mysql_pub1", tables = { mysql_db = { "t" .. i } } }, to = { odps = "odps_source" },
        resource_group = "S_res_group_1_1", state = i % 10 == 0 and "running" or "created",
      }
    end
  end
  local file = assert(io.open(folder .. "/manifest.json", "wb"))
  file:write(cjson.encode { project = 10000, fleet = "chaos", tasks = tasks })
  file:close()
end

-- The database

local server, snapshot, black_hole
local hole = {} -- cut_at: when a connection went dead; requests: those of its runner at this time

local function hold_snapshot()
  local dbi = require "DBI"
  snapshot = assert(dbi.Connect("PostgreSQL", server.url))
  for _, sql in ipairs { "set transaction isolation level repeatable read", "select count(*) from pg_class" } do
    local statement = assert(snapshot:prepare(sql))
    assert(statement:execute())
    statement:close()
  end
end

--- Starts a proxy to the database, which the last runner uses, and passes its URL to `use`.
local function start_black_hole(use)
  local output, handle = uv.new_pipe(), nil
  handle, black_hole = uv.spawn("python3", {
    args = { "spec/chaos/black_hole.py", server.url:match ":(%d+)/" }, stdio = { nil, output, 2 },
  }, function() handle:close() end)
  output:read_start(function(_, text)
    local port = text and text:match "^(%d+)"
    if port then
      use("postgresql://postgres@127.0.0.1:" .. port .. "/postgres" .. POSTGRES_SETTINGS)
    elseif text and text:find "cut" then
      hole.cut_at = uv.hrtime() / 1e9
    end
  end)
end

local function restart_database()
  pcall(snapshot.close, snapshot)
  local handle
  handle = uv.spawn("sh", { args = { "-c", server.control .. " -m fast restart >/dev/null" }, stdio = { nil, nil, 2 } }, function()
    handle:close()
    hold_snapshot()
  end)
end

-- The runners

local LUAS = mode == "sqlite" and { "lua5.4", "luajit", "lua5.1" } or { "lua5.4", "lua5.3", "lua5.1", "luajit" }
local runners, running, lost_ledger = {}, 0, 0

local function finish(problem)
  if problem then
    print(problem .. "; the last errors are in " .. folder)
    for _, pid in pairs(runners) do uv.kill(pid, "sigkill") end
  end
  trouble.stop_timers()
  if snapshot then pcall(snapshot.close, snapshot) end
  if black_hole then uv.kill(black_hole, "sigkill") end
  if problem then
    if server then server:stop() end
    os.exit(1)
  end
  uv.stop()
end

local function requests_of(slot) return ("%s/%d.requests"):format(folder, slot) end

local port, damaged = proxy.start(tonumber(endpoint:match ":(%d+)$"), DAMAGED_REQUESTS)

--- Starts the runner of a slot. A runner that was killed, or that lost the database, starts again.
local function start(slot, ledger)
  local version = LUAS[slot]
  local environment = {
    "CHAOS_LEDGER=" .. ledger, "CHAOS_MANIFEST=" .. folder .. "/manifest.json", "CHAOS_REQUESTS=" .. requests_of(slot),
    "CHAOS_ENDPOINT=http://127.0.0.1:" .. port, "CHAOS_QPS=" .. qps, "CHAOS_BURST=" .. BURST,
    ("LUA_CPATH=%s/build/%s/?.so;;"):format(uv.cwd(), version == "luajit" and "jit" or version:sub(4)),
  }
  for name, value in pairs(uv.os_environ()) do
    if name ~= "LUA_CPATH" then environment[#environment + 1] = name .. "=" .. value end
  end
  local log = assert(uv.fs_open(("%s/%d.errors"):format(folder, slot), "a", 420))
  running = running + 1
  local handle, pid
  handle, pid = uv.spawn(version, { args = { "spec/chaos/fleet_runner.lua" }, env = environment, stdio = { nil, nil, log } }, function(code, signal)
    handle:close()
    uv.fs_close(log)
    runners[slot], running = nil, running - 1
    if signal ~= 0 or code == 2 then
      lost_ledger = lost_ledger + (code == 2 and 1 or 0)
      start(slot, ledger)
    elseif code ~= 0 then
      finish(("runner %d ended with exit status %d"):format(slot, code))
    elseif running == 0 then
      finish()
    end
  end)
  runners[slot] = assert(handle and pid)
end

local function hurt_one()
  local slot = math.random(#LUAS)
  -- The runner with the dead connection has to find that out by itself.
  if runners[slot] and not (black_hole and slot == #LUAS) then
    trouble.hurt(runners[slot], SHORTEST_STOP_MS, LONGEST_STOP_MS)
  end
end

local function inject()
  trouble.inject(trouble.FAULTS, proxy.requests)
end

--- Restarts the database, or cuts a connection, when a share of the requests has been made.
local function watch_progress()
  local progress = proxy.requests / (count * 5)
  if progress > 0.15 and not hole.cut_at then -- asks again if the runner has no connection at the moment
    uv.kill(black_hole, "sigusr1")
  end
  server.restarts = server.restarts or 0
  if server.restarts < 2 and progress > 0.3 * (server.restarts + 1) then
    server.restarts = server.restarts + 1
    restart_database()
  end
end

-- The run

write_manifest()
trouble.control("settings", { pending_calls = 1 })
trouble.every(HURT_INTERVAL_MS, hurt_one)
trouble.every(FAULT_INTERVAL_MS, inject)
trouble.every(math.ceil(TIME_LIMIT * 1000), function() finish(("the fleet was not applied within %d seconds"):format(TIME_LIMIT)) end)
if mode == "forgetful" then trouble.every(FORGET_INTERVAL_MS, function() trouble.control("forget", {}) end) end
local url = folder .. "/ledger.db"
if mode == "sqlite" then
  for slot = 1, #LUAS do start(slot, url) end
else
  server = require("spec.support.postgres").start()
  url = server.url
  hold_snapshot()
  -- The runners wait for the proxy, because they could end before it has started on a busy machine.
  start_black_hole(function(behind)
    trouble.every(200, watch_progress)
    for slot = 1, #LUAS - 1 do start(slot, url .. POSTGRES_SETTINGS) end
    start(#LUAS, behind)
  end)
end
local began = uv.hrtime()
uv.run()
local seconds = (uv.hrtime() - began) / 1e9

-- The count

local wrong = {}
local function fault(...) wrong[#wrong + 1] = (...):format(select(2, ...)) end

local client = dataworks.new { endpoint = endpoint, retries = 200, timeout = 120 }
local names, total = {}, 0
for _, file, err in client:each("ListFiles", { ProjectId = 10000, PageSize = 100 }) do
  if err then error(tostring(err), 0) end
  total = total + 1
  names[ids.text(file.FileId)] = file.FileName
end
client:close()
if total ~= count then fault("%d tasks exist, and the manifest has %d", total, count) end

local ledger = ledgers.open(url, KEY)
local rows = ledger:rows()
for i = 1, count do
  local row = rows["task" .. i]
  if not row or row.state ~= ledgers.DONE or names[row.file_id or ""] ~= row.name then
    fault("task%d has the FileId %s in the ledger, which belongs to %s", i, tostring(row and row.file_id),
      tostring(row and names[row.file_id or ""]))
  end
end
local flows = ledger:run("select cast(count(*) as text) as number from flows")[1].number
if flows ~= "0" then fault("%s flows are left in the ledger", flows) end
ledger:close()

local times, revived = {}, false
for slot = 1, #LUAS do
  for word in read(requests_of(slot)):gmatch "%S+" do
    times[#times + 1] = tonumber(word)
    revived = revived or slot == #LUAS and hole.cut_at and times[#times] > hole.cut_at + 1
  end
end
table.sort(times)
local most, first = 0, 1
for i, time in ipairs(times) do
  while time - times[first] >= 1 do first = first + 1 end
  most = math.max(most, i - first + 1)
end
if most > qps * (1 + LATENESS) + BURST then fault("%d requests in one second", most) end
-- In a short run the others may have done everything by then. This runner has ended too, so that it has noticed.
if server and not hole.cut_at then
  fault "no connection went dead"
elseif server and not revived and times[#times] > hole.cut_at + REVIVAL then
  fault "the runner whose connection went dead made no further request"
end
if server and server.restarts < 2 then fault("the database restarted %d times", server.restarts) end

print(("%s: %d tasks in %.0f s; %d runners killed, %d stopped, %d ended without the ledger; %d requests, at most %d in a second; %d faults of the service")
  :format(mode, total, seconds, trouble.killed, trouble.stopped, lost_ledger, #times, most, trouble.faults))
print("damaged: " .. trouble.describe(damaged))
if server then server:stop() end
trouble.exit(wrong, folder)
