-- Calls every action that the emulator serves, with parameters that make the service act.

local files = require "spec.support.files"

local OFFLINE = files.read "spec/scripts/task_content_offline.json"
local SCRIPT = files.read "spec/scripts/mysql_to_odps.json"
local SELECTION = files.read "spec/scripts/task_param_for_updating.json"
local FOLDER = "Business Flow/flow/Data Integration"

local function with(params, more)
  local all = {}
  for name, value in pairs(params) do all[name] = value end
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

--- A script becomes a task, which goes through its whole life.
local function tasks(call, task_type, name)
  local task = { ProjectId = "1", TaskType = task_type }
  local generated = call("GenerateDISyncTaskConfigForCreating", with(task, { TaskParam = SCRIPT, ClientToken = "g" .. name }))
  local query = with(task, { AsyncProcessId = tostring(generated.Data.ProcessId) })
  for _ = 1, 3 do generated = call("QueryDISyncTaskConfigProcessResult", query) end
  local created = call("CreateDISyncTask", with(task, {
    TaskName = name, TaskContent = generated.Data.TaskContent, ClientToken = "c" .. name, TaskParam = ('{"FileFolderPath":"%s"}'):format(FOLDER),
  }))
  task.FileId = tostring(created.Data.FileId)
  call("GenerateDISyncTaskConfigForUpdating", with(task, { TaskId = task.FileId, TaskParam = SELECTION }))
  call("UpdateDISyncTask", with(task, { TaskContent = generated.Data.TaskContent }))
  for _, action in ipairs { "GetDISyncTask", "GetDISyncInstanceInfo", "DeployDISyncTask", "StartDISyncInstance", "GetDISyncTask", "GetDISyncInstanceInfo",
    "GetDISyncInstanceInfo" } do
    call(action, task)
  end
  call("ListRefDISyncTasks", { ProjectId = "1", TaskType = "DI_REALTIME", DatasourceName = "mysql_pub1", RefType = "from" })
  if task_type == "DI_REALTIME" then
    for _, action in ipairs { "StopDISyncInstance", "GetDISyncInstanceInfo", "GetDISyncInstanceInfo", "TerminateDISyncInstance", "DeleteDISyncTask" } do
      call(action, task)
    end
  end
end

local function files_and_deployments(call)
  local made = call("CreateFile", {
    ProjectId = "1", FileName = "file", FileType = "23", Content = OFFLINE, FileFolderPath = FOLDER, FileDescription = "d", Owner = "o",
    ConnectionName = "odps_first", AutoParsing = "true", AdvancedSettings = "{}", CronExpress = "00 05 00 * * ?", CycleType = "DAY",
    InputList = "project_root,project.other", OutputList = "project.file", Stop = "false", StartImmediately = "true", Timeout = "1",
    AutoRerunTimes = "3", StartEffectDate = "936923400000", ResourceGroupId = "375827434852437", ParaValue = "a=x",
    InputParameters = '[{"ValueSource":"p.f:b","ParameterName":"b"}]', OutputParameters = '[{"Type":1,"Value":"v","ParameterName":"o"}]',
  })
  local file = { ProjectId = "1", FileId = tostring(made.Data) }
  call("GetFile", file)
  call("DeleteFile", with(file, { FileId = tostring(call("CreateFile", { ProjectId = "1", FileName = "short", FileType = "10" }).Data) }))
  call("UpdateFile", with(file, { FileName = "renamed", RerunMode = "ALL_ALLOWED" }))
  for _, action in ipairs { "SubmitFile", "DeployFile" } do
    local deployment = { ProjectId = "1", DeploymentId = tostring(call(action, with(file, { Comment = "c" })).Data) }
    for _ = 1, 3 do call("GetDeployment", deployment) end
  end
  call("ListFileVersions", file)
  call("ListFiles", { ProjectId = "1", NeedContent = "true", NeedAbsoluteFolderPath = "true" })
  call("GetFile", { ProjectIdentifier = "project_1", NodeId = file.FileId })
  call("DeleteFile", file)
end

local MAPPINGS = '[{"SourceObjectSelectionRules":[{"ObjectType":"Database","Action":"Include","ExpressionType":"Exact","Expression":"d"},'
  .. '{"ObjectType":"Table","Action":"Include","ExpressionType":"Exact","Expression":"t"}],'
  .. '"TransformationRules":[{"RuleName":"r","RuleActionType":"Rename","RuleTargetType":"Table","Undeclared":1}]}]'
local JOB = {
  ProjectId = "1", SourceDataSourceType = "MySQL", DestinationDataSourceType = "Hologres", MigrationType = "FullAndRealtimeIncremental",
  Description = "d", TableMappings = MAPPINGS,
  SourceDataSourceSettings = '[{"DataSourceName":"m","DataSourceProperties":{"Encoding":"utf-8","Timezone":"GMT+8"}}]',
  DestinationDataSourceSettings = '[{"DataSourceName":"h","DataSourceProperties":{"ConnectionProperties":"{}"}}]',
  TransformationRules = '[{"RuleName":"r","RuleActionType":"Rename","RuleTargetType":"Table","RuleExpression":"{}"}]',
  ResourceSettings = '{"RequestedCu":2.0,"RealtimeResourceSettings":{"ResourceGroupIdentifier":"g","RequestedCu":"0.5"}}',
  JobSettings = '{"ChannelSettings":"1","RuntimeSettings":[{"Name":"n","Value":3}],"DdlHandlingSettings":[{"Type":"DropTable","Action":"Ignore"}],'
    .. '"CycleScheduleSettings":{"CycleMigrationType":"Full"},"ColumnDataTypeSettings":[{"SourceDataType":"a","DestinationDataType":"b"}]}',
}
local RULE = {
  MetricType = "Delay", Description = "d", Enabled = "true", Name = "rule",
  NotificationSettings = '{"InhibitionInterval":10,"MuteInterval":5,"NotificationChannels":[{"Severity":"Warning","Channels":["Mail"]}],'
    .. '"NotificationReceivers":[{"ReceiverType":"AliyunUid","ReceiverValues":[1]}]}',
  TriggerConditions = '[{"Severity":"Warning","Threshold":10,"Duration":"5","DdlTypes":["DropTable"],"DdlReportTags":["ALTERADDCOLUMN"]}]',
}

local function jobs(call, name, id_name, extra)
  local made = call("CreateDIJob", with(JOB, { [name] = "job_" .. name, Owner = "7" }))
  local job = { [id_name] = tostring(made.DIJobId) }
  call("UpdateDIJob", with(job, { Description = "e" }))
  call("GetDIJob", job)
  call("StartDIJob", with(job, { RealtimeStartSettings = '{"StartTime":1,"FailoverSettings":{"Interval":1,"UpperLimit":2}}' }))
  call("GetDIJob", with(job, { WithDetails = "true" }))
  call("ListDIJobs", { ProjectId = "1" })
  local rule = { DIAlarmRuleId = tostring(call("CreateDIAlarmRule", with(RULE, { DIJobId = job[id_name] })).DIAlarmRuleId) }
  call("UpdateDIAlarmRule", with(rule, { MetricType = "Heartbeat", NotificationSettings = "{}", TriggerConditions = "[]" }))
  call("ListDIAlarmRules", { DIJobId = job[id_name], JobId = job[id_name] })
  extra(job, rule)
  call("DeleteDIAlarmRule", rule)
  call("StopDIJob", job)
  call("GetDIJob", job)
  call("GetDIJob", job)
  call("DeleteDIJob", job)
end

--- Calls every action.
---@param call_version fun(version: string, action: string, params: table<string, string>): table returns the decoded body
return function(call_version)
  local function v2020(action, params) return call_version("2020-05-18", action, params) end
  local function v2024(action, params) return call_version("2024-05-18", action, params) end
  tasks(v2020, "DI_REALTIME", "live")
  tasks(v2020, "DI_SOLUTION", "solution")
  files_and_deployments(v2020)
  v2020("ListResourceGroups", {})
  v2020("ListDataSources", { ProjectId = "1" })
  v2020("UpdateDIProjectConfig", { ProjectId = "1", DestinationType = "holo", ProjectConfig = '{"DROPTABLE":"IGNORE"}' })
  v2020("ListDIProjectConfig", { ProjectId = "1", DestinationType = "holo" })
  jobs(v2020, "JobName", "DIJobId", function(_, rule) v2020("GetDIAlarmRule", rule) end)
  jobs(v2024, "Name", "Id", function(job)
    v2024("GetDIJobLog", job)
    v2024("ListDIJobEvents", { DIJobId = job.Id, StartTime = "1", EndTime = "2", EventType = "Alarm" })
    v2024("ListDIJobMetrics", { DIJobId = job.Id, StartTime = "1", EndTime = "2", MetricName = '["a"]' })
    v2024("ListDIJobRunDetails", { DIJobId = job.Id })
  end)
end
