require "dataworks.api.core_data"
local core = require "dataworks.core"
local cjson = require "cjson"
local files = require "spec.support.files"

local signer = core.signer { access_key_id = "id", access_key_secret = "secret" }

local function generate(script)
  return core.generate({ ProjectId = 1, TaskType = "DI_REALTIME", TaskParam = script },
    { signer = signer, endpoint = "https://example.com", date = 0, nonce = "n" })
end

local function script()
  return files.json "spec/scripts/mysql_to_odps.json"
end

local function refused(change)
  local task = script()
  change(task, task.steps[1], task.steps[2], task.steps[1].parameter.connection[1])
  local request, err = generate(task)
  assert.is_nil(request)
  assert.equal("invalid", err.kind)
  return err.path .. " " .. err.message
end

describe("a TaskParam", function()
  for _, name in ipairs {
    "mysql_to_odps", "mysql_to_kafka", "mysql_to_holo", "mysql_to_odps_single_database", "task_param_for_updating",
    "task_content_offline", "task_content_mysql_to_holo",
  } do
    it("keeps the data of a documented script: " .. name, function()
      local data = files.json("spec/scripts/" .. name .. ".json")
      assert.same(data, cjson.decode((assert(core.encode(data)))))
    end)
  end

  it("is compact and has the documented order of keys", function()
    local text = assert(core.encode(script()))
    assert.matches('^{"type":"realtime","version":"1.0","setting":{"resourceGroup":"[%w_]+","taskType":"oneclick_to_odps"},"steps":%[{"stepType":"mysql","parameter":{"connection":%[{"datasourceType":"mysql","datasource":"mysql_pub1","selectedTables":%[{"dbName":"mysql_db","schema":%[{"tableInfos":%[{"table":"molin_di_test_in_pk_v4"}%]}%]}%]}%]},"name":"Reader","category":"reader"},{"stepType":"odps","parameter":{"datasource":"odps_source"},"name":"Writer","category":"writer"}%]}$', text)
  end)

  it("writes unknown keys sorted, after the known ones", function()
    local task = script()
    task.steps[2].parameter.zeta, task.steps[2].parameter.alpha = 1, { x = {} }
    assert.matches('"datasource":"odps_source","alpha":{"x":{}},"zeta":1}', assert(core.encode(task)))
  end)

  it("sorts keys by their bytes, few keys or many", function()
    local all = { "", "\0", "\0\0", "\1", "A", "a", "a\0", "aa", "ab", "b", "\195\164", "\226\130\172" }
    for _, names in ipairs { all, { "", "\0" } } do
      for more = 0, 40 do -- so that the order of the table differs
        local given, expected = {}, {}
        for i, name in ipairs(names) do given[name], expected[i] = true, name end
        for i = 1, more do
          local name = "\240\159\152\128" .. 1000 + i
          given[name], expected[#names + i] = true, name
        end
        local found = {}
        for text in assert(core.encode(given)):gmatch '("[^"]*"):true' do found[#found + 1] = core.decode("[" .. text .. "]")[1] end
        assert.same(expected, found)
      end
    end
  end)

  it("decides what a table is by its content, and by the kind of its field only if it is empty", function()
    local function parameter(fields)
      return assert(core.encode({ steps = { { parameter = fields } } })):match '^{"steps":%[{"parameter":(.*)}%]}$'
    end
    assert.equal('{"preSql":{"type":"remove"}}', parameter { preSql = { type = "remove" } })
    assert.equal('{"column":{"a":[1]},"preSql":[]}', parameter { preSql = {}, column = { a = { 1 } } })
    assert.equal('{"connection":{"host":"h"}}', parameter { connection = { host = "h" } })
    assert.equal('{"steps":{"a":1}}', core.encode { steps = { a = 1 } })
    local task = script()
    task.steps[2].parameter.preSql, task.steps[2].parameter.postSql = { type = "remove" }, {}
    assert.truthy(assert(core.encode(task)):find('"preSql":{"type":"remove"},"postSql":[]', 1, true))
  end)

  describe("of a documented kind has no other keys than the documented ones", function()
    for what, case in pairs {
      ["at the top"] = { "setings", "setting", function(t) return t end },
      ["in setting"] = { "resourceGruop", "resourceGroup", function(t) return t.setting end },
      ["in a step"] = { "paramter", "parameter", function(_, reader) return reader end },
      ["in a connection"] = { "selectedTable", "selectedTables", function(_, _, _, connection) return connection end },
    } do
      it(what, function()
        local task = script()
        local object = case[3](task, task.steps[1], task.steps[2], task.steps[1].parameter.connection[1])
        object[case[1]] = "x"
        local text, err = core.encode(task)
        assert.is_nil(text)
        assert.matches("%." .. case[1] .. " is not a documented key of this object$", err.path .. " " .. err.message)
        assert.matches("did you mean " .. case[2], require("dataworks.util.nearest").explain(err).message)
      end)
    end

    it("and a misspelt key is named before the key that is missing", function()
      assert.equal("TaskParam.steps[1].paramter is not a documented key of this object", refused(function(_, reader)
        reader.paramter, reader.parameter = reader.parameter, nil
      end))
    end)

    it("but any key in the parameter of a plugin", function()
      local task = script()
      task.steps[2].parameter.resourceGruop = {}
      task.steps[1].parameter.paramter = 1
      assert.is_string(core.encode(task))
    end)

    it("and another script has any keys", function()
      for _, step in ipairs { 1, 2 } do
        local task = script()
        task.steps[step].stepType, task.steps[step].gui = "oracle", { x = 1 }
        task.setting.taskType = step == 2 and "oneclick_to_oracle" or task.setting.taskType
        task.setting.speed = { concurrent = 2 }
        assert.is_string((assert(core.encode(task))))
      end
    end)
  end)

  it("is not checked with the option unchecked", function()
    local task = { type = "realtime", setting = { resourceGruop = "g" }, steps = {} }
    assert.equal('{"type":"realtime","setting":{"resourceGruop":"g"},"steps":[]}', core.encode(task, true))
    local context = { signer = signer, endpoint = "https://example.com", date = 0, nonce = "n", unchecked = true }
    local params = { ProjectId = 1, TaskType = "DI_REALTIME", TaskParam = task }
    assert.truthy(assert(core.generate(params, context)).url:find("resourceGruop", 1, true))
    context.unchecked = nil
    assert.is_nil((core.generate(params, context)))
  end)

  it("writes an empty list where the field is a list", function()
    assert.equal('{"type":"job","steps":[],"order":{"hops":[]}}', core.encode { type = "job", steps = {}, order = { hops = {} } })
    assert.equal('{"steps":[{"parameter":{"connection":[{"table":[]}],"column":[]}}]}',
      core.encode { steps = { { parameter = { connection = { { table = {} } }, column = {} } } } })
  end)

  it("sends text unchanged after the check", function()
    local text = assert(core.encode(script())):gsub('"odps_source"', '"\\u00e9", "b" : [ 1.50 , {} ], "a":12345678901234567890 ')
    text = " \n" .. text
    local request = assert(generate(text))
    local sent = (request.url .. request.body):match "TaskParam=([^&]*)"
    assert.equal(text, (core.percent_decode(sent)))
    local nothing, err = generate '{"a":}'
    assert.is_nil(nothing)
    assert.equal("TaskParam is not JSON: expected a value at line 1, column 6 (byte 6)", err.path .. " " .. err.message)
    nothing, err = generate '{"a":"\255"}'
    assert.is_nil(nothing)
    assert.matches("not UTF%-8 at line 1, column 7", err.message)
    nothing, err = generate("\239\187\191" .. text)
    assert.is_nil(nothing)
    assert.equal("TaskParam begins with a byte order mark, which JSON must not have at line 1, column 1 (byte 1)", err.path .. " " .. err.message)
  end)

  it("is refused as text that has an object for a list, or a list for an object", function()
    for change, message in pairs {
      ['"setting":[]'] = "TaskParam.setting expected an object, got a list", ['"setting":[1]'] = "TaskParam.setting expected an object, got a list",
      ['"steps":{}'] = "TaskParam.steps expected a list, got an object", ['"steps":{"a":1}'] = "TaskParam.steps expected a list, got a table of names; a list of one table is { { ... } }",
    } do
      local name = change:match '^"%l+"'
      local text = assert(core.encode(script())):gsub(name .. ":[%[{].*", function() return change .. "}" end)
      if name == '"setting"' then text = text:sub(1, -2) .. ',"steps":[]}' end
      local nothing, err = generate(text)
      assert.is_nil(nothing)
      assert.equal(message, ((err.path .. " " .. err.message):gsub(" at line.*", "")))
    end
  end)

  it("accepts a 64-bit scheduleResgroupId as a number or a decimal string", function()
    local task = script()
    task.setting.scheduleResgroupId = "9007199254740993"
    assert.truthy(assert(core.encode(task)):find('"scheduleResgroupId":9007199254740993,', 1, true))
    task.setting.scheduleResgroupId = 30003913
    assert.truthy(assert(core.encode(task)):find('"scheduleResgroupId":30003913,', 1, true))
  end)

  describe("is refused with its path and the reason", function()
    local root = "TaskParam"
    for what, case in pairs {
      ["without type"] = { function(t) t.type = nil end, root .. ".type is missing" },
      ["with another type"] = { function(t) t.type = "job" end, root .. '.type expected "realtime"' },
      ["without setting"] = { function(t) t.setting = nil end, root .. ".setting is missing" },
      ["without resourceGroup"] = { function(t) t.setting.resourceGroup = nil end, root .. ".setting.resourceGroup is missing" },
      ["with a null resourceGroup"] = { function(t) t.setting.resourceGroup = core.null end, root .. ".setting.resourceGroup is missing" },
      ["with an empty resourceGroup"] = { function(t) t.setting.resourceGroup = "" end, root .. ".setting.resourceGroup is empty" },
      ["without taskType"] = { function(t) t.setting.taskType = nil end, root .. ".setting.taskType is missing" },
      ["without steps"] = { function(t) t.steps = nil end, root .. ".steps is missing" },
      ["with steps that are text"] = { function(t) t.steps = "x" end, root .. ".steps expected a list, got string" },
      ["with no step"] = { function(t) t.steps = {} end, root .. ".steps is an empty list" },
      ["with two readers"] = { function(t, reader) t.steps[3] = reader end,
        root .. ".steps expected exactly one reader step and one writer step, got 2 reader(s) and 1 writer(s)" },
      ["without writer"] = { function(t) t.steps[2] = nil end,
        root .. ".steps expected exactly one reader step and one writer step, got 1 reader(s) and 0 writer(s)" },
      ["with an unknown category"] = { function(_, reader) reader.category = "raeder" end,
        root .. '.steps[1].category expected "reader" or "writer"' },
      ["with a writer that doesn't fit"] = { function(_, _, writer) writer.stepType = "holo" end,
        root .. '.setting.taskType "oneclick_to_odps" doesn\'t fit the writer\'s stepType "holo"; expected "oneclick_to_holo"' },
      ["without stepType"] = { function(_, reader) reader.stepType = nil end, root .. ".steps[1].stepType is missing" },
      ["without parameter"] = { function(_, reader) reader.parameter = nil end, root .. ".steps[1].parameter is missing" },
      ["without connection"] = { function(_, reader) reader.parameter.connection = nil end, root .. ".steps[1].parameter.connection is missing" },
      ["with an empty connection"] = { function(_, reader) reader.parameter.connection = {} end, root .. ".steps[1].parameter.connection is an empty list" },
      ["without the reader's datasource"] = { function(_, _, _, c) c.datasource = nil end, root .. ".steps[1].parameter.connection[1].datasource is missing" },
      ["without the writer's datasource"] = { function(_, _, w) w.parameter.datasource = nil end, root .. ".steps[2].parameter.datasource is missing" },
      ["with neither kind of tables"] = { function(_, _, _, c) c.selectedTables = nil end,
        root .. ".steps[1].parameter.connection[1] expected either selectedTables (several databases) or table (one database), got neither" },
      ["with both kinds of tables"] = { function(_, _, _, c) c.table = { "x" } end,
        root .. ".steps[1].parameter.connection[1] expected either selectedTables (several databases) or table (one database), got both" },
      ["with an empty table list"] = { function(_, _, _, c) c.selectedTables, c.table = nil, {} end, root .. ".steps[1].parameter.connection[1].table is an empty list" },
      ["with empty selectedTables"] = { function(_, _, _, c) c.selectedTables = {} end, root .. ".steps[1].parameter.connection[1].selectedTables is an empty list" },
      ["with empty tableInfos"] = { function(_, _, _, c) c.selectedTables[1].schema[1].tableInfos = {} end,
        root .. ".steps[1].parameter.connection[1].selectedTables[1].schema[1].tableInfos is an empty list" },
      ["with an empty table name"] = { function(_, _, _, c) c.selectedTables[1].schema[1].tableInfos[1].table = "" end,
        root .. ".steps[1].parameter.connection[1].selectedTables[1].schema[1].tableInfos[1].table is empty" },
      ["with a table name that is a number"] = { function(_, _, _, c) c.selectedTables, c.table = nil, { 5 } end,
        root .. ".steps[1].parameter.connection[1].table[1] expected text, got number" },
      ["without dbName"] = { function(_, _, _, c) c.selectedTables[1].dbName = nil end, root .. ".steps[1].parameter.connection[1].selectedTables[1].dbName is missing" },
      ["with a list as setting"] = { function(t) t.setting = { "x" } end, root .. ".setting has a number as a key beside its names: a table is either a list or an object" },
    } do
      it(what, function()
        assert.equal(case[2], refused(case[1]))
      end)

      it(what .. ", as text", function()
        local task = script()
        case[1](task, task.steps[1], task.steps[2], task.steps[1].parameter.connection[1])
        local text = assert(core.encode(task, true))
        local request, err = generate(text)
        assert.is_nil(request)
        assert.equal("invalid", err.kind)
        local message = err.path .. " " .. err.message
        local expected = case[2]:gsub("has a number as a key.*", "expected an object, got a list")
        assert.equal(("%s at line 1, column %d (byte %d)"):format(expected, err.column, err.byte), message)
      end)
    end
  end)

  it("is refused with the line and the column when it is text", function()
    for key, change in pairs {
      ['"resourceGruop"'] = { '"resourceGroup"', '"resourceGruop"' }, ['"taskType"'] = { '"odps"', '"kafka"' },
      ['"dbName"'] = { '"mysql_db"', "5" }, ["{"] = { '"type"', '"extend"' },
    } do
      local text = files.read "spec/scripts/mysql_to_odps.json":gsub(change[1], change[2], 1)
      local _, err = generate(text)
      local line, number = nil, 0
      for one in text:gmatch "([^\n]*)\n?" do
        number = number + 1
        if number == err.line then line = one end
      end
      assert.equal(key, line:sub(err.column, err.column + #key - 1))
      assert.equal(key, text:sub(err.byte, err.byte + #key - 1))
      assert.matches(("at line %d, column %d %%(byte %d%%)$"):format(err.line, err.column, err.byte), err.message)
    end
  end)

  it("needs only a reader with its tables for an update", function()
    local row = { version = "2020-05-18", method = "POST", params = { { "TaskParam", "update_param", "query", required = true } } }
    local context = { signer = signer, endpoint = "https://example.com", date = 0, nonce = "n" }
    local task = files.json "spec/scripts/task_param_for_updating.json"
    assert.truthy(core.request("G", row, { TaskParam = task }, context))
    task.steps[1].parameter.connection[1].table = nil
    local nothing, err = core.request("G", row, { TaskParam = task }, context)
    assert.is_nil(nothing)
    assert.equal("TaskParam.steps[1].parameter.connection[1]", err.path)
    task.steps[1].category = "writer"
    nothing, err = core.request("G", row, { TaskParam = task }, context)
    assert.is_nil(nothing)
    assert.matches("exactly one reader step, got 0 reader", err.message)
  end)
end)
