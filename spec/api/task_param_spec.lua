local core = require "dataworks.core"
local dataworks = require "dataworks"
local fake = require "spec.support.fake"
local files = require "spec.support.files"

local GROUP = "S_res_group_280749521950784_1623033752022"

local function spec(changes)
  local made = { from = { mysql = "m", tables = { "t" } }, to = { odps = "o" }, resource_group = "g" }
  for name, value in pairs(changes or {}) do made[name] = value end
  return made
end

describe("the builder", function()
  it("builds the documented scripts", function()
    for file, source in pairs {
      odps = { "mysql_pub1", "odps", "odps_source", "molin_di_test_in_pk_v4" },
      kafka = { "pkset_test", "kafka", "azn_kafka", "molin_di_test_in_pk_v4" },
      holo = { "mysql_pub", "holo", "holo", "molin_di_test_in2_pk_v3" },
    } do
      assert.same(files.json("spec/scripts/mysql_to_" .. file .. ".json"), dataworks.task {
        from = { mysql = source[1], tables = { mysql_db = { source[4] } } },
        to = { [source[2]] = source[3] },
        resource_group = GROUP,
      })
    end
  end)

  it("builds the documented script of one database, with name and schedule group", function()
    assert.same(files.json "spec/scripts/mysql_to_odps_single_database.json", dataworks.task {
      from = { mysql = "mysql_pub", tables = { "xyx" } },
      to = { odps = "odps_first" },
      resource_group = GROUP,
      name = "openapi_realtime_solution_0813_1739",
      schedule_resource_group_id = 30003913,
    })
  end)

  it("builds scripts that the encoder accepts", function()
    assert.is_string(core.encode(dataworks.task(spec())))
  end)

  it("sorts databases by name and keeps the order of their tables", function()
    local task = dataworks.task(spec { from = { mysql = "m", tables = { zoo = { "b", "a" }, art = { "z" }, mid = { "y" } } } })
    local found = {}
    for _, database in ipairs(task.steps[1].parameter.connection[1].selectedTables) do
      for _, info in ipairs(database.schema[1].tableInfos) do found[#found + 1] = database.dbName .. "." .. info.table end
    end
    assert.same({ "art.z", "mid.y", "zoo.b", "zoo.a" }, found)
  end)

  it("accepts the schedule group's id as a number or as digits", function()
    assert.equal(30003913, dataworks.task(spec { schedule_resource_group_id = "30003913" }).setting.scheduleResgroupId)
  end)

  it("shares no table with its argument", function()
    local given = spec()
    local task = dataworks.task(given)
    given.from.tables[1] = "changed"
    assert.same({ "t" }, task.steps[1].parameter.connection[1].table)
  end)

  it("raises at the line that misuses it, with an example of what to write", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() local made = dataworks.task { form = {} } return made end)
    assert.matches(("task_param_spec.lua:%d: dataworks.task: unknown option form; did you mean from%%?"):format(line), message)
    for text, given in pairs {
      ["expected a table, as in { from = .+, got nil"] = false,
      ["from is missing: from = { mysql"] = { to = { odps = "o" }, resource_group = "g" },
      ["to is missing: to = { odps"] = { from = { mysql = "m", tables = { "t" } }, resource_group = "g" },
      ["from.tables%[2%] is nil: the list has a hole"] = spec { from = { mysql = "m", tables = { "t", nil, "u" } } },
      ["resource_group is missing: .*S_res_group"] = spec { resource_group = "" },
      ["from must be a table, got a string"] = spec { from = "mysql" },
      ["from.mysql must be a name, got nil"] = spec { from = { tables = { "t" } } },
      ["from: unknown field mysq; did you mean mysql%?"] = spec { from = { mysq = "m", tables = { "t" } } },
      ["from: unknown field oracle%. A source is from = { mysql"] = spec { from = { oracle = "o" } },
      ["from.tables must be { \"orders\" } for one database, or { db = { \"orders\" } } for several, got nil"] = spec { from = { mysql = "m" } },
      ["from.tables must be { .*, got an empty table"] = spec { from = { mysql = "m", tables = {} } },
      ["from.tables must be { .*, got a string"] = spec { from = { mysql = "m", tables = "orders" } },
      ["from.tables.db must be a list of table names, as in { \"orders\" }, got a string"] =
        spec { from = { mysql = "m", tables = { db = "orders" } } },
      ["from.tables.db must be a list of table names, as in { \"orders\" }, got an empty table"] = spec { from = { mysql = "m", tables = { db = {} } } },
      ["from.tables: expected either a list of table names, or lists of table names by database, not both"] =
        spec { from = { mysql = "m", tables = { "t", db = { "u" } } } },
      ["from.tables%[2%] must be a name, got a number"] = spec { from = { mysql = "m", tables = { "t", 5 } } },
      ["to: expected exactly one destination, got none; the destinations are holo %(Hologres%), kafka, odps %(MaxCompute%)"] = spec { to = {} },
      ["to: expected exactly one destination, got several"] = spec { to = { odps = "o", holo = "h" } },
      ["to: unknown destination hologres%. The destinations are holo %(Hologres%), kafka, odps"] = spec { to = { hologres = "h" } },
      ["to.odps must be a name, got a table"] = spec { to = { odps = {} } },
      ["schedule_resource_group_id must be a whole number"] = spec { schedule_resource_group_id = 1.5 },
      ["schedule_resource_group_id must be a number, got a string"] = spec { schedule_resource_group_id = "S_1" },
    } do
      local ok, said = pcall(dataworks.task, given or nil)
      assert.is_false(ok, text)
      assert.matches(text, said)
    end
  end)
end)

describe("the option unchecked", function()
  local WRONG = { type = "realtime", setting = { resourceGruop = "g" } }
  local TEXT = '{"type":"realtime","setting":{"resourceGruop":"g"}}'
  local params = { ProjectId = 1, TaskType = "DI_REALTIME", TaskParam = WRONG }

  it("of encode passes a script that is refused otherwise", function()
    assert.equal(TEXT, dataworks.encode(WRONG, { unchecked = true }))
    for _, options in ipairs { {}, { unchecked = false } } do
      local text, err = dataworks.encode(WRONG, options)
      assert.is_nil(text)
      assert.equal("TaskParam.steps: is missing", tostring(err))
    end
    assert.error_matches(function() dataworks.encode(WRONG, { uncheked = true }) end, "uncheked.*did you mean unchecked")
  end)

  it("of generate, call and request sends it", function()
    local function answers() return { fake.good { Status = "success", ProcessId = 7 } } end
    for name, send in pairs {
      generate = function(client, options) return client:generate(params, options) end,
      call = function(client, options) return client:call("GenerateDISyncTaskConfigForCreating", params, options) end,
    } do
      local client, world = fake.client(answers())
      local result, err = send(client)
      assert.is_nil(result)
      assert.equal("TaskParam.steps", err.path)
      assert.equal(0, #world.sent, name)
      assert(send(client, { unchecked = true }))
      assert.equal(TEXT, fake.params(world.sent[1]).TaskParam)
    end
    local client = fake.client {}
    assert.is_nil((client:request("GenerateDISyncTaskConfigForCreating", params)))
    local request = assert(client:request("GenerateDISyncTaskConfigForCreating", params, { unchecked = true }))
    assert.equal(TEXT, fake.params(request).TaskParam)
  end)
end)
