local fleets = require "spec.support.fleets"
local manifests = require "dataworks.fleet.manifest"

describe("a task with moved_from", function()
  local fleet
  setup(function() fleet = fleets.start() end)
  teardown(function() fleet:stop() end)
  before_each(function() fleet:reset() end)
  after_each(function() fleet:clean() end)

  local function moved(from, to, state)
    local manifest = fleet.manifest({ from, "other" }, state)
    manifest.tasks[1].name, manifest.tasks[1].moved_from = to, from
    return manifest
  end

  it("gets its new name, and keeps its FileId", function()
    local first = fleet.manifest({ "a", "other" }, "running")
    first.tasks[3] = fleet.offline("nightly", "deployed")
    assert(fleet:apply(first))
    local before = fleet:tasks()
    local second = moved("a", "b", "running")
    second.tasks[3] = fleet.offline("daily", "deployed")
    second.tasks[3].moved_from = "nightly"
    local plan = assert(fleet:plan(second))
    assert.same({ { "rename" }, {}, { "rename" }, {} },
      { plan.changes[1].actions, plan.changes[2].actions, plan.changes[3].actions, plan.unlisted })
    assert.same({ 2, {} }, { assert(fleet:apply(second, { prune = true })).done, plan.unlisted })
    assert.same({ b = before.a, other = before.other, daily = before.nightly }, fleet:tasks())
    assert.same({ 2, 0, 1 }, { fleet:calls "CreateDISyncTask" - 1, fleet:calls "DeleteDISyncTask",
      fleet:calls "SubmitFile" })
    local calls = fleet:calls()
    assert.equal(0, assert(fleet:apply(second)).done)
    assert.equal(calls, fleet:calls())
  end)

  it("is renamed after a creation that was cut short under the earlier name", function()
    fleet.emulator:fault { action = "CreateDISyncTask", fault = "unavailable", acts = true, times = 9 }
    assert.is_false(pcall(fleet.apply, fleet, fleet.manifest { "a", "other" }, {
      only = "a", on_event = function(event) assert(event.type ~= "retry", "killed") end,
    }))
    local before = fleet:tasks()
    assert.is_string(before.a)
    fleet.emulator:forget()
    assert.same({}, assert(fleet:apply(moved("a", "b"))).failed)
    assert.equal(before.a, fleet:tasks().b)
    assert.is_nil(fleet:tasks().a)
  end)

  it("takes the name of a deleted task", function()
    assert(fleet:apply(fleet.manifest { "a", "b", "other" }))
    assert(fleet:apply(fleet.manifest { "a", "other" }, { prune = true, prune_limit = 1 }))
    local before = fleet:tasks()
    assert.same({}, assert(fleet:apply(moved("a", "b"))).failed)
    assert.same({ b = before.a, other = before.other }, fleet:tasks())
  end)

  it("fails if the service has another task of the new name", function()
    assert(fleet:apply(fleet.manifest({ "b" }, "created", { fleet = "second" })))
    assert(fleet:apply(fleet.manifest { "a", "other" }))
    local result = assert(fleet:apply(moved("a", "b")))
    assert.truthy(result.failed[1].error:find("UpdateFile", 1, true), result.failed[1].error)
    assert.same({ "rename" }, assert(fleet:plan(moved("a", "b"))).changes[1].actions)
  end)

  it("is refused if the earlier name is still in the manifest, is used twice, or is of a solution", function()
    local manifest = fleet.manifest { "a", "b", "c", "d" }
    manifest.tasks[1].moved_from = "b"
    manifest.tasks[2].moved_from, manifest.tasks[3].moved_from = "old", "old"
    manifest.tasks[4].moved_from, manifest.tasks[4].type = "x", "DI_SOLUTION"
    local _, faults = manifests.check(manifest)
    local found = {}
    for _, fault in ipairs(faults) do found[fault.path] = fault.message end
    assert.same({
      ["tasks[1].moved_from"] = "is the name of tasks[2], which is still in the manifest",
      ["tasks[3].moved_from"] = "is also the earlier name of tasks[2]",
      ["tasks[4].moved_from"] = "the service has no action that renames a solution",
    }, found)
  end)
end)
