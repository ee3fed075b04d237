local fleets = require "spec.support.fleets"

describe("apply with prune", function()
  local fleet
  setup(function() fleet = fleets.start() end)
  teardown(function() fleet:stop() end)
  before_each(function() fleet:reset() end)
  after_each(function() fleet:clean() end)

  local function prune(manifest, more)
    local options = { prune = true, prune_limit = 9 }
    for name, value in pairs(more or {}) do options[name] = value end
    return fleet:apply(manifest, options)
  end

  it("stops, terminates and deletes what the manifest no longer has, and nothing else", function()
    assert(fleet:apply(fleet.manifest({ "other" }, "created", { fleet = "second" })))
    local first = fleet.manifest({ "a", "b", "c" }, "running")
    first.tasks[4] = fleet.offline("nightly", "deployed")
    assert.equal(4, assert(fleet:apply(first)).done)
    local second = fleet.manifest({ "a" }, "running")
    assert.same({ "b", "c", "nightly" }, assert(fleet:plan(second)).unlisted)
    local plan = assert(fleet:plan(second, { prune = true }))
    assert.same({ 3, { "delete" } }, { plan.counts.delete, plan.changes[2].actions })
    local asked
    local result = assert(prune(second, { prune = function(names) asked = names; return true end }))
    assert.same({ 3, {}, { "b", "c", "nightly" } }, { result.done, result.failed, asked })
    local left = fleet:tasks()
    assert.is_string(left.a)
    assert.same({ other = left.other, a = left.a }, left)
    assert.same({ 2, 2, 2, 1 }, { fleet:calls "StopDISyncInstance", fleet:calls "TerminateDISyncInstance",
      fleet:calls "DeleteDISyncTask", fleet:calls "DeleteFile" })
    local calls = fleet:calls()
    assert.equal(0, assert(prune(second)).done)
    assert.same({ calls, {} }, { fleet:calls(), assert(fleet:plan(second)).unlisted })
  end)

  it("creates a deleted task again with another token, although the service remembers the first one", function()
    assert(fleet:apply(fleet.manifest { "a", "b" }))
    local before = fleet:tasks().b
    assert.equal(1, assert(prune(fleet.manifest { "a" })).done)
    local result = assert(fleet:apply(fleet.manifest { "a", "b" }))
    assert.same({ 1, {} }, { result.done, result.failed })
    assert.is_string(fleet:tasks().b)
    assert.are_not.equal(before, fleet:tasks().b)
    assert.same({ fleet:tasks().b, before }, { fleet:rows().b.file_id, fleet:rows().b.predecessor })
  end)

  it("changes and deletes no file that has another name than in the ledger, as with the ledger of another service", function()
    -- Two applies, because one creates its tasks in any order.
    for _, names in ipairs { { "a" }, { "a", "b" } } do assert(fleet:apply(fleet.manifest(names))) end
    local of_a = fleet:rows().a.file_id
    local ledger = fleet.ledger
    fleet:reset()
    for _, names in ipairs { { "other" }, { "other", "b" } } do
      assert(fleet:apply(fleet.manifest(names, "created", { fleet = "second" })))
    end
    fleet.ledger = ledger
    local tasks = fleet:tasks()
    assert.equal(of_a, tasks.other)
    local changed = fleet.manifest({ "a", "b" }, "running")
    changed.tasks[1].from.tables = { shop = { "a", "more" } }
    for _, manifest in ipairs { changed, fleet.manifest {} } do
      local result = assert(prune(manifest))
      assert.equal(1, result.done) -- b has its own name
      assert.same({ 1, "a" }, { #result.failed, result.failed[1].name })
      assert.matches(("the file %s, which is a in the ledger, has the name other in the service"):format(of_a),
        result.failed[1].error, 1, true)
    end
    assert.same({ other = tasks.other }, fleet:tasks())
    assert.equal(0, fleet:calls "GetDISyncTask")
  end)

  it("refuses protected tasks, also after the line and the task are gone from the manifest", function()
    local manifest = fleet.manifest { "a", "b" }
    manifest.tasks[2].protect = true
    assert.same({ "protect", "create" }, assert(fleet:plan(manifest)).changes[2].actions)
    assert(fleet:apply(manifest))
    manifest.tasks[2].protect = nil
    assert.same({}, assert(fleet:plan(manifest)).changes[2].actions)
    assert(fleet:apply(manifest))
    local result, err = prune(fleet.manifest { "a" })
    assert.is_nil(result)
    assert.truthy(tostring(err):find("protected tasks are not deleted: b", 1, true), tostring(err))
    manifest.tasks[2].protect = false
    assert.same({ "unprotect" }, assert(fleet:plan(manifest)).changes[2].actions)
    assert(fleet:apply(manifest))
    assert.equal(1, assert(prune(fleet.manifest { "a" })).done)
    assert.is_nil(fleet:tasks().b)
  end)

  it("refuses more than a tenth of the fleet, or 20 tasks, without a limit", function()
    local names = {}
    for i = 1, 11 do names[i] = "t" .. i end
    assert(fleet:apply(fleet.manifest(names)))
    names[11] = nil
    local ten = fleet.manifest(names)
    names[10] = nil
    local result, err = fleet:apply(fleet.manifest(names), { prune = true })
    assert.is_nil(result)
    assert.truthy(tostring(err):find("2 of 11 tasks would be deleted: t10, t11", 1, true), tostring(err))
    assert.equal(0, fleet:calls "DeleteDISyncTask")
    assert.equal(1, assert(fleet:apply(ten, { prune = true })).done)
    assert.equal(1, assert(fleet:apply(fleet.manifest(names), { prune = true, prune_limit = 1 })).done)
  end)

  it("does nothing if the answer is no", function()
    assert(fleet:apply(fleet.manifest { "a", "b" }))
    local result, err = prune(fleet.manifest { "a", "new" }, { prune = function() return false end })
    assert.is_nil(result)
    assert.equal("cancelled", err.kind)
    assert.same({ "a", "b" }, { fleet:tasks().new or "a", fleet:rows().new and "new" or "b" })
  end)

  it("goes on after a lost reply of a deletion", function()
    assert(fleet:apply(fleet.manifest { "a", "b" }))
    fleet.emulator:fault { action = "DeleteDISyncTask", fault = "reset", times = 1 }
    assert.equal(1, assert(prune(fleet.manifest { "a" })).done)
    assert.is_nil(fleet:tasks().b)
    assert.equal("deleted", fleet:rows().b.made)
  end)

  it("is taken back for a task that the manifest has again, which runs again", function()
    local both = fleet.manifest({ "a", "b" }, "running")
    assert(fleet:apply(both))
    fleet.emulator:fault { action = "DeleteDISyncTask", fault = "error", status = 400, code = "Param.Invalid", times = 1, message = "no" }
    assert.equal("b", assert(prune(fleet.manifest({ "a" }, "running"))).failed[1].name)
    local task = { ProjectId = 10000, TaskType = "DI_REALTIME", FileId = fleet:tasks().b }
    assert.equal("NORUN", assert(fleet.client:status(task)).state)
    assert.same({ "deploy", "start" }, assert(fleet:plan(both)).changes[2].actions)
    assert.same({}, assert(fleet:apply(both)).failed)
    assert.equal("RUN", assert(fleet.client:status(task)).state)
  end)

  it("deletes a task whose creation was cut short, also if the service has forgotten the token", function()
    local careless = require("dataworks").new {
      region = "cn-shanghai", endpoint = fleet.emulator.endpoint, access_key_id = fleet.emulator.access_key_id,
      access_key_secret = fleet.emulator.access_key_secret, retries = 0,
    }
    for _, forgets in ipairs { false, true } do
      fleet.emulator:fault { action = "CreateDISyncTask", fault = "unavailable", acts = true, times = 1 }
      assert.is_false(pcall(fleet.apply, fleet, fleet.manifest { "a", "b" }, {
        client = careless, only = "b", on_event = function(event) assert(event.type ~= "retry", "killed") end,
      }))
      assert.is_string(fleet:tasks().b)
      assert.is_nil(fleet:rows().b.file_id)
      if forgets then fleet.emulator:forget() end
      local result = assert(prune(fleet.manifest { "a" }))
      assert.same({}, result.failed)
      assert.same({ a = fleet:tasks().a }, fleet:tasks())
      assert.is_string(fleet:rows().b.predecessor)
    end
    careless:close()
  end)

  it("or without it, takes back what was queued for a task that left the manifest", function()
    fleet.emulator:fault { action = "GenerateDISyncTaskConfigForCreating", fault = "error", status = 400, times = 1,
      code = "Throttling.Api.Risk", message = "quota" }
    assert.equal("quota", assert(fleet:apply(fleet.manifest { "a", "b" }, { concurrency = 1 })).stopped)
    local result = assert(fleet:apply(fleet.manifest { "c" }))
    assert.same({ 1, 0, {} }, { result.done, result.left, result.failed })
    assert.same({ c = fleet:tasks().c }, fleet:tasks())
  end)
end)
