local core = require "dataworks.core"
require "dataworks.api.core_data"

describe("core.faults", function()
  local function paths(value, updating)
    local list = {}
    for i, fault in ipairs(core.faults(value, updating)) do list[i] = fault.path .. ": " .. fault.message end
    table.sort(list)
    return list
  end

  local function script(changes)
    local value = {
      type = "realtime", setting = { resourceGroup = "g", taskType = "oneclick_to_odps" },
      steps = {
        { stepType = "mysql", category = "reader", parameter = { connection = { { datasource = "a", table = { "t" } } } } },
        { stepType = "odps", category = "writer", parameter = { datasource = "b" } },
      },
    }
    for name, change in pairs(changes or {}) do value[name] = change end
    return value
  end

  it("finds nothing in a right script", function()
    assert.same({}, core.faults(script()))
  end)

  it("finds the faults of all branches, and each unknown key", function()
    assert.same({
      "TaskParam.a: is not a documented key of this object", "TaskParam.b: is not a documented key of this object",
      "TaskParam.setting.resourceGroup: is missing", "TaskParam.setting.taskType: is missing",
      "TaskParam.steps[1].parameter: is missing", "TaskParam.steps[2].parameter: expected a table, got number",
      "TaskParam.version: expected text, got boolean",
    }, paths(script {
      a = 1, b = 2, version = true, setting = {},
      steps = { { stepType = "mysql", category = "reader" }, { stepType = "odps", category = "writer", parameter = 5 } },
    }))
  end)

  it("goes on after a value that JSON does not have", function()
    assert.same({ "TaskParam.extend.x: a function can't be JSON", "TaskParam.extend.y: is not a finite number; JSON has none" },
      paths(script { extend = { x = print, y = 0 / 0, z = 1 } }))
  end)

  it("names a list that contains itself where an object belongs", function()
    local value = script()
    value.steps[3] = value.steps
    assert.same({
      'TaskParam.steps[3].category: expected "reader" or "writer"', "TaskParam.steps[3]: contains itself",
    }, paths(value))
  end)

  it("has one fault for a value that is not an object", function()
    assert.same({ "TaskParam: expected a table, got string" }, paths "x")
  end)

  it("uses the rules of a change with `updating`", function()
    local steps = { { category = "reader", parameter = { connection = { { table = { "t" } } } } } }
    assert.same({}, core.faults({ steps = steps }, true))
    assert.is_true(#core.faults({ steps = steps }) > 1)
  end)

  it("ends after 100 faults", function()
    local many = {}
    for i = 1, 300 do many["k" .. i] = i end
    assert.equal(100, #core.faults(script(many)))
  end)

  it("leaves the core usable when it runs again and again", function()
    for _ = 1, 200 do core.faults(script { a = 1, steps = {} }) end
    assert.equal("[1]", core.encode { 1 })
  end)
end)
