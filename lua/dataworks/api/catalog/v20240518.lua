-- The actions of version 2024-05-18. Made by tools/catalog.lua, not by hand, from:
-- aliyun/alibabacloud-sdk@24df4776a dataworks-public-20240518/main.tea
--
-- An action is a line with its name, HTTP method and what may be repeated; then "outcome" where a Status says how the
-- call went, and list= with the way to the one list in the reply. Below it the parameters of the query stand behind ?
-- and those of the form behind &, as Name:type; text has no type; ! is required.

return [[

CreateDIAlarmRule GET token
 ? ClientToken DIJobId:long! Description Enabled:boolean MetricType! Name! NotificationSettings:json!
   TriggerConditions:array!
CreateDIJob POST unsent
 ? DestinationDataSourceType JobName JobType MigrationType Name Owner ProjectId:long SourceDataSourceType
 & Description DestinationDataSourceSettings:array FileSpec JobSettings:json ResourceSettings:json
   SourceDataSourceSettings:array TableMappings:array TransformationRules:array
DeleteDIAlarmRule GET unsent
 ? DIAlarmRuleId:long DIJobId:long Id:long
DeleteDIJob GET unsent
 ? DIJobId:long Id:long ProjectId:long
GetDIJob GET always
 ? DIJobId:long Id:long ProjectId:long WithDetails:boolean
GetDIJobLog GET always
 ? DIJobId:long FailoverId:long Id:long InstanceId:long NodeType PageNumber:int32
ListDIAlarmRules GET always list=PagingInfo.DIJobAlarmRules
 ? DIAlarmRuleId:long JobId:long PageNumber:int32 PageSize:int32
ListDIJobEvents GET always list=PagingInfo.DIJobEvent
 ? DIJobId:long EndTime:long! EventType! PageNumber:long PageSize:long StartTime:long!
ListDIJobMetrics GET always list=PagingInfo.JobMetrics
 ? DIJobId:long EndTime:long! MetricName:array! StartTime:long!
ListDIJobRunDetails GET always list=PagingInfo.JobRunInfos
 ? DIJobId:long! InstanceId:long PageNumber:long PageSize:long SourceDataSourceName SourceDatabaseName SourceSchemaName
   SourceTableName
ListDIJobs GET always list=PagingInfo.DIJobs
 ? DestinationDataSourceType MigrationType Name PageNumber:long PageSize:long ProjectId:long! SourceDataSourceType
   SpecType
StartDIJob GET unsent
 ? DIJobId:long ForceToRerun:boolean Id:long RealtimeStartSettings:json
StopDIJob GET unsent
 ? DIJobId:long Id:long InstanceId:long
UpdateDIAlarmRule GET unsent
 ? DIAlarmRuleId:long DIJobId:long Description Enabled:boolean Id:long MetricType Name NotificationSettings:json
   TriggerConditions:array
UpdateDIJob POST unsent
 ? DIJobId:long Id:long Owner ProjectId:long
 & Description FileSpec JobSettings:json ResourceSettings:json TableMappings:array TransformationRules:array
]]
