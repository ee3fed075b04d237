local core = require "dataworks.core"
local dataworks = require "dataworks"
local fleets = require "spec.support.fleets"
local shell = require "spec.support.shell"

describe("dataworks.fleet", function()
  local started, emulator, client, folder, ledger

  setup(function()
    started = fleets.start()
    emulator, client = started.emulator, started.client
  end)
  teardown(function() started:stop() end)
  before_each(function()
    started:reset()
    folder, ledger = started.folder, started.ledger
  end)
  after_each(function() started:clean() end)

  local function fleet(count, state, more)
    local made = {
      project = 10000, fleet = "orders", tasks = {},
      defaults = { resource_group = "S_res_group_1_1", to = { odps = "odps_first" }, state = state or "running" },
    }
    for i = 1, count do
      made.tasks[i] = { name = "task" .. i, from = { mysql = "mysql_pub", tables = { shop = { "orders" .. i } } } }
    end
    for name, value in pairs(more or {}) do made[name] = value end
    return made
  end

  local function apply(manifest, more)
    local options = { manifest = manifest, ledger = ledger, client = client }
    for name, value in pairs(more or {}) do options[name] = value end
    return dataworks.fleet.apply(options)
  end

  local function tasks()
    local names = {}
    for _, item in client:each("ListFiles", { ProjectId = 10000, PageSize = 100 }) do names[#names + 1] = item.FileName end
    table.sort(names)
    return names
  end

  local function calls(action) return #emulator:journal(action) end

  it("creates, deploys and starts tasks, and makes no call for what is unchanged", function()
    local plan = assert(dataworks.fleet.plan { manifest = fleet(3), ledger = ledger })
    assert.same({ "create", "deploy", "start" }, plan.changes[1].actions)
    local result = assert(apply(fleet(3)))
    assert.same({ 3, 0, 0 }, { result.done, #result.failed, result.left })
    assert.same({ "task1", "task2", "task3" }, tasks())
    assert.equal(3, calls "StartDISyncInstance")
    local before = calls()
    assert.equal(0, assert(apply(fleet(3))).done)
    assert.equal(before, calls())
    assert.equal(3, assert(dataworks.fleet.plan { manifest = fleet(3), ledger = ledger }).counts.unchanged)
  end)

  it("updates a changed script, and starts the running task again", function()
    assert(apply(fleet(2)))
    local changed = fleet(2)
    changed.tasks[2].from.tables.shop = { "orders2", "users" }
    assert.same({ "update", "deploy", "start" },
      assert(dataworks.fleet.plan { manifest = changed, ledger = ledger }).changes[2].actions)
    assert.equal(1, assert(apply(changed)).done)
    assert.same({ 2, 1, 1, 3 }, { calls "CreateDISyncTask", calls "UpdateDISyncTask", calls "StopDISyncInstance",
      calls "StartDISyncInstance" })
  end)

  it("creates and publishes offline tasks", function()
    local manifest = fleet(0)
    manifest.tasks[1] = {
      name = "nightly", type = "DI_OFFLINE", schedule = "0 2 * * *", state = "deployed",
      TaskContent = require("spec.support.files").read "spec/scripts/task_content_offline.json",
    }
    local result = assert(apply(manifest))
    assert.same({}, result.failed)
    assert.same({ "nightly" }, tasks())
    assert.equal(0, assert(apply(manifest)).done)
  end)

  it("creates nothing twice with a new ledger", function()
    assert(apply(fleet(3, "created")))
    ledger = folder .. "/other.db"
    assert.equal(3, assert(apply(fleet(3, "created"))).done)
    assert.equal(3, #tasks())
  end)

  it("leaves running tasks running with a new ledger", function()
    assert(apply(fleet(2)))
    ledger = folder .. "/other.db"
    local result = assert(apply(fleet(2)))
    assert.same({ 2, {} }, { result.done, result.failed })
    assert.same({ 2, 0 }, { calls "StartDISyncInstance", calls "StopDISyncInstance" })
  end)

  it("adopts a task that has its name and its script, and refuses one with another script", function()
    assert(apply(fleet(1, "created")))
    local adopted
    local result = assert(apply(fleet(1, "created", { fleet = "other" }), { on_event = function(event) adopted = adopted or event.type == "adopted" end }))
    assert.same({}, result.failed)
    assert.same({ 1, true }, { result.done, adopted })
    local other = fleet(1, "created", { fleet = "third" })
    other.tasks[1].from.tables.shop = { "users" }
    result = assert(apply(other))
    assert.truthy(result.failed[1].error:find("the name task1 is taken: its script differs at", 1, true), result.failed[1].error)
    assert.equal(1, #tasks())
  end)

  it("lets one failing task stop no other, and tries it again in the next run", function()
    emulator:fault { action = "CreateDISyncTask", times = 1, fault = "error", status = 400, code = "Invalid.Tenant.UserNotInProject", message = "no" }
    local result = assert(apply(fleet(3, "created"), { concurrency = 1 }))
    assert.same({ 2, 1 }, { result.done, #result.failed })
    assert.equal(1, assert(apply(fleet(3, "created"))).done)
    assert.equal(3, #tasks())
  end)

  it("stops when the daily quota is used up, and goes on from there", function()
    emulator:fault { action = "CreateDISyncTask", times = 1, fault = "error", status = 400, code = "Throttling.Api.Risk", message = "quota" }
    local result = assert(apply(fleet(3, "created"), { concurrency = 1 }))
    assert.equal("quota", result.stopped)
    assert.equal(3, result.left + result.done)
    assert.equal(0, assert(apply(fleet(3, "created"))).left)
    assert.equal(3, #tasks())
  end)

  it("stops after max_failures", function()
    emulator:fault { action = "CreateDISyncTask", times = 9, fault = "error", status = 400, code = "Invalid.Tenant.UserNotInProject", message = "no" }
    local result = assert(apply(fleet(9, "created"), { concurrency = 1, max_failures = 2 }))
    assert.same({ "failures", 2 }, { result.stopped, #result.failed })
  end)

  it("keeps two fleets in one ledger apart, and applies only what a pattern names", function()
    assert(apply(fleet(2, "created"), { only = "t*k?*" }))
    assert.equal(2, #tasks())
    emulator:reset()
    ledger = folder .. "/second.db"
    assert(apply(fleet(2, "created"), { only = "*k1" }))
    assert.same({ "task1" }, tasks())
    local other = fleet(1, "created", { fleet = "other" })
    other.tasks[1].name = "third"
    assert.same({}, assert(dataworks.fleet.plan { manifest = other, ledger = ledger }).unlisted)
    assert(apply(other))
    assert.same({ "task1", "third" }, tasks())
  end)

  it("explains a ledger that cannot be used", function()
    local function message(url)
      local plan, err = dataworks.fleet.plan { manifest = fleet(1), ledger = url }
      assert.is_nil(plan)
      assert.equal("ledger", err.kind)
      return tostring(err)
    end
    assert.truthy(message("/nonexistent/x.db"):find "folder does not exist")
    require("spec.support.files").write(folder .. "/text.db", ("no database "):rep(200))
    assert.truthy(message(folder .. "/text.db"):find "is no ledger")
    require("dataworks.fleet.ledger").open(ledger, "any"):close()
    local database = require("dataworks.database.database").open(ledger, { sleep = dataworks.sleep })
    database:transaction(function(db) db:query "insert into ledger_version values (99)" end)
    database:close()
    assert.truthy(message(ledger):find "version 99")
  end)

  it("refuses the writes of a runner whose lease has ended", function()
    local ledgers, manifests = require "dataworks.fleet.ledger", require "dataworks.fleet.manifest"
    local manifest = assert(manifests.check(fleet(1, "created")))
    local first = ledgers.open(ledger, manifest.key)
    first:enqueue(manifest.tasks)
    local claim = first:claim("a", 5, 0.001)[1]
    shell.output "sleep 0.1"
    local again = first:claim("b", 5, 60)[1]
    assert.same({ "1", "2" }, { claim.fence, again.fence })
    assert.same({ false, true }, { first:mark(claim, 60), first:mark(again, 60) })
    assert.same({ false, false }, {
      first:save(claim, { file_id = "1", script_made = "x", reached = "created" }), first:finish(claim, "x"),
    })
    assert.is_nil(first:rows().task1.file_id)
    assert.same({}, first:claim("c", 5, 60))
    first:close()
  end)

  it("lets a claim expire that its runner has given up, although the runner renews its other claims", function()
    local ledgers, manifests = require "dataworks.fleet.ledger", require "dataworks.fleet.manifest"
    local manifest = assert(manifests.check(fleet(2, "created")))
    local opened = ledgers.open(ledger, manifest.key)
    opened:enqueue(manifest.tasks)
    local claims = opened:claim("a", 2, 0.5)
    shell.output "sleep 0.6"
    assert.same({ [claims[2].name] = true }, opened:renew("a", 60, { [claims[2].name] = claims[2] }))
    local taken = opened:claim("b", 2, 60)
    assert.same({ 1, claims[1].name }, { #taken, taken[1].name })
    opened:close()
  end)

  it("is applied exactly once by three processes, one of which is killed again and again", function()
    local count = 40
    local path = folder .. "/manifest.json"
    require("spec.support.files").write(path, (core.encode(fleet(count, "created"), true)))
    emulator:settings { pending_calls = 1 }
    local function line()
      return ("%s spec/support/fleet_runner.lua %s %s %s %s %s 1"):format(shell.interpreter, emulator.endpoint,
        emulator.access_key_id, emulator.access_key_secret, path, ledger)
    end
    local script = ([[%s >%s/1.log 2>&1 & a=$!; %s >%s/2.log 2>&1 & b=$!
      for i in 1 2 3; do %s >%s/3.log 2>&1 & c=$!; sleep 0.3; kill -9 $c; wait $c; done
      wait $a; x=$?; wait $b; echo $x $?]]):format(line(), folder, line(), folder, line(), folder)
    local out = shell.output("( " .. script .. " ) 2>/dev/null")
    assert.equal("0 0", out:match "(%d+ %d+)%s*$", require("spec.support.files").read(folder .. "/1.log"))
    assert.equal(count, #tasks())
    local rows = require("dataworks.fleet.ledger").open(ledger, "/10000/orders"):rows()
    local ids = {}
    for _, row in pairs(rows) do ids[row.file_id] = true end
    local distinct = 0
    for _ in pairs(ids) do distinct = distinct + 1 end
    assert.equal(count, distinct)
  end)
end)
