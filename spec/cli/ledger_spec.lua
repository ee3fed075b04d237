local command = require "spec.support.command"
local core = require "dataworks.core"
local files = require "spec.support.files"
local fleets = require "spec.support.fleets"
local ledgers = require "dataworks.fleet.ledger"

describe("the commands for a ledger", function()
  local fleet, path
  setup(function() fleet = fleets.start() end)
  teardown(function() fleet:stop() end)
  before_each(function()
    fleet:reset()
    path, fleet.ledger = fleet.folder .. "/tasks.json", fleet.folder .. "/.dataworks.db"
  end)
  after_each(function() fleet:clean() end)

  local function apply(manifest)
    files.write(path, (core.encode(manifest, true)))
    return assert(fleet:apply(path))
  end

  local function run(arguments, status)
    local result = command.run(arguments:gsub("MANIFEST", path), { env = command.variables(fleet.emulator) })
    assert.equal(status or 0, result.status, result.err)
    return result
  end

  --- Returns what --refresh shows about each task: what the service has, and the drift.
  local function refreshed()
    local shown = {}
    for line in run("ledger show MANIFEST --refresh -o jsonl").out:gmatch "[^\n]+" do
      local entry = core.decode(line)
      shown[entry.Name] = { entry.Service, entry.Drift }
    end
    return shown
  end

  it("show the tasks of a fleet without a call", function()
    local manifest = fleet.manifest({ "a", "b" }, "running")
    manifest.tasks[1].protect = true
    apply(manifest)
    local calls = fleet:calls()
    local ids = fleet:tasks()
    local out = run("ledger show MANIFEST").out
    assert.equal(("Name  Type         FileId   State  Reached  Protected  Error\na     DI_REALTIME  %s  done   running  true\n"
      .. "b     DI_REALTIME  %s  done   running  false\n"):format(ids.a, ids.b), out)
    assert.equal(calls + 1, fleet:calls())
    assert.equal("", run("ledger show MANIFEST --only x*").out:match "\n(.*)")
    assert.equal(ids.a, core.encode(core.decode(run("ledger show MANIFEST --only a -o jsonl").out).FileId))
    run("ledger show MANIFEST --refresh --ledger /nonexistent/x.db", 5)
    for _, name in ipairs { "show", "runners", "forget" } do
      local words = ("ledger %s MANIFEST %s --ledger typo.db"):format(name, name == "forget" and "a" or "")
      assert.truthy(run(words, 2).err:find(": --ledger: there is no file typo.db\n", 1, true))
    end
    assert.is_nil(io.open "typo.db")
    assert.truthy(run("ledger show MANIFEST --ledger ''", 2).err:find("--ledger is empty", 1, true))
  end)

  it("compare with the service only what was written, and leave a stopped task alone", function()
    local manifest = fleet.manifest({ "a", "b", "c", "d" }, "running")
    manifest.tasks[5] = fleet.offline("nightly", "deployed")
    apply(manifest)
    assert.same({ a = { "RUN" }, b = { "RUN" }, c = { "RUN" }, d = { "RUN" }, nightly = { "present" } }, refreshed())
    local ids, client = fleet:tasks(), fleet.client
    local function id(name) return { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = ids[name] } end
    assert(client:stop(id "a", { wait = true }))
    local content = core.decode(assert(client:GetDISyncTask(id "b")).Data.Code)
    content.added_by_the_service = { 1 }
    assert(client:UpdateDISyncTask { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = ids.b, TaskContent = content })
    content.steps[1].parameter.connection[1].selectedTables[1].dbName = "other"
    assert(client:UpdateDISyncTask { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = ids.c, TaskContent = content })
    assert(client:call("UpdateFile", { ProjectId = 10000, FileId = ids.nightly, FileName = "daily" }))
    for _, action in ipairs { "stop", "terminate" } do assert(client[action](client, id "d", { wait = true })) end
    assert(client:delete(id "d"))
    local shown = refreshed()
    assert.equal("script: steps[1].parameter.connection[1].selectedTables[1].dbName", shown.c[2])
    shown.c = nil
    assert.same({ a = { "PAUSE" }, b = { "RUN" }, d = { "missing" }, nightly = { "present", "name: daily" } }, shown)
    local calls = fleet:calls()
    run "apply MANIFEST"
    assert.equal(calls, fleet:calls())
  end)

  it("forget a task, which is then adopted, or created again if it was deleted", function()
    apply(fleet.manifest { "a", "b" })
    local before = fleet:tasks()
    assert.truthy(run("ledger forget MANIFEST a a").out:find('"Forgotten": 1', 1, true))
    assert.same({ nil, before.b }, { fleet:rows().a, fleet:rows().b.file_id })
    run "apply MANIFEST"
    assert.same(before, fleet:tasks())
    assert(fleet.client:delete { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = before.a })
    run "ledger forget MANIFEST a --deleted"
    run "apply MANIFEST"
    assert.are_not.equal(before.a, fleet:tasks().a)
    assert.equal(before.a, fleet:rows().a.predecessor)
    local again = fleet:tasks().a
    run "ledger forget MANIFEST a"
    run "apply MANIFEST"
    assert.equal(again, fleet:tasks().a)
    assert.truthy(run("ledger forget MANIFEST aa", 2).err:find("the ledger has no task aa; did you mean a?", 1, true))
    run("ledger forget MANIFEST a --read-only", 2)
  end)

  it("list the runners and their tasks, and forget no task on which one works", function()
    local ledger = ledgers.open(fleet.ledger, "/10000/orders")
    files.write(path, (core.encode(fleet.manifest { "a" }, true)))
    ledger:enqueue(require("dataworks.fleet.manifest").read(path).tasks)
    ledger:join("id-1", "host 7")
    ledger:claim("id-1", 5, 60)
    local shown = core.decode(run("ledger runners MANIFEST -o jsonl").out)
    assert.same({ "host 7", "id-1", 1 }, { shown.Runner, shown.Id, shown.Tasks })
    assert.truthy(run("ledger forget MANIFEST a", 5).err:find("a runner works on a", 1, true))
    ledger:leave "id-1"
    ledger:close()
    assert.equal("", run("ledger runners MANIFEST").out:match "\n(.*)")
  end)
end)
