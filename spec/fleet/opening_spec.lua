local dataworks = require "dataworks"
local fleets = require "spec.support.fleets"
local opening = require "dataworks.fleet.opening"

describe("the options of a fleet", function()
  local fleet
  setup(function() fleet = fleets.start() end)
  teardown(function() fleet:stop() end)
  before_each(function() fleet:reset() end)
  after_each(function() fleet:clean() end)

  --- Returns the states of the tasks in the ledger, by name.
  local function states()
    local found = {}
    for name, row in pairs(fleet:rows()) do found[name] = row.state end
    return found
  end

  --- Returns the error of a plan.
  local function refused(more)
    local result, err = fleet:plan(fleet.manifest { "a" }, more)
    assert.is_nil(result)
    assert.equal("invalid", err.kind)
    return tostring(err)
  end

  it("only: ? stands for one character of UTF-8, and * for any number", function()
    for _, row in ipairs {
      { "?", "订", true }, { "??", "订", false }, { "订?", "订单", true }, { "*?单", "订单", true }, { "*??单", "订单", false },
      { "*", "", true }, { "?", "", false }, { "a[b]*", "a[b]c", true }, { "é*?", "éa", true }, { "%a", "b", false },
    } do
      assert.equal(row[3], opening.matcher(row[1])(row[2]), row[1] .. " " .. row[2])
    end
  end)

  it("only: a run leaves the tasks alone that another run has queued, and counts and names only its own", function()
    local names = { "a_1", "ax1", "b[1]", "订单" }
    fleet.emulator:fault { action = "CreateDISyncTask", times = 9, fault = "error", status = 400, code = "Invalid.Tenant.UserNotInProject" }
    assert.equal(1, #assert(fleet:apply(fleet.manifest(names), { max_failures = 1, concurrency = 1 })).failed)
    fleet.emulator:reset()
    fleet.emulator:settings { pending_calls = 0 }
    for _, step in ipairs { { "b[1]", "b[1]" }, { "a_*", "a_1" }, { "?单", "订单" } } do
      local result = assert(fleet:apply(fleet.manifest(names), { only = step[1] }))
      assert.same({ 1, 0, 0 }, { result.done, #result.failed, result.left }, step[1])
      assert.equal("2", states()[step[2]])
    end
    assert.not_equal("2", states().ax1)
    local plan = assert(fleet:plan(fleet.manifest(names), { only = "a*" }))
    assert.same({ 2, 2, 3 }, { #plan.changes, plan.counts.left_out, fleet:calls "CreateDISyncTask" })
  end)

  it("only: a pattern that matches no task is an error with the nearest name", function()
    assert.truthy(refused({ only = "b" }):find("no task of the manifest or the ledger matches b; did you mean a?", 1, true))
  end)

  it("ledger: a plan makes no file", function()
    assert.equal(1, assert(fleet:plan(fleet.manifest { "a" })).counts.create)
    assert.is_nil(io.open(fleet.ledger))
  end)

  it("ledger: a path that keeps nothing, and an unknown scheme, are refused", function()
    assert.truthy(refused({ ledger = ":memory:" }):find "names no file")
    assert.truthy(refused({ ledger = "sqlite:" }):find "names no file")
    assert.truthy(refused({ ledger = "mysql://me:secret@db/x" }):find("mysql://me:***@db/x has an unknown scheme", 1, true))
    assert.is_nil(opening.default_ledger { path = "/dev/fd/63" })
    assert.equal("a/.dataworks.db", opening.default_ledger { path = "a/m.json" })
  end)

  it("client: it must lead to the region of the manifest", function()
    local manifest = fleet.manifest({ "a" }, "created", { region = "cn-shanghai" })
    local silent = {
      send = function() return nil, { kind = "transport", sent = false, message = "none" } end,
      sleep = function() end, close = function() end,
    }
    for region, is_refused in pairs { ["cn-beijing"] = true, ["cn-shanghai"] = false } do
      local client = dataworks.new { region = region, network = "vpc", transport = silent }
      local _, err = fleet:plan(manifest, { client = client, live = true })
      assert.equal(is_refused, tostring(err):find("the manifest is for cn%-shanghai, and the client for dataworks.cn%-beijing") ~= nil, tostring(err))
      client:close()
    end
  end)

  it("raise at the line of the caller before anything is written", function()
    local closed = dataworks.new { region = "cn-shanghai" }
    closed:close()
    local function message(more, wrap)
      local ok, problem = pcall(function()
        local function apply() fleet:apply(fleet.manifest { "a" }, more) end
        return wrap and wrap(apply) or apply()
      end)
      assert.is_false(ok)
      assert.truthy(problem:find "^spec/[%w/_]+.lua:%d+: dataworks.fleet.apply: ", problem)
      return problem
    end
    assert.truthy(message({ client = closed }):find "that is not closed")
    assert.truthy(message({ client = {} }):find "must be a client")
    assert.truthy(message({ lease = 1e300 }):find "lease must be at most 86400 seconds")
    assert.truthy(message({}, dataworks.run):find "outside dataworks.run")
    assert.is_nil(io.open(fleet.ledger))
    assert.equal(1, assert(fleet:apply(fleet.manifest { "a" }, { concurrency = 2 ^ 70 })).done)
  end)
end)
