local content = require "dataworks.emulator.service.content"
local content_to_param = require "dataworks.api.content_to_param"
local core = require "dataworks.core"
local files = require "spec.support.files"
local scripts = require "dataworks.emulator.service.script"

describe("the TaskParam of a configuration", function()
  --- Returns the TaskParam of a documented script, and what the service generates from it.
  local function generate(name)
    local text = files.read("spec/scripts/mysql_to_" .. name .. ".json")
    local script = scripts.parse_creating(text)
    script.name = script.name or "t"
    return core.decode(text), content_to_param.of(core.decode(content.write(script)))
  end

  for _, name in ipairs { "odps", "odps_single_database", "kafka", "holo" } do
    it("is the script from which the configuration was generated: MySQL to " .. name, function()
      local script, found = generate(name)
      for i, step in ipairs(script.steps) do
        local step_found = found.steps[i]
        for _, field in ipairs { "stepType", "category", "parameter" } do assert.same(step[field], step_found[field]) end
      end
      assert.same({ "realtime", "1.0", script.setting.resourceGroup, script.setting.taskType, #script.steps },
        { found.type, found.version, found.setting.resourceGroup, found.setting.taskType, #found.steps })
    end)
  end

  it("has none of what the service adds to the tables", function()
    local found = content_to_param.of(files.json "spec/scripts/task_content_mysql_to_holo.json")
    assert.same({ { connection = { {
      datasourceType = "mysql", datasource = "mm",
      selectedTables = { { dbName = "m", schema = { { tableInfos = { { table = "m_v1" } } } } } },
    } } }, { datasource = "h" } }, { found.steps[1].parameter, found.steps[2].parameter })
    assert.same({ { "mysql", "reader", "reader" }, { "holo", "writer", "writer" } }, {
      { found.steps[1].stepType, found.steps[1].category, found.steps[1].name },
      { found.steps[2].stepType, found.steps[2].category, found.steps[2].name },
    })
    assert.same({ resourceGroup = "280749", taskType = "oneclick_to_holo" }, found.setting)
  end)

  it("keeps the schemas of the databases", function()
    local function with(infos)
      local schema = { schemaName = "s", tableInfos = infos }
      return { connection = { { selectedTables = { { dbName = "d", schema = { schema } } } } } }
    end
    local steps = content_to_param.of { steps = {
      { category = "reader", parameter = with { { table = "t", enable = true } } }, { category = "writer", stepType = "holo" },
    } }.steps
    assert.same(with { { table = "t" } }, steps[1].parameter)
  end)

  it("needs no field of the configuration to be of a type, or to be there", function()
    local text = files.read "spec/scripts/task_content_mysql_to_holo.json"
    local count = 0
    for _, name in ipairs { "extend", "connection", "selectedTables", "schema", "tableInfos" } do
      for _, value in ipairs { "null", "1", '"x"', "[null]", "[1]", "{}", "[[]]" } do
        local changed, times = text:gsub('"' .. name .. '": %b[]', ('"%s": %s'):format(name, value), 1)
        if times == 0 then changed, times = text:gsub('"' .. name .. '": %b{}', ('"%s": %s'):format(name, value), 1) end
        count = count + times
        assert.equal("oneclick_to_holo", content_to_param.of(core.decode(changed)).setting.taskType)
      end
    end
    assert.equal(35, count)
  end)

  it("does not exist for other values, and for a configuration without a documented destination", function()
    for _, other in ipairs {
      "{}", "[]", '"x"', "1", "null", '{"steps":[]}', '{"steps":[{}]}', '{"steps":[null,1]}', '{"steps":null}',
      '{"steps":[{"category":"reader","stepType":"odps","parameter":{}}]}',
      '{"steps":[{"category":"writer","stepType":"oss","parameter":{}}]}',
    } do
      assert.is_nil(content_to_param.of(core.decode(other)), other)
    end
    local found = content_to_param.of { steps = { { category = "writer", stepType = "odps" }, { category = "reader" } } }
    assert.same({ "oneclick_to_odps", { connection = {} } }, { found.setting.taskType, found.steps[2].parameter })
  end)
end)
