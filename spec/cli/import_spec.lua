local command = require "spec.support.command"
local core = require "dataworks.core"
local files = require "spec.support.files"
local fleets = require "spec.support.fleets"

describe("dataworks fleet import", function()
  local fleet, path
  setup(function() fleet = fleets.start() end)
  teardown(function() fleet:stop() end)
  before_each(function()
    fleet:reset()
    path = fleet.folder .. "/imported.json"
  end)
  after_each(function() fleet:clean() end)

  local function run(arguments, status)
    local result = command.run(arguments:gsub("MANIFEST", path), { env = command.variables(fleet.emulator) })
    assert.equal(status or 0, result.status, result.err)
    return result
  end

  it("writes a manifest and a ledger with which nothing is to be done, and which manage the tasks", function()
    local made = fleet.manifest({ "a", "b" }, "running")
    made.tasks[2].state = "created"
    made.tasks[3] = fleet.offline("nightly", "deployed")
    assert(fleet:apply(made))
    assert(fleet.client:call("CreateFile", { ProjectId = 10000, FileName = "query", FileType = 10, Content = "select 1" }))
    local before = fleet:tasks()
    local shown = core.decode(run("fleet import MANIFEST --project 10000").out)
    assert.same({ 3, 0 }, { shown.Imported, shown.LeftOut })
    local manifest = core.decode(files.read(path))
    assert.same({ "imported", { "a", "running" }, { "b", "created" }, { "nightly", "deployed", "00 00 02 * * ?" } }, {
      manifest.fleet, { manifest.tasks[1].name, manifest.tasks[1].state },
      { manifest.tasks[2].name, manifest.tasks[2].state },
      { manifest.tasks[3].name, manifest.tasks[3].state, manifest.tasks[3].schedule },
    })
    assert.truthy(run("plan MANIFEST").err:find("3 unchanged; about 0 calls", 1, true))
    assert.truthy(run("ledger show MANIFEST --refresh").out:find "a +DI_REALTIME +%d+ +done +running +false +RUN")
    files.write(path, (files.read(path):gsub('"table": "a"', '"table": "users"')))
    assert.truthy(run("plan MANIFEST").out:find "a +update, deploy, start +%+shop.users %-shop.a")
    run "apply MANIFEST"
    assert.same({ before.a, before.b, before.nightly }, { fleet:tasks().a, fleet:tasks().b, fleet:tasks().nightly })
  end)

  it("ends with the error of a call that was refused, and writes nothing", function()
    local made = fleet.manifest { "a" }
    made.tasks[2] = fleet.offline("nightly", "created")
    assert(fleet:apply(made))
    for _, action in ipairs { "ListFiles", "GetFile", "GetDISyncTask" } do
      fleet.emulator:fault { action = action, fault = "error", status = 403, code = "Forbidden.Access", message = "no access" }
      local result = run("fleet import MANIFEST --project 10000", 4)
      assert.truthy(result.err:find(action .. ": no access", 1, true), result.err)
      assert.is_nil(io.open(path))
    end
  end)

  it("refuses a pattern that matches no task, and writes nothing", function()
    assert(fleet:apply(fleet.manifest { "a" }))
    local result = run("fleet import MANIFEST --project 10000 --only x*", 2)
    assert.equal("dataworks fleet import: --only: no task of the workspace matches x*\n", result.err:match "[^\n]*\n$")
    assert.is_nil(io.open(path))
  end)

  it("leaves out what a manifest cannot have, and takes only names that match", function()
    assert(fleet:apply(fleet.manifest { "a", "b" }))
    local ids = fleet:tasks()
    local content = core.decode(assert(fleet.client:GetDISyncTask { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = ids.b }).Data.Code)
    content.steps[2].stepType = "unknown"
    assert(fleet.client:UpdateDISyncTask { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = ids.b, TaskContent = content })
    local result = run "fleet import MANIFEST --project 10000 --fleet orders"
    assert.truthy(result.err:find("left out: b: its configuration is not one of a documented script", 1, true), result.err)
    assert.equal(1, core.decode(result.out).Imported)
    assert.truthy(run("fleet import MANIFEST --project 10000", 2).err:find("exists; import writes a new file", 1, true))
    path = fleet.folder .. "/matching.json"
    assert.same({ Imported = 1, LeftOut = 0, Manifest = path }, core.decode(run("fleet import MANIFEST --project 10000 --only a*").out))
    assert.equal(5, run("fleet import " .. fleet.folder .. "/other.json --project 10000 --ledger /nonexistent/x.db", 5).status)
    assert.is_nil(io.open(fleet.folder .. "/other.json"))
  end)
end)
