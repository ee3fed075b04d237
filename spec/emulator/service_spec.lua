local actions = require "dataworks.api.actions"
local declared = require "spec.support.declared"
local files = require "spec.support.files"
local json = require "dataworks.emulator.json"
local service = require "dataworks.emulator.service"
local new_settings = require("dataworks.emulator.settings").defaults
local writers = require "dataworks.api.writers"

local ODPS = files.read "spec/scripts/mysql_to_odps.json"
local OFFLINE = files.read "spec/scripts/task_content_offline.json"

local function new(changes)
  local settings = new_settings()
  settings.pending_calls = 0
  for name, value in pairs(changes or {}) do
    settings[name] = value
  end
  local made = service.new { settings = settings, now = function() return 1638859251 end }

  --- Returns the decoded Data of the reply, or nil and the code of the refusal; then the outcome and the detail.
  return function(action, params, account)
    params.ProjectId = params.ProjectId or "10000"
    params.TaskType = params.TaskType or "DI_REALTIME"
    local result = made:call(action, params, actions[action], account or "account")
    if result.refusal then
      return nil, result.refusal.code, result.outcome, result.detail
    end
    return declared.body("2020-05-18", action, result).Data, nil, result.outcome, result.detail
  end
end

local function generate(call, script, changes)
  local params = { TaskParam = script }
  for name, value in pairs(changes or {}) do
    params[name] = value
  end
  return call("GenerateDISyncTaskConfigForCreating", params)
end

local function query(call, id, task_type)
  return call("QueryDISyncTaskConfigProcessResult", { AsyncProcessId = id, TaskType = task_type })
end

local function create(call, params)
  params.TaskContent = params.TaskContent or OFFLINE
  return call("CreateDISyncTask", params)
end

local function on_task(call, id, task_type)
  return function(action, params)
    params = params or {}
    params.FileId, params.TaskType = id, task_type
    return call(action, params)
  end
end

local function edit(script, change)
  local value = json.decode(script)
  change(value)
  return json.encode(value)
end

describe("generating a configuration", function()
  it("turns the documented script to Hologres into the documented content", function()
    local call = new()
    local documented = json.decode(files.read "spec/scripts/task_content_mysql_to_holo.json")
    local script = edit(files.read "spec/scripts/mysql_to_holo.json", function(value)
      value.setting.resourceGroup, value.setting.name = "280749", "h"
      value.steps[1].parameter.connection[1].datasource = "mm"
      value.steps[1].parameter.connection[1].selectedTables[1].dbName = "m"
      value.steps[1].parameter.connection[1].selectedTables[1].schema[1].tableInfos[1].table = "m_v1"
      value.steps[2].parameter.datasource = "h"
    end)
    local id = generate(call, script).ProcessId
    assert.same(documented, json.decode(query(call, tostring(id)).TaskContent))
  end)

  for _, destination in ipairs { "odps", "kafka", "holo" } do
    it("keeps the tables of a script to " .. destination, function()
      local call = new()
      local script = files.read("spec/scripts/mysql_to_" .. destination .. ".json")
      local content = json.decode(query(call, tostring(generate(call, script).ProcessId)).TaskContent)
      local writer = content.steps[2]
      local rules = writer.parameter.tableMappingRule
      assert.same({ "migration_" .. destination, "job", "2.0", destination, 1 },
        { content.extend.mode, content.type, content.version, writer.stepType, rules.totalTableMapping })
      assert.is_truthy(script:find('"' .. rules.datasource[1].tableRule[1].srcTable .. '"', 1, true))
    end)
  end

  describe("with a new writer", function()
    local NEW = {
      step_type = "invented", task_type = "oneclick_to_invented", required = { "datasource", "cluster" },
      content = {
        write_mode = "upsert", destination_table = "{database}_{table}", created_table = { "tableName", "{table}" },
        column_type = "Int64",
      },
    }

    setup(function() writers[#writers + 1] = NEW end)
    teardown(function() writers[#writers] = nil end)

    local function script(parameter)
      return edit(ODPS, function(value)
        value.setting.taskType = NEW.task_type
        value.steps[2].stepType, value.steps[2].parameter = NEW.step_type, parameter
      end)
    end

    it("writes the content that its row describes", function()
      local call = new()
      local id = generate(call, script { datasource = "d", cluster = "c" }).ProcessId
      local content = json.decode(query(call, tostring(id)).TaskContent)
      local writer = content.steps[2]
      assert.same({ "migration_invented", "invented", "upsert" },
        { content.extend.mode, writer.stepType, writer.parameter.writeMode })
      local rule = writer.parameter.tableMappingRule.datasource[1].tableRule[1]
      assert.equal(rule.srcDbName .. "_" .. rule.srcTable, rule.dstTable)
      assert.same({ rule.srcTable, "Int64" },
        { rule.dstCreateTableInfo.tableName, rule.dstCreateTableInfo.dataColumn[1].type })
    end)

    it("needs the parameters that its row requires", function()
      assert.equal("steps[2].parameter.cluster must be a text",
        select(4, generate(new(), script { datasource = "d" })))
    end)
  end)

  it("does not update a task whose content was not generated", function()
    local call = new()
    local content = edit(OFFLINE, function(value)
      value.extend = { mode = "m", resourceGroup = "g", name = "n" }
      value.steps = json.list { json.decode(ODPS).steps[1], json.decode(ODPS).steps[2] }
      value.steps[2].stepType = "unheard_of"
    end)
    local id = tostring(create(call, { TaskContent = content }).FileId)
    local update = { TaskId = id, TaskParam = files.read "spec/scripts/task_param_for_updating.json" }
    assert.same({ Status = "fail", Message = "fileId:[" .. id .. "] was not generated from a script." },
      (call("GenerateDISyncTaskConfigForUpdating", update)))
  end)

  it("accepts a single-database script and uses its name", function()
    local call = new()
    local id = generate(call, files.read "spec/scripts/mysql_to_odps_single_database.json").ProcessId
    local content = json.decode(query(call, tostring(id)).TaskContent)
    assert.equal("openapi_realtime_solution_0813_1739", content.extend.name)
    assert.same({ "xyx" }, { content.steps[1].parameter.connection[1].table[1] })
  end)

  local pending = {
    absent = { Message = "" },
    empty = {},
    null = json.null,
    processing = { Status = "processing", Message = "" },
    no_content = { Status = "success", Message = "", TaskContent = "" },
  }
  for form, data in pairs(pending) do
    it("answers " .. form .. " for as many calls as the setting says", function()
      local call = new { pending_calls = 2, pending_form = form }
      local id = tostring(generate(call, ODPS).ProcessId)
      assert.same({ data, data }, { (query(call, id)), (query(call, id)) })
      assert.equal("success", query(call, id).Status)
    end)
  end

  it("finds no process of another project, task type or id", function()
    local call = new()
    local id = tostring(generate(call, ODPS).ProcessId)
    local unknown = { Status = "fail", Message = "fileId:[" .. id .. "] is invalid." }
    assert.same(unknown, (query(call, id, "DI_SOLUTION")))
    local elsewhere = { AsyncProcessId = id, ProjectId = "2" }
    assert.same(unknown, (call("QueryDISyncTaskConfigProcessResult", elsewhere)))
    assert.same({ Status = "fail", Message = "fileId:[5] is invalid." }, (query(call, "5")))
  end)

  it("counts ids past 2^53 without losing a digit", function()
    local call = new { first_id = "9007199254740992" }
    assert.equal("9007199254740992", tostring(generate(call, ODPS).ProcessId))
    assert.equal("9007199254740993", tostring(generate(call, ODPS).ProcessId))
    assert.equal("success", query(call, "0009007199254740993").Status)
  end)

  it("names each configuration whose script has no name after its process, so that tasks without a name differ", function()
    local call = new()
    local first, second = tostring(generate(call, ODPS).ProcessId), tostring(generate(call, ODPS).ProcessId)
    for _, id in ipairs { first, second } do
      local task_content = query(call, id).TaskContent
      assert.equal("mysql_to_odps_sync_" .. id, json.decode(task_content).extend.name)
      assert.is_truthy(create(call, { TaskContent = task_content }))
    end
    assert.is_truthy(create(call, {}))
    assert.is_truthy(create(call, {}))
  end)

  it("refuses offline tasks, which have no generated configuration", function()
    assert.equal("Invalid.DI.Parameter", select(2, generate(new(), ODPS, { TaskType = "DI_OFFLINE" })))
  end)

  local wrong = {
    ["type must be realtime"] = function(script) script.type = "job" end,
    ["version must be 1.0"] = function(script) script.version = "2.0" end,
    ["setting.taskType is not known"] = function(script) script.setting.taskType = "oneclick_to_mars" end,
    ["setting.resourceGroup must be a text"] = function(script) script.setting.resourceGroup = nil end,
    ["steps must have a writer"] = function(script) script.steps[2] = nil end,
    ["steps[2].category occurs twice: reader"] = function(script) script.steps[2].category = "reader" end,
    ["steps[2].stepType must be odps"] = function(script) script.steps[2].stepType = "kafka" end,
    ["steps[1].stepType must be mysql"] = function(script) script.steps[1].stepType = "oracle" end,
    ["steps[2].parameter.datasource must be a text"] = function(script)
      script.steps[2].parameter.datasource = ""
    end,
    ["steps[1].parameter.connection must be a list with at least one element"] = function(script)
      script.steps[1].parameter.connection = json.list {}
    end,
    ["steps[1].parameter.connection[1].table must be a list with at least one element"] = function(script)
      script.steps[1].parameter.connection[1].selectedTables = nil
    end,
  }
  for detail, change in pairs(wrong) do
    it("refuses a script: " .. detail, function()
      assert.same({ n = 4, nil, "Invalid.DI.Parameter", "refused", detail },
        { n = 4, generate(new(), edit(ODPS, change)) })
    end)
  end

  it("refuses text that is not JSON", function()
    assert.equal("Invalid.DI.Parameter", select(2, generate(new(), "{")))
  end)

  it("refuses the name of another task of the project", function()
    local call = new()
    local script = edit(ODPS, function(value) value.setting.name = "taken" end)
    generate(call, script)
    assert.is_truthy(generate(call, script))
    create(call, { TaskName = "taken" })
    assert.equal("Invalid.DI.Parameter.File.Existed", select(2, generate(call, script)))
    assert.is_truthy(generate(call, script, { ProjectId = "2" }))
  end)
end)

describe("a ClientToken", function()
  it("repeats the first result without acting again", function()
    local call = new()
    local function once() return create(call, { TaskName = "a", ClientToken = "t" }) end
    local first, _, outcome = once()
    assert.equal("acted", outcome)
    local second, _, again = once()
    assert.same({ first, "replayed" }, { second, again })
  end)

  it("is refused with other parameters", function()
    local call = new()
    create(call, { TaskName = "a", ClientToken = "t" })
    local _, code = create(call, { TaskName = "b", ClientToken = "t" })
    assert.equal("IdempotentParameterMismatch", code)
  end)

  it("belongs to one account", function()
    local call = new()
    local function once(name, account)
      return select(3, call("CreateDISyncTask", { TaskName = name, TaskContent = OFFLINE, ClientToken = "t" }, account))
    end
    assert.same({ "acted", "acted", "replayed" }, { once("a", "1"), once("b", "2"), (once("a", "1")) })
  end)

  it("belongs to one action", function()
    local call = new()
    assert.is_truthy(create(call, { ClientToken = "t" }))
    assert.is_truthy(generate(call, ODPS, { ClientToken = "t" }))
  end)

  it("can be used again after a refusal", function()
    local call = new()
    create(call, { TaskContent = "{", ClientToken = "t" })
    assert.is_truthy(create(call, { ClientToken = "t" }))
  end)

  it("must be ASCII of at most 64 characters", function()
    for _, token in ipairs { ("x"):rep(65), "é" } do
      assert.equal("InvalidClientToken", select(2, create(new(), { ClientToken = token })))
    end
    assert.is_truthy(create(new(), { ClientToken = ("x"):rep(64) }))
  end)
end)

describe("a task", function()
  it("is created offline from its content, in a documented folder", function()
    for _, folder in ipairs { "业务流程/a/数据集成", "Business Flow/a b/Data Integration" } do
      local data = create(new(), {
        TaskType = "DI_OFFLINE",
        TaskParam = json.encode { FileFolderPath = folder, ResourceGroup = "S_res_group_1_2", Cu = 1.5 },
      })
      assert.same({ Status = "success", Message = "", FileId = 1000001 }, data)
    end
  end)

  it("is not created with a wrong folder, resource group or number of compute units", function()
    for message, param in pairs {
      ["Invalid path: somewhere"] = { FileFolderPath = "somewhere" },
      ["ResourceGroup:[S_res_group_XXX] is invalid."] = { ResourceGroup = "S_res_group_XXX" },
      ["Cu:[0.7] is invalid."] = { Cu = 0.7 },
    } do
      assert.same({ Status = "fail", Message = message }, (create(new(), { TaskParam = json.encode(param) })))
    end
  end)

  it("needs content of type job and version 2.0", function()
    for _, content in ipairs { "[]", "{}", '{"type":"job","version":"1.0","steps":[{}]}', ODPS } do
      assert.equal("Invalid.DI.Parameter", select(2, create(new(), { TaskContent = content })))
    end
  end)

  it("has a unique name in its project until it is deleted", function()
    local call = new()
    local id = tostring(create(call, { TaskName = "a" }).FileId)
    assert.equal("Invalid.DI.Parameter.File.Existed", select(2, create(call, { TaskName = "a" })))
    assert.equal("success", on_task(call, id)("DeleteDISyncTask").Status)
    assert.equal("success", create(call, { TaskName = "a" }).Status)
  end)

  it("is read back unchanged", function()
    local call = new()
    local id = tostring(create(call, {}).FileId)
    local data = on_task(call, id)("GetDISyncTask")
    assert.same({ OFFLINE, json.null, json.list {} }, { data.Code, data.SolutionDetail, data.AlarmList })
  end)

  it("of a solution is read back in detail", function()
    local call = new()
    local process = generate(call, ODPS, { TaskType = "DI_SOLUTION" }).ProcessId
    local content = query(call, tostring(process), "DI_SOLUTION").TaskContent
    local created = create(call, { TaskType = "DI_SOLUTION", TaskContent = content, TaskName = "s" })
    local data = on_task(call, tostring(created.FileId), "DI_SOLUTION")("GetDISyncTask")
    assert.equal(json.null, data.Code)
    local detail = data.SolutionDetail
    assert.same({ "s", "odps", "mysql", 10000 },
      { detail.Name, detail.Type, detail.SourceType, detail.ProjectId })
    assert.equal("2021-12-07 06:40:51", detail.SubmitTime)
    assert.equal('{"processType":"new","tableNum":1}', detail.ProcessExtra)
  end)

  it("changes its tables through a generated update", function()
    local call = new()
    local content = query(call, tostring(generate(call, ODPS).ProcessId)).TaskContent
    local id = tostring(create(call, { TaskContent = content }).FileId)
    local process = call("GenerateDISyncTaskConfigForUpdating", {
      TaskId = id, TaskParam = files.read "spec/scripts/task_param_for_updating.json",
    }).ProcessId
    local changed = query(call, tostring(process)).TaskContent
    assert.equal("success", on_task(call, id)("UpdateDISyncTask", { TaskContent = changed }).Status)
    assert.equal(changed, on_task(call, id)("GetDISyncTask").Code)
    local connection = json.decode(changed).steps[1].parameter.connection[1]
    assert.same({ "mysql_pub1", "xyx" }, { connection.datasource, connection.table[1] })
    assert.is_nil(connection.selectedTables)
  end)

  it("that does not exist can't be updated, read, deployed, run or deleted", function()
    local task = on_task(new(), "100")
    local unknown = { Status = "fail", Message = "fileId:[100] is invalid." }
    for _, action in ipairs {
      "UpdateDISyncTask", "GetDISyncTask", "DeployDISyncTask", "StartDISyncInstance", "StopDISyncInstance",
      "TerminateDISyncInstance", "DeleteDISyncTask",
    } do
      assert.same(unknown, (task(action)))
    end
    assert.same({ Status = "fail", Message = "fileId[100] is invalid" }, (task "GetDISyncInstanceInfo"))
  end)

  it("is found by the data sources it reads and writes, page by page", function()
    local call = new()
    for _ = 1, 3 do
      create(call, { TaskType = "DI_OFFLINE" })
    end
    local function ids(changes)
      local params = { TaskType = "DI_OFFLINE", DatasourceName = "mysql_pub", RefType = "from" }
      for name, value in pairs(changes) do
        params[name] = value
      end
      local found = {}
      for i, task in ipairs(call("ListRefDISyncTasks", params).DISyncTasks) do
        found[i] = task.NodeId
      end
      return found
    end
    assert.same({ 1000001, 1000002, 1000003 }, ids {})
    assert.same({ 1000001, 1000002, 1000003 }, ids { DatasourceName = "odps_first", RefType = "to" })
    assert.same({ 1000003 }, ids { PageNumber = "2", PageSize = "2" })
    assert.same({}, ids { RefType = "to" })
    assert.same({}, ids { TaskType = "DI_REALTIME" })
    assert.equal("Param.Invalid", select(2, call("ListRefDISyncTasks",
      { DatasourceName = "a", RefType = "sideways" })))
  end)
end)

describe("an instance", function()
  local function created(changes)
    local call = new(changes)
    return on_task(call, tostring(create(call, { TaskName = "t" }).FileId))
  end

  it("goes from NORUN through WAIT to RUN, and through KILLING to PAUSE", function()
    local task = created()
    local seen = {}
    local function look() seen[#seen + 1] = task("GetDISyncInstanceInfo").Status end
    look()
    for _, action in ipairs { "DeployDISyncTask", "StartDISyncInstance", "", "", "StopDISyncInstance", "",
      "TerminateDISyncInstance" } do
      if action ~= "" then
        assert.equal("success", task(action).Status)
      end
      look()
    end
    assert.same({ "NORUN", "NORUN", "WAIT", "RUN", "RUN", "KILLING", "PAUSE", "NORUN" }, seen)
    assert.equal("success", task("DeleteDISyncTask").Status)
  end)

  it("waits for as many reads as the setting says", function()
    local task = created { wait_calls = 0 }
    task "DeployDISyncTask"
    task "StartDISyncInstance"
    assert.equal("RUN", task("GetDISyncInstanceInfo").Status)
  end)

  it("fails when its actions come in the wrong order", function()
    local task = created()
    local function fails(action) assert.equal("fail", task(action).Status) end
    fails "StartDISyncInstance"
    fails "StopDISyncInstance"
    fails "TerminateDISyncInstance"
    task "DeployDISyncTask"
    task "StartDISyncInstance"
    fails "StartDISyncInstance"
    fails "DeployDISyncTask"
    fails "TerminateDISyncInstance"
    fails "DeleteDISyncTask"
  end)

  it("refuses other task types and broken start parameters", function()
    local call = new()
    for _, action in ipairs { "StopDISyncInstance", "TerminateDISyncInstance", "DeleteDISyncTask" } do
      assert.equal("Param.Invalid", select(2, call(action, { FileId = "1", TaskType = "DI_SOLUTION" })))
    end
    local _, code = call("DeployDISyncTask", { FileId = "1", TaskType = "DI_OFFLINE" })
    assert.equal("Param.Invalid", code)
    local task = created()
    task "DeployDISyncTask"
    assert.equal("Param.Invalid", select(2, task("StartDISyncInstance", { StartParam = "{" })))
  end)

  it("of a solution answers with its steps", function()
    local call = new()
    local task = on_task(call, tostring(create(call, { TaskType = "DI_SOLUTION" }).FileId), "DI_SOLUTION")
    task "DeployDISyncTask"
    task "StartDISyncInstance"
    task "GetDISyncInstanceInfo"
    local data = task "GetDISyncInstanceInfo"
    local step = data.SolutionInfo.StepDetail[1]
    assert.same({ "success", "run", 1, "Create a base table" }, { data.Status, data.SolutionInfo.Status, step.StepId, step.StepName })
  end)
end)

describe("a project's configuration", function()
  it("is kept for each pair of source and destination", function()
    local call = new()
    local default = call("ListDIProjectConfig", { DestinationType = "holo" }).Config
    assert.equal("WARNING", json.decode(default).DROPTABLE)
    call("UpdateDIProjectConfig",
      { DestinationType = "holo", SourceType = "mysql", ProjectConfig = '{"DROPTABLE":"IGNORE"}' })
    assert.equal(default, call("ListDIProjectConfig", { DestinationType = "holo" }).Config)
    assert.equal('{"DROPTABLE":"IGNORE"}',
      call("ListDIProjectConfig", { DestinationType = "holo", SourceType = "mysql" }).Config)
  end)

  it("accepts only known types, changes and policies", function()
    for _, params in ipairs {
      { DestinationType = "kafka", ProjectConfig = "{}" },
      { DestinationType = "holo", SourceType = "holo", ProjectConfig = "{}" },
      { DestinationType = "holo", ProjectConfig = "[]" },
      { DestinationType = "holo", ProjectConfig = '{"DROPDATABASE":"IGNORE"}' },
      { DestinationType = "holo", ProjectConfig = '{"DROPTABLE":"MAYBE"}' },
    } do
      assert.equal("Param.Invalid", select(2, new()("UpdateDIProjectConfig", params)))
    end
  end)
end)
