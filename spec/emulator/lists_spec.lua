-- The files, jobs, alarm rules and resources of the emulator's service.

local catalog = require "dataworks.api.catalog"
local declared = require "spec.support.declared"
local files = require "spec.support.files"
local json = require "dataworks.emulator.json"
local service = require "dataworks.emulator.service"
local new_settings = require("dataworks.emulator.settings").defaults

local OFFLINE = files.read "spec/scripts/task_content_offline.json"

local function new(version, changes)
  local settings = new_settings()
  for name, value in pairs(changes or {}) do settings[name] = value end
  local made = service.new { settings = settings, now = function() return 1638859251 end }

  -- Returns the decoded reply; or nil, the code of the refusal and the detail.
  return function(action, params)
    local result = made:call(action, params, catalog.find(action, version), "key")
    if result.refusal then return nil, result.refusal.code, result.detail end
    return declared.body(version, action, result)
  end
end

local function ids(list, name)
  local found = {}
  for i, one in ipairs(list) do found[i] = one[name] end
  return found
end

describe("ListFiles", function()
  local call

  before_each(function()
    call = new("2020-05-18")
    for _, task in ipairs { { "orders", "DI_OFFLINE" }, { "orders_live", "DI_REALTIME" }, { "all", "DI_SOLUTION" }, { "users", "DI_OFFLINE" } } do
      assert(call("CreateDISyncTask", { ProjectId = "1", TaskName = task[1], TaskType = task[2], TaskContent = OFFLINE }))
    end
    assert(call("CreateDISyncTask", { ProjectId = "2", TaskName = "other", TaskType = "DI_OFFLINE", TaskContent = OFFLINE }))
  end)

  it("shows the tasks of a project as files, oldest first, without solutions", function()
    local reply = call("ListFiles", { ProjectId = "1" })
    assert.is_true(reply.Success)
    assert.same({ 1000001, 1000002, 1000004 }, ids(reply.Data.Files, "FileId"))
    assert.same({ 1, 10, 3 }, { reply.Data.PageNumber, reply.Data.PageSize, reply.Data.TotalCount })
    assert.same({ FileId = 1000002, FileName = "orders_live", FileType = 900, UseType = "NORMAL", CreateUser = "emulator", Owner = "emulator",
      CreateTime = 1638859251000, LastEditUser = "emulator", LastEditTime = 1638859251000, CommitStatus = 0, CurrentVersion = 0,
      IsMaxCompute = false, AutoParsing = false }, reply.Data.Files[2])
  end)

  it("filters by name, type and id, and returns one page", function()
    for i, case in ipairs {
      { { Keyword = "orders" }, { 1000001, 1000002 } }, { { ExactFileName = "orders" }, { 1000001 } }, { { FileTypes = "10,23" }, { 1000001, 1000004 } },
      { { FileIdIn = "1000004,1000003" }, { 1000004 } }, { { PageNumber = "2", PageSize = "2" }, { 1000004 } }, { { PageNumber = "3" }, {} },
    } do
      case[1].ProjectId = "1"
      assert.same(case[2], ids(call("ListFiles", case[1]).Data.Files, "FileId"), i)
    end
    for value, content in pairs { ["true"] = OFFLINE, True = OFFLINE, ["false"] = false } do
      assert.equal(content or nil, call("ListFiles", { ProjectId = "1", NeedContent = value }).Data.Files[1].Content)
    end
  end)

  it("filters by folder, owner, editor, node and use", function()
    local folder = "Business Flow/flow/Data Integration"
    local id = tostring(call("CreateFile", { ProjectIdentifier = "project_1", FileName = "f", FileType = "10", FileFolderPath = folder, Owner = "o" }).Data)
    call("SubmitFile", { ProjectId = "1", FileId = id })
    for _, wanted in ipairs { { FileFolderPath = folder }, { Owner = "o" }, { NodeId = id } } do
      wanted.ProjectId, wanted.NeedAbsoluteFolderPath = "1", "TRUE"
      local found = call("ListFiles", wanted).Data.Files
      assert.same({ { 1000006 }, folder, 1, 1000006 }, { ids(found, "FileId"), found[1].AbsoluteFolderPath, found[1].BusinessId, found[1].NodeId })
    end
    for _, other in ipairs { { LastEditUser = "x" }, { UseType = "MANUAL" }, { NodeId = "1000001" } } do
      other.ProjectId = "1"
      assert.same({}, call("ListFiles", other).Data.Files)
    end
    assert.equal(4, call("ListFiles", { ProjectId = "1", LastEditUser = "emulator", UseType = "NORMAL" }).Data.TotalCount)
  end)

  it("needs a project, and a page number and size between 1 and 100", function()
    assert.equal("Param.Invalid", select(2, call("ListFiles", {})))
    for _, page in ipairs { { PageNumber = "0" }, { PageSize = "0" }, { PageSize = "101" }, { PageNumber = "101" } } do
      page.ProjectId = "1"
      assert.equal("Param.Invalid", select(2, call("ListFiles", page)))
    end
  end)
end)

describe("a file", function()
  local call, file

  before_each(function()
    call = new("2020-05-18", { pending_calls = 1 })
    file = { ProjectId = "1" }
    file.FileId = tostring(call("CreateFile", {
      ProjectId = "1", FileName = "f", FileType = "23", Content = OFFLINE, CycleType = "DAY", InputList = "a,b", Stop = "True", Timeout = "5",
      OutputParameters = '[{"Type":1,"ParameterName":"p"}]',
    }).Data)
  end)

  local function get() return call("GetFile", file).Data end
  local function on_file(action, params)
    params = params or {}
    params.ProjectId, params.FileId = "1", file.FileId
    return call(action, params)
  end

  it("is shown with its content and its schedule", function()
    local data = get()
    assert.same({ "f", OFFLINE, "NORMAL", 0 }, { data.File.FileName, data.File.Content, data.File.DeletedStatus, data.File.CommitStatus })
    assert.same({
      CycleType = "DAY", Stop = true, Timeout = 5, InputList = { { Input = "a", ParseType = "MANUAL" }, { Input = "b", ParseType = "MANUAL" } },
      OutputParameters = { { Type = "1", ParameterName = "p" } },
    }, json.decode(json.encode(data.NodeConfiguration)))
  end)

  it("is submitted and deployed as versions, and a change has to be submitted again", function()
    local function commit_status() return get().File.CommitStatus end
    assert.equal("Param.Invalid", select(2, on_file("DeployFile")))
    on_file("SubmitFile", { Comment = "first" })
    assert.equal(1, commit_status())
    on_file("UpdateFile", { FileDescription = "d", Timeout = "6" })
    assert.same({ 0, "d", 6, "DAY" }, { commit_status(), get().File.FileDescription, get().NodeConfiguration.Timeout, get().NodeConfiguration.CycleType })
    on_file "SubmitFile"
    on_file "DeployFile"
    local versions = on_file("ListFileVersions").Data.FileVersions
    assert.same({ { 2, 1 }, { "UPDATE", "CREATE" }, { "DEPLOYED", "COMMITTED" } },
      { ids(versions, "FileVersion"), ids(versions, "ChangeType"), ids(versions, "Status") })
    assert.same({ true, false, "first" }, { versions[1].IsCurrentProd, versions[2].IsCurrentProd, versions[2].Comment })
  end)

  it("has a deployment that is ready for as many calls as pending_calls says, and then succeeded", function()
    local id = tostring(on_file("SubmitFile").Data)
    local function status() return call("GetDeployment", { ProjectId = "1", DeploymentId = id }).Data end
    assert.same({ 0, 0, 1 }, { status().Deployment.Status, status().Deployment.FromEnvironment, status().DeployedItems[1].FileVersion })
    assert.same({ 1, 1 }, { status().Deployment.Status, status().DeployedItems[1].Status })
    assert.equal("Param.Invalid", select(2, call("GetDeployment", { ProjectId = "2", DeploymentId = id })))
  end)

  it("is a task, which DeleteFile deletes, with a deployment if it was submitted", function()
    assert.is_nil(call("DeleteFile", { ProjectId = "1", FileId = tostring(call("CreateFile",
      { ProjectId = "1", FileName = "g", FileType = "10" }).Data) }).DeploymentId)
    assert.equal("success", on_file("UpdateDISyncTask", { TaskType = "DI_OFFLINE" }).Data.Status)
    on_file "SubmitFile"
    assert.is_truthy(on_file("DeleteFile").DeploymentId)
    assert.equal("Param.Invalid", select(2, call("GetFile", file)))
    assert.equal("fail", on_file("UpdateDISyncTask", { TaskType = "DI_OFFLINE" }).Data.Status)
  end)

  it("is not deleted while its task is running", function()
    local live = { ProjectId = "1", TaskType = "DI_REALTIME", TaskContent = OFFLINE }
    live.FileId = tostring(call("CreateDISyncTask", live).Data.FileId)
    call("DeployDISyncTask", live)
    call("StartDISyncInstance", live)
    assert.equal("Param.Invalid", select(2, call("DeleteFile", live)))
  end)

  it("has a unique name in its project, and the content of a task must be a script", function()
    call("CreateFile", { ProjectId = "1", FileName = "g", FileType = "10" })
    for code, params in pairs {
      ["Invalid.DI.Parameter.File.Existed"] = { FileName = "g" }, ["Invalid.DI.Parameter"] = { Content = "{}" },
      ["Param.Invalid"] = { OutputParameters = "{}" },
    } do
      assert.equal(code, select(2, on_file("UpdateFile", params)))
    end
    assert.equal("Invalid.DI.Parameter.File.Existed", select(2, call("CreateFile", { ProjectId = "1", FileName = "g", FileType = "10" })))
    assert(on_file("UpdateFile", { FileName = "h" }))
    assert(call("CreateFile", { ProjectId = "1", FileName = "f", FileType = "10", Content = "select 1" }))
  end)
end)

describe("the resources of an account", function()
  it("are the resource groups and data sources of the documented scripts", function()
    local call = new "2020-05-18"
    local function groups(params) return ids(call("ListResourceGroups", params).Data, "Name") end
    assert.same({ "data_integration", "scheduling", "default" }, groups {})
    assert.same({ "data_integration" }, groups { ResourceGroupType = "4" })
    assert.same({ "default" }, groups { BizExtKey = "default" })
    assert.same({ "scheduling" }, groups { Keyword = "sched" })
    local function sources(params)
      params.ProjectId = "1"
      return ids(call("ListDataSources", params).Data.DataSources, "Name")
    end
    assert.same({ "mysql_pub1", "mysql_pub", "odps_source", "odps_first", "azn_kafka", "holo" }, sources {})
    assert.same({ "odps_source" }, sources { DataSourceType = "odps", Name = "source" })
    assert.same({}, sources { EnvType = "0" })
    assert.same({ "holo" }, sources { PageNumber = "2", PageSize = "5" })
  end)
end)

describe("an alarm rule", function()
  local V2020, V2024 = new "2020-05-18", new "2024-05-18"

  local function parameters(version)
    return {
      MetricType = version == V2024 and "DdlReport" or "Delay", Name = "n", NotificationSettings = '{"InhibitionInterval":5}',
      TriggerConditions = '[{"Severity":"Warning","Threshold":5}]',
    }
  end

  for _, call in ipairs { V2020, V2024 } do
    it("belongs to a job, is off at first, and goes with the job in version " .. (call == V2020 and "2020-05-18" or "2024-05-18"), function()
      local job = call("CreateDIJob", {
        ProjectId = "1", JobName = "j", SourceDataSourceType = "MySQL", DestinationDataSourceType = "Hive", MigrationType = "Full",
      })
      local id, params = tostring(job.DIJobId), parameters(call)
      params.DIJobId = id
      local rule = { DIAlarmRuleId = tostring(call("CreateDIAlarmRule", params).DIAlarmRuleId) }
      local function list()
        local reply = call("ListDIAlarmRules", { DIJobId = id, JobId = id })
        return (reply.DIAlarmRulePaging or reply.PagingInfo).DIJobAlarmRules
      end
      assert.same({ false, params.MetricType, 5 }, { list()[1].Enabled, list()[1].MetricType, list()[1].NotificationSettings.InhibitionInterval })
      assert.same({ "Warning", 5 }, { list()[1].TriggerConditions[1].Severity, list()[1].TriggerConditions[1].Threshold })
      rule.Enabled, rule.MetricType = "True", "Heartbeat"
      rule.NotificationSettings, rule.TriggerConditions = "{}", "[]"
      assert(call("UpdateDIAlarmRule", rule))
      assert.same({ true, "Heartbeat", {} }, { list()[1].Enabled, list()[1].MetricType, list()[1].NotificationSettings })
      rule.MetricType = "Unheard"
      assert.equal("Param.Invalid", select(2, call("UpdateDIAlarmRule", rule)))
      params.DIJobId = "9"
      assert.equal("Param.Invalid", select(2, call("CreateDIAlarmRule", params)))
      assert(call("DeleteDIJob", { DIJobId = id }))
      assert.equal("Param.Invalid", select(2, call("DeleteDIAlarmRule", rule)))
    end)
  end
end)

describe("a job of 2020-05-18", function()
  it("goes from MySQL to Hologres or Hive, and has no other members than declared", function()
    local call = new "2020-05-18"
    local job = { ProjectId = "1", JobName = "j", SourceDataSourceType = "MySQL", DestinationDataSourceType = "Kafka", MigrationType = "Full" }
    assert.equal("Param.Invalid", select(2, call("CreateDIJob", job)))
    job.DestinationDataSourceType, job.TableMappings = "Hologres", '[{"SourceObjectSelectionRules":[{"ObjectType":"Table","Other":1}]}]'
    local id = tostring(call("CreateDIJob", job).DIJobId)
    assert.is_nil(call("GetDIJob", { DIJobId = id }).Data.TableMappings)
    local shown = call("GetDIJob", { DIJobId = id, WithDetails = "True" }).Data
    assert.same({ { { SourceObjectSelectionRules = { { ObjectType = "Table" } } } }, "Initialized" },
      { json.decode(json.encode(shown.TableMappings)), shown.JobStatus })
    assert.same({ RequestId = "R" }, call("StartDIJob", { DIJobId = id }))
    assert.same({ "j" }, ids(call("ListDIJobs", { ProjectId = "1", JobName = "j", DestinationDataSourceType = "Hologres" }).DIJobPaging.DIJobs, "JobName"))
  end)
end)

describe("a job of 2024-05-18", function()
  local function creating(changes)
    local params = {
      ProjectId = "1", Name = "j", SourceDataSourceType = "MySQL", DestinationDataSourceType = "Hologres", MigrationType = "FullAndRealtimeIncremental",
      TableMappings = '[{"SourceObjectSelectionRules":[]}]', JobSettings = '{"ChannelSettings":"1"}',
    }
    for name, value in pairs(changes or {}) do params[name] = value or nil end
    return params
  end

  it("is created, shown, started, stopped and deleted", function()
    local call = new("2024-05-18", { kill_calls = 1 })
    assert.same({ RequestId = "R", Id = 1000001, DIJobId = 1000001 }, call("CreateDIJob", creating()))
    assert.equal("1000001", call("GetDIJob", { Id = "1000001" }).PagingInfo.DIJobId)
    local seen = {}
    local function look() seen[#seen + 1] = call("GetDIJob", { Id = "1000001" }).PagingInfo.JobStatus end
    look()
    assert.same({ RequestId = "R", Success = true }, call("StartDIJob", { DIJobId = "1000001" }))
    look()
    assert.equal("Param.Invalid", select(2, call("DeleteDIJob", { Id = "1000001" })))
    assert.equal("Param.Invalid", select(2, call("StartDIJob", { Id = "1000001" })))
    assert(call("StopDIJob", { Id = "1000001" }))
    look()
    look()
    assert.same({ "Initialized", "Running", "Stopping", "Stopped" }, seen)
    assert.equal("Param.Invalid", select(2, call("StopDIJob", { Id = "1000001" })))
    assert(call("DeleteDIJob", { Id = "1000001" }))
    assert.equal("Param.Invalid", select(2, call("GetDIJob", { Id = "1000001" })))
  end)

  it("shows its settings as last changed when the call asks for details", function()
    local call = new "2024-05-18"
    call("CreateDIJob", creating { Description = "d" })
    assert.is_nil(call("GetDIJob", { Id = "1000001" }).PagingInfo.TableMappings)
    assert(call("UpdateDIJob", { Id = "1000001", JobSettings = '{"ChannelSettings":"2"}', Owner = "7" }))
    local job = call("GetDIJob", { Id = "1000001", WithDetails = "true" }).PagingInfo
    assert.same({ { ChannelSettings = "2" }, "d", "7", "j", 1 }, { job.JobSettings, job.Description, job.Owner, job.JobName, job.ProjectId })
    assert.equal(1, #job.TableMappings)
    assert.equal("Param.Invalid", select(2, call("UpdateDIJob", { Id = "1000001", JobSettings = "[]", Owner = "8" })))
    assert.equal("7", call("GetDIJob", { Id = "1000001" }).PagingInfo.Owner)
  end)

  it("needs the documented parameters or a FileSpec, and a unique name", function()
    local call = new "2024-05-18"
    for _, changes in ipairs {
      { Name = false }, { ProjectId = false }, { MigrationType = false }, { TableMappings = "{}" }, { JobSettings = "no JSON" },
    } do
      assert.equal("Param.Invalid", select(2, call("CreateDIJob", creating(changes))))
    end
    assert(call("CreateDIJob", { ProjectId = "1", JobName = "j", FileSpec = "{}" }))
    assert.equal("Invalid.DI.Parameter.File.Existed", select(2, call("CreateDIJob", creating())))
    assert(call("CreateDIJob", creating { ProjectId = "2" }))
    assert.equal("Param.Invalid", select(2, call("GetDIJob", { Id = "1000001", ProjectId = "2" })))
  end)

  it("has a run for each table after its start, found by data source, database, schema and table", function()
    local call = new "2024-05-18"
    local function mapping(table)
      return ('{"SourceObjectSelectionRules":[{"ObjectType":"Database","Expression":"d"},{"ObjectType":"Schema","Expression":"s"},'
        .. '{"ObjectType":"Table","Expression":"%s"}]}'):format(table)
    end
    call("CreateDIJob", creating {
      SourceDataSourceSettings = '[{"DataSourceName":"mysql_pub"}]', TableMappings = "[" .. mapping "t1" .. "," .. mapping "t2" .. "]",
    })
    local function runs(filter)
      filter.DIJobId = "1000001"
      return ids(call("ListDIJobRunDetails", filter).PagingInfo.JobRunInfos, "SourceTableName")
    end
    assert.same({}, runs {})
    assert(call("StartDIJob", { Id = "1000001" }))
    assert.same({ "t1", "t2" }, runs { SourceDataSourceName = "mysql_pub", SourceDatabaseName = "d", SourceSchemaName = "s" })
    assert.same({ "t2" }, runs { SourceTableName = "t2" })
    for _, name in ipairs { "DataSource", "Database", "Schema", "Table" } do assert.same({}, runs { ["Source" .. name .. "Name"] = "other" }) end
  end)

  it("is listed by project, name and page", function()
    local call = new "2024-05-18"
    for _, name in ipairs { "a1", "a2", "b1" } do call("CreateDIJob", creating { Name = name }) end
    call("CreateDIJob", creating { Name = "a3", ProjectId = "2" })
    local paging = call("ListDIJobs", { ProjectId = "1", Name = "a" }).PagingInfo
    assert.same({ { "a1", "a2" }, 2, 1, 10 }, { ids(paging.DIJobs, "JobName"), paging.TotalCount, paging.PageNumber, paging.PageSize })
    assert.same({ "b1" }, ids(call("ListDIJobs", { ProjectId = "1", PageNumber = "2", PageSize = "2" }).PagingInfo.DIJobs, "JobName"))
    assert.same({}, call("ListDIJobs", { ProjectId = "1", MigrationType = "Full" }).PagingInfo.DIJobs)
    assert.equal("Param.Invalid", select(2, call("ListDIJobs", { ProjectId = "1", PageSize = "0" })))
  end)
end)
