-- Measures a fleet: the plan of an unchanged manifest, what the ledger adds to a flow, and the limit that processes
-- share. Arguments: the number of tasks, and the number of flows.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local ledgers = require "dataworks.fleet.ledger"
local limits = require "dataworks.limit.limit"
local manifests = require "dataworks.fleet.manifest"
local postgres = require "spec.support.postgres"
local shell = require "spec.support.shell"

local TASKS, FLOWS = tonumber(arg[1]), tonumber(arg[2])
local AT_ONCE = 16
local ROUNDS = 5
-- The texts that on_step gets before the calls of a flow: the last one has the TaskContent.
local STATES = { ("s"):rep(700), ("s"):rep(750), ("s"):rep(3500), ("s"):rep(3500) }
local LEASE = 60

local folder = shell.output "mktemp -d"

local function write_manifest(count)
  local tasks = {}
  for i = 1, count do
    local from = { mysql = "mysql_pub1", tables = { mysql_db = { "orders_" .. i } } }
    tasks[i] = { name = "orders_to_odps_" .. i, from = from }
  end
  local path = folder .. "/manifest.json"
  local file = assert(io.open(path, "wb"))
  file:write((core.encode({
    project = 10000, region = "cn-shanghai", fleet = "orders", tasks = tasks,
    defaults = { resource_group = "S_res_group_1_1", to = { odps = "odps_source" }, state = "running" },
  }, true)))
  file:close()
  return path
end

local function median(values)
  table.sort(values)
  return values[math.ceil(#values / 2)]
end

local function kilobytes()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count"
end

local function measure_plan(count)
  local path, url = write_manifest(count), ("%s/plan%d.db"):format(folder, count)
  local manifest = assert(manifests.read(path))
  local ledger = ledgers.open(url, manifest.key)
  ledger:enqueue(manifest.tasks)
  ledger:run "update tasks set state = 2, made = wanted, file_id = '1', reached = 'running'"
  ledger:close()
  manifest = nil -- luacheck: ignore
  local wall, cpu = {}, {}
  for i = 1, ROUNDS do
    local began, spent = core.clock(), os.clock()
    local plan = assert(dataworks.fleet.plan { manifest = path, ledger = url })
    wall[i], cpu[i] = core.clock() - began, os.clock() - spent
    assert(plan.counts.unchanged == count)
  end
  local before = kilobytes()
  local file = assert(io.open(path, "rb"))
  local source = assert(core.decode(file:read "*a"))
  file:close()
  local decoded = kilobytes() - before
  local plan = assert(dataworks.fleet.plan { manifest = source, ledger = url })
  print(("plan of %d unchanged tasks: %.2f s, %.2f s of CPU time"):format(count, median(wall), median(cpu)))
  print(("memory: the manifest %.0f bytes a task, the plan %.0f more"):format(decoded * 1024 / count,
    (kilobytes() - before - decoded) * 1024 / count))
  return plan
end

--- Does what the ledger does in a flow, without the calls.
local function measure_flows(name, url)
  local manifest = assert(manifests.read(write_manifest(FLOWS)))
  local ledger = ledgers.open(url, manifest.key)
  local began = core.clock()
  ledger:enqueue(manifest.tasks)
  local queued = core.clock() - began
  ledger:join("bench", "bench")
  began = core.clock()
  local spent = os.clock()
  local done = 0
  repeat
    local claims = ledger:claim("bench", AT_ONCE, LEASE)
    for _, claim in ipairs(claims) do
      for _, state in ipairs(STATES) do assert(ledger:mark(claim, LEASE, state)) end
      assert(ledger:save(claim, { file_id = "1", script_made = claim.wanted, reached = "created" }))
      assert(ledger:finish(claim, claim.wanted))
      done = done + 1
    end
  until #claims == 0
  local wall, cpu = core.clock() - began, os.clock() - spent
  assert(done == FLOWS)
  print(("ledger in %s: %.0f us a flow, %.0f us of CPU time of the runner; queueing %.0f us a task"):format(name,
    wall / FLOWS * 1e6, cpu / FLOWS * 1e6, queued / FLOWS * 1e6))
  ledger:close()
end

local function measure_limit(name, url)
  local limit = limits.new { qps = 1e6, burst = 1000, ledger = url }
  limit.block = 1
  local host = { clock = core.clock, sleep = function(_, seconds) dataworks.sleep(seconds) end }
  local calls = {}
  for i = 1, FLOWS do calls[i] = { deadline = math.huge } end
  limit:enqueue(host, calls[1])
  local spent = core.clock()
  for i = 1, FLOWS do
    limit.left, limit.block = 0, 1 -- each call asks the database, as with a few calls a second
    limit:enqueue(host, calls[i])
  end
  print(("shared limit in %s: %.0f us for a slot"):format(name, (core.clock() - spent) / FLOWS * 1e6))
end

measure_plan(math.ceil(TASKS / 10))
measure_plan(TASKS)
measure_flows("SQLite", folder .. "/flows.db")
print(("SQLite file: %.0f bytes a task"):format(shell.output("stat -c %s " .. folder .. "/flows.db") / FLOWS))
measure_limit("SQLite", folder .. "/flows.db")
if postgres.programs() then
  local server = postgres.start()
  local ok, err = pcall(function()
    measure_flows("PostgreSQL", server.url)
    measure_limit("PostgreSQL", server.url)
  end)
  server:stop()
  assert(ok, err)
end
shell.output("rm -r " .. folder)
