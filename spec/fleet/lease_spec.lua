local databases = require "dataworks.database.database"
local dataworks = require "dataworks"
local ledgers = require "dataworks.fleet.ledger"
local manifests = require "dataworks.fleet.manifest"
local shell = require "spec.support.shell"
local support = require "spec.support.emulator"
local transports = require "dataworks.transport.choose"

describe("a runner of a fleet", function()
  local emulator, client, folder, ledger, requests, after_call

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    emulator:settings { pending_calls = 0, wait_calls = 0, kill_calls = 0 }
    folder = shell.output "mktemp -d"
    ledger, requests, after_call = folder .. "/ledger.db", {}, {}
    local real = transports.new { allow_http = true }
    client = dataworks.new {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret, retries = 0,
      transport = {
        send = function(_, request, limits)
          local action = request.headers["x-acs-action"]
          requests[#requests + 1] = { action = action, timeout = limits.timeout }
          local reply, failure = real:send(request, limits)
          if after_call[action] then after_call[action]() end
          return reply, failure
        end,
        sleep = function(_, seconds) return real:sleep(seconds) end, close = function() real:close() end,
      },
    }
  end)
  after_each(function()
    client:close()
    shell.output("rm -r " .. folder)
  end)

  local function fleet(count, state)
    local made = {
      project = 10000, fleet = "orders", tasks = {},
      defaults = { resource_group = "S_res_group_1_1", to = { odps = "odps_first" }, state = state or "created" },
    }
    for i = 1, count do made.tasks[i] = { name = "task" .. i, from = { mysql = "mysql_pub", tables = { shop = { "orders" .. i } } } } end
    return made
  end

  local function offline()
    return {
      project = 10000, fleet = "orders", tasks = {
        {
          name = "nightly", type = "DI_OFFLINE", schedule = "0 2 * * *", state = "deployed",
          TaskContent = require("spec.support.files").read "spec/scripts/task_content_offline.json",
        },
      },
    }
  end

  --- Applies a manifest. Calls `at[step]` once, before the call of that step. Returns the result, and counts of events.
  local function apply(manifest, options)
    local events, at = {}, options.at or {}
    local result, err = dataworks.fleet.apply {
      manifest = manifest, ledger = ledger, client = client, lease = options.lease, concurrency = options.concurrency,
      on_event = function(event)
        events[event.type] = (events[event.type] or 0) + 1
        local act = at[event.step]
        if act then
          at[event.step] = nil
          act()
        end
      end,
    }
    return result, events, err
  end

  local function sql(text)
    local database = databases.open(ledger, { sleep = dataworks.sleep })
    local rows = database:transaction(function(db) return db:query(text) end)
    database:close()
    return rows
  end

  --- What another runner does that claims the tasks: it gets the next fencing number, and finishes soon.
  local function steal() sql "update tasks set fence = fence + 1, owner = 'thief', state = 2" end

  local function calls(action) return #emulator:journal(action) end

  it("makes no further call of a flow or of a publication once another runner has the task", function()
    apply(fleet(1), { at = { GenerateDISyncTaskConfigForCreating = steal } })
    assert.same({ 1, 0 }, { calls "GenerateDISyncTaskConfigForCreating", calls "CreateDISyncTask" })
    sql "delete from tasks"
    local _, events = apply(offline(), { at = { SubmitFile = steal } })
    assert.same({ 1, 1, 0, 1 }, { calls "CreateDISyncTask", calls "SubmitFile", calls "DeployFile", events.lost })
  end)

  it("writes nothing about a task that another runner has", function()
    apply(fleet(1), { at = { CreateDISyncTask = steal } })
    assert.same({ 1, nil }, { calls "CreateDISyncTask", sql("select file_id from tasks")[1].file_id })
  end)

  it("gives each call that changes something a timeout within the lease, and leaves reads as they are", function()
    assert.equal(1, apply(fleet(1, "running"), { lease = 20 }).done)
    local reads, changes = 0, 0
    for _, request in ipairs(requests) do
      if request.action:find "^Get" or request.action:find "^Query" then
        reads = reads + (request.timeout > 20 and 1 or 0)
      else
        changes = changes + (request.timeout <= 20 and 1 or -9)
      end
    end
    assert.equal(4, changes)
    assert.truthy(reads > 0)
  end)

  it("makes no call after it stood still for longer than its lease, and takes the task up again", function()
    local result, events = apply(fleet(1), { lease = 1, at = { CreateDISyncTask = function() shell.output "sleep 1.3" end } })
    assert.same({ 1, 1, 1 }, { result.done, events.lost, calls "CreateDISyncTask" })
    assert.equal("2", sql("select cast(fence as text) as fence from tasks")[1].fence)
  end)

  it("keeps its claim during waits that are longer than the lease", function()
    emulator:settings { pending_calls = 2 } -- The two waits take at least 1.25 seconds.
    local result, events = apply(fleet(1), { lease = 1 })
    assert.same({ 1, nil }, { result.done, events.lost })
    assert.equal("1", sql("select cast(fence as text) as fence from tasks")[1].fence)
  end)

  it("has written the state of a flow before each of its calls, and removes it at the end", function()
    local before
    local result = apply(fleet(1), { at = { CreateDISyncTask = function() before = sql "select flow from flows" end } })
    assert.same({ 1, 1, {} }, { result.done, #before, sql "select * from flows" })
    assert.truthy(before[1].flow:find("TaskContent", 1, true))
  end)

  it("loses nothing when the ledger is gone after a call succeeded: the next run makes the same call", function()
    after_call.CreateDISyncTask = function() sql "alter table tasks rename to gone" end
    local result, _, err = apply(fleet(1), { lease = 1 })
    assert.is_nil(result)
    assert.equal("ledger", err.kind)
    after_call = {}
    sql "alter table gone rename to tasks"
    assert.equal(1, apply(fleet(1), {}).done)
    local first, second = (table.unpack or unpack)(emulator:journal "CreateDISyncTask")
    assert.same({ "acted", "replayed" }, { first.outcome, second.outcome })
    assert.equal(1, calls "GenerateDISyncTaskConfigForCreating")
  end)

  describe("in the ledger", function()
    local opened
    local function open(count)
      local manifest = assert(manifests.check(fleet(count)))
      opened = ledgers.open(ledger, manifest.key)
      opened:enqueue(manifest.tasks)
      return manifest.tasks
    end
    after_each(function() opened:close() end)

    it("takes the tasks of dead runners before queued ones", function()
      open(3)
      sql "update tasks set state = 1, owner = 'dead', next_at = next_at - 1000 where name = 'task3'"
      assert.equal("task3", opened:claim("a", 1, 60)[1].name)
    end)

    it("ends a claim once, although the reply of the database was lost and it writes again", function()
      local tasks = open(2)
      local claims = opened:claim("a", 2, 60)
      assert.same({ true, true }, { opened:finish(claims[1], tasks[1].digest), opened:finish(claims[1], tasks[1].digest) })
      assert.same({ true, true }, { opened:give_back(claims[2], "no", 0), opened:give_back(claims[2], "no", 0) })
      assert.same({ "2", 1 }, { opened:claim("a", 2, 60)[1].tries, opened:counts()["2"] })
      assert.is_false(opened:finish(claims[2], tasks[2].digest))
    end)
  end)
end)
