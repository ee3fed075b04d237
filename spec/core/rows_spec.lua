local actions = require "dataworks.api.actions"
local core = require "dataworks.core"
local files = require "spec.support.files"
local native = require "spec.support.native"
local writers = require "dataworks.api.writers"
require "dataworks.api.core_data"

local GENERATE = actions.GenerateDISyncTaskConfigForCreating

local context = {
  signer = core.signer { access_key_id = "id", access_key_secret = "secret" }, endpoint = "https://example.com", date = 0, nonce = "n",
}

local function row(params)
  return { version = "2020-05-18", method = "POST", params = params or { { "Name", "string", "query" } } }
end

describe("a row of an action", function()
  it("is used again, and collected with its last reference", function()
    local one = row()
    local weak = setmetatable({ one }, { __mode = "v" })
    for i = 1, 3 do
      assert.equal("https://example.com/?Name=" .. i, core.request("A", one, { Name = tostring(i) }, context).url)
    end
    one = nil -- luacheck: ignore 311
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)

  it("is compiled once: later changes have no effect", function()
    local one = row { { "Name", "string", "query", values = { "a", "b" } } }
    assert.truthy(core.request("A", one, { Name = "a" }, context))
    one.params[1].values, one.params[2], one.version = { "c" }, { "Other", "string", "query" }, "v"
    collectgarbage()
    assert.equal("2020-05-18", core.request("A", one, { Name = "b" }, context).headers["x-acs-version"])
    local made, err = core.request("A", one, { Name = "c" }, context)
    assert.is_nil(made)
    assert.equal("expected a or b, got \"c\"", err.message)
  end)

  it("raises when it has the wrong shape", function()
    local many = {}
    for i = 1, 129 do many[i] = { "P" .. i, "string", "query" } end
    for message, bad in pairs {
      ["table expected as params"] = { version = "v", method = "GET" }, ["string expected as version"] = { method = "GET", params = {} },
      ["string expected as method"] = { version = "v", params = {} }, ["table expected as parameter 1"] = row { "Name" },
      ["string expected as name of a parameter"] = row { { 1, "string", "query" } },
      ["unknown parameter type text"] = row { { "Name", "text", "query" } }, ["string expected as place of a parameter"] = row { { "Name", "string" } },
      ["string expected as value"] = row { { "Name", "string", "query", values = { 1 } } }, ["more than 128 parameters"] = row(many),
    } do
      for _ = 1, 2 do assert.error_matches(function() core.request("A", bad, {}, context) end, message) end
    end
  end)
end)

describe("configure", function()
  local function with_writers(rows, check)
    core.configure { generate = GENERATE, writers = rows }
    local ok, message = pcall(check)
    core.configure { generate = GENERATE, writers = writers }
    assert(ok, message)
  end

  local function script(changes)
    local task = files.json "spec/scripts/mysql_to_odps.json"
    for name, value in pairs(changes or {}) do task.steps[2][name] = value end
    return task
  end

  it("adds a writer with its own task type and required fields", function()
    local clickhouse = { step_type = "clickhouse", task_type = "into_clickhouse", required = { "datasource", "database" } }
    with_writers({ clickhouse, writers[1] }, function()
      local task = script { stepType = "clickhouse" }
      local text, err = core.encode(task)
      assert.is_nil(text)
      assert.same({ "TaskParam.setting.taskType", '"oneclick_to_odps" doesn\'t fit the writer\'s stepType "clickhouse"; expected "into_clickhouse"' },
        { err.path, err.message })
      task.setting.taskType = "into_clickhouse"
      text, err = core.encode(task)
      assert.is_nil(text)
      assert.same({ "TaskParam.steps[2].parameter.database", "is missing" }, { err.path, err.message })
      task.steps[2].parameter.database = "d"
      assert.is_string(core.encode(task))
      assert.is_string(core.encode(script()))
    end)
  end)

  it("leaves writers without a row to the rule of the documented ones", function()
    local task = script { stepType = "hive" }
    task.setting.taskType = "oneclick_to_hive"
    assert.is_string(core.encode(task))
    task.steps[2].parameter.datasource = nil
    assert.equal("TaskParam.steps[2].parameter.datasource", select(2, core.encode(task)).path)
  end)

  it("raises for data of the wrong shape and keeps the data before", function()
    for message, data in pairs {
      ["tables expected as generate and writers"] = { generate = GENERATE }, ["table expected as row 1"] = { generate = GENERATE, writers = { 1 } },
      ["table expected as required"] = { generate = GENERATE, writers = { { step_type = "a", task_type = "b" } } },
      ["string expected as step_type"] = { generate = GENERATE, writers = { { task_type = "b", required = {} } } },
      ["string expected as required"] = { generate = GENERATE, writers = { { step_type = "a", task_type = "b", required = { 1 } } } },
    } do
      assert.error_matches(function() core.configure(data) end, message)
    end
    assert.is_string(core.encode(script()))
  end)

  it("has to come before generate and before a realtime script", function()
    local output = native.run [[
      local core = require "dataworks.core"
      print(pcall(core.generate, {}, {}))
      print(pcall(core.encode, { type = "realtime", setting = {}, steps = {} }))
      print(core.encode { type = "job" })
    ]]
    assert.equal('false\tdataworks.core has no row for generate: require "dataworks.api.core_data"\n'
      .. 'false\tdataworks.core knows no TaskParam writers: require "dataworks.api.core_data"\n{"type":"job"}\n', output)
  end)
end)
