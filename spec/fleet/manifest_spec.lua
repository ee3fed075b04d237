local core = require "dataworks.core"
local files = require "spec.support.files"
local manifest = require "dataworks.fleet.manifest"
local shell = require "spec.support.shell"

local function source(tasks, more)
  local made = {
    project = 10000, fleet = "orders", tasks = tasks,
    defaults = { resource_group = "S_res_group_1_1", to = { odps = "odps_first" }, state = "running" },
  }
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

local function faults_of(value)
  local read, faults = manifest.check(value)
  assert.is_nil(read)
  local lines = {}
  for _, fault in ipairs(faults) do lines[#lines + 1] = fault.path .. " " .. fault.message end
  return lines
end

describe("a manifest", function()
  local folder
  setup(function() folder = shell.output "mktemp -d" end)
  teardown(function() shell.output("rm -r " .. folder) end)

  it("leaves no file open", function()
    for _, text in ipairs { "{", '{"project":1}', "[]" } do
      local path = folder .. "/left.json"
      files.write(path, text)
      assert.equal(0, files.count_left_open(manifest.read, path))
    end
  end)

  it("has tasks with the defaults of the file", function()
    local read = assert(manifest.check(source { { name = "a", from = { mysql = "m", tables = { db = { "t" } } } } }))
    local task = read.tasks[1]
    assert.same({ "a", "DI_REALTIME", "running" }, { task.name, task.task_type, task.state })
    assert.truthy(task.script:find('"datasource":"odps_first"', 1, true))
    assert.equal("/10000/orders", read.key)
  end)

  it("gives equal digests to equal scripts, and other digests to other ones", function()
    local function digest(tables_of, state)
      local read = assert(manifest.check(source { { name = "a", from = { mysql = "m", tables = tables_of }, state = state } }))
      return read.tasks[1].digest
    end
    assert.equal(digest { db = { "t" } }, digest { db = { "t" } })
    assert.are_not.equal(digest { db = { "t" } }, digest { db = { "u" } })
    assert.are_not.equal(digest { db = { "t" } }, digest({ db = { "t" } }, "created"))
  end)

  it("is refused with all faults at once, by name and path", function()
    local lines = table.concat(faults_of(source {
      { name = "a", from = { mysql = "m", tables = {} } },
      { name = "b", TaskContent = "{}", stat = "created" },
      { name = "b", type = "DI_OFFLINE", TaskContent = { type = "job" }, state = "deployed" },
      { name = "c", type = "DI_OFFLINE", TaskContent = "{" },
    }), "\n")
    for _, expected in ipairs {
      "tasks[1] from.tables", "tasks[2].stat is not a field", "did you mean state?", "tasks[3].name is also the name of tasks[2]",
      "tasks[3].TaskContent.version is missing", "tasks[4].state an offline task is run by its schedule",
      "tasks[4].TaskContent the text",
    } do
      assert.truthy(lines:find(expected, 1, true), expected .. "\n" .. lines)
    end
  end)

  it("is refused if its members have names of several types, or its tasks are no list", function()
    assert.same({ "1 is not a field of a manifest.", "true is not a field of a manifest." }, faults_of(source({}, { "x", [true] = 1 })))
    assert.same({ "tasks expected a list of tasks; it has the member a" }, faults_of(source { a = { name = "a" } }))
    assert.same({ "tasks[1] is nil: the list has a hole" }, faults_of(source { [2] = { name = "a" } }))
  end)

  it("is refused if a text is not UTF-8, or a value has no JSON", function()
    local content = { type = "job", version = "2.0", steps = { { stepType = "x", category = "reader", parameter = { a = print } } } }
    assert.same({
      "tasks[1].folder is not UTF-8: byte 1, counted from 1", "tasks[2].TaskContent.steps[1].parameter.a a function can't be JSON",
    }, faults_of(source { { name = "a", folder = "\255" }, { name = "b", type = "DI_OFFLINE", state = "created", TaskContent = content } }))
  end)

  it("has one fault for each wrong value", function()
    assert.same({ "fleet expected a string, got null", "project expected the id of a workspace" }, faults_of(source({}, { fleet = core.null, project = 1.5 })))
    assert.same({ " a manifest is an object, got null" }, faults_of(core.null))
    assert.same({ "defaults.name is not a field of a manifest." }, faults_of(source({}, { defaults = { name = "a" } })))
  end)

  it("names a number of more than 64 bits as a number, and takes an id that is one of 64 bits", function()
    local long = core.decode "99999999999999999999999"
    assert.same({
      "fleet expected a string, got the number 99999999999999999999999",
      "project expected the id of a workspace, got the number 99999999999999999999999",
    }, faults_of(source({}, { fleet = long, project = long })))
    assert.same({ " a manifest is an object, got the number 99999999999999999999999" }, faults_of(long))
    assert.equal("9007199254740993", manifest.check(source({}, { project = core.decode "9007199254740993" })).project)
  end)

  it("in JSON names the line and the column of each fault", function()
    files.write(folder .. "/m.json", '{ "project": 1, "fleet": "f",\n  "tasks": [ { "name": "a",\n    "state": "x" } ] }')
    local read, faults = manifest.read(folder .. "/m.json")
    assert.is_nil(read)
    assert.same({ "tasks[1].state", 3 }, { faults[2].path, faults[2].line })
  end)

  it("in Lua is a table, or a program that returns one", function()
    for _, text in ipairs { "return { project = 1, fleet = 'f', tasks = {} }", "return function() return { project = 1, fleet = 'f', tasks = {} } end" } do
      files.write(folder .. "/m.lua", text)
      assert.same({}, assert(manifest.read(folder .. "/m.lua")).tasks)
    end
    files.write(folder .. "/m.lua", "error 'no'")
    local _, faults = manifest.read(folder .. "/m.lua")
    assert.truthy(faults[1].message:find("no", 1, true))
    files.write(folder .. "/m.lua", "error {}")
    assert.equal("the program raised a table", select(2, manifest.read(folder .. "/m.lua"))[1].message)
  end)

  it("that is no manifest is refused", function()
    for _, value in ipairs { 1, {}, { project = "x", fleet = "a b", tasks = { [3] = {} } }, { tasks = 1 } } do
      assert.truthy(#faults_of(value) > 0)
    end
    local _, faults = manifest.read(folder .. "/none.json")
    assert.truthy(faults[1].message:find "No such file")
  end)
end)
