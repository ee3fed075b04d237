-- The actions of version 2020-05-18. Made by tools/catalog.lua, not by hand, from:
-- derived from aliyun/alibabacloud-sdk@24df4776a (2026-08-22) dataworks-public-20200518/main.tea;
-- cross-checked with alibabacloud-sdk-php/dataworks-public-20200518 v10.1.0 (2026-07-27):
-- same 315 names, methods and locations
--
-- An action is a line with its name, HTTP method and what may be repeated; then "outcome" where a Status says how the
-- call went, and list= with the way to the one list in the reply. Below it the parameters of the query stand behind ?
-- and those of the form behind &, as Name:type; text has no type; ! is required.

return [[

AbolishDataServiceApi POST unsent
 & ApiId:long! ProjectId:long! TenantId:long
AddMetaCollectionEntity POST unsent outcome
 ? CollectionQualifiedName! EntityQualifiedName! Remark
AddProjectMemberToRole POST token
 ? ClientToken ProjectId:long! RoleCode! UserId!
AddRecognizeRule POST unsent
 & AccountName! ColExclude ColScan CommentScan ContentScan HitThreshold:int32 Level! LevelName NodeId! NodeParent!
   OperationType:int32! RecognizeRules RecognizeRulesType SensitiveDescription SensitiveName! Status:int32 TemplateId!
   TenantId!
AddToMetaCategory POST unsent
 ? CategoryId:long! TableGuid!
ApprovePermissionApplyOrder POST unsent
 ? ApproveAction:int32! ApproveComment! FlowId!
CallbackExtension POST unsent
 & CheckMessage CheckResult! ExtensionCode! MessageId!
ChangeResourceManagerResourceGroup POST unsent
 ? ResourceId! ResourceManagerResourceGroupId! ResourceType!
CheckFileDeployment POST unsent
 & CheckDetailUrl CheckerInstanceId! Status!
CheckMetaPartition POST always
 ? ClusterId DataSourceType DatabaseName Partition! TableGuid TableName
CheckMetaTable POST always
 ? ClusterId DataSourceType DatabaseName TableGuid TableName
CreateBaseline POST unsent
 & AlertMarginThreshold:int32 BaselineName! BaselineType! NodeIds OvertimeSettings:list! Owner! Priority:int32!
   ProjectId:long!
CreateBusiness POST unsent
 & BusinessName! Description Owner ProjectId:long ProjectIdentifier UseType
CreateConnection POST unsent
 ? ConnectionType! Content! Description EnvType:int32! Name! ProjectId:long! SubType
CreateDIAlarmRule POST unsent
 & DIJobId:long! Description Enabled:boolean MetricType! NotificationSettings:json! TriggerConditions:array!
CreateDIJob POST unsent
 ? SystemDebug
 & Description DestinationDataSourceSettings:array DestinationDataSourceType JobName JobSettings:json MigrationType
   ProjectId:long ResourceSettings:json SourceDataSourceSettings:array SourceDataSourceType TableMappings:array
   TransformationRules:array
CreateDISyncTask POST token outcome
 ? ClientToken ProjectId:long! TaskName TaskParam TaskType!
 & TaskContent!
CreateDagComplement POST unsent
 & BizBeginTime BizEndTime EndBizDate! ExcludeNodeIds IncludeNodeIds! Name! NodeParams Parallelism:boolean! ProjectEnv!
   RootNodeId:long! StartBizDate!
CreateDagTest POST unsent
 & Bizdate! Name! NodeId:long! NodeParams ProjectEnv!
CreateDataServiceApi POST unsent
 & ApiDescription! ApiMode:int32! ApiName! ApiPath! FolderId:long GroupId! ProjectId:long! Protocols!
   RegistrationDetails RequestContentType:int32 RequestMethod:int32! ResourceGroupId:long ResponseContentType:int32!
   ScriptDetails SqlMode:long TenantId:long Timeout:int32! VisibleRange:int32! WizardDetails
CreateDataServiceApiAuthority POST unsent
 & ApiId:long! AuthorizedProjectId:long! EndTime:long! ProjectId:long! TenantId:long
CreateDataServiceFolder POST unsent
 & FolderName! GroupId! ParentId:long! ProjectId:long! TenantId:long
CreateDataServiceGroup POST unsent
 & ApiGatewayGroupId! Description GroupName! ProjectId:long! TenantId:long
CreateDataSource POST unsent
 ? Content! DataSourceType! Description EnvType:int32! Name! ProjectId:long! SubType
CreateExportMigration POST unsent
 & Description ExportMode! ExportObjectStatus IncrementalSince:long Name! ProjectId:long!
CreateFile POST unsent
 & AdvancedSettings ApplyScheduleImmediately:boolean AutoParsing:boolean AutoRerunIntervalMillis:int32
   AutoRerunTimes:int32 ConnectionName Content CreateFolderIfNotExists:boolean CronExpress CycleType DependentNodeIdList
   DependentType EndEffectDate:long FileDescription FileFolderPath FileName! FileType:int32!
   IgnoreParentSkipRunningProperty:boolean ImageId InputList InputParameters OutputList OutputParameters Owner ParaValue
   ProjectId:long ProjectIdentifier RerunMode ResourceGroupId:long ResourceGroupIdentifier SchedulerType
   StartEffectDate:long StartImmediately:boolean Stop:boolean Timeout:int32
CreateFolder POST unsent
 & FolderPath! ProjectId:long ProjectIdentifier
CreateImportMigration POST unsent
 & CalculateEngineMap CommitRule Description Name! PackageFile! PackageType! ProjectId:long! ResourceGroupMap
   WorkspaceMap
CreateManualDag POST unsent
 & BizDate! DagParameters ExcludeNodeIds FlowName! IncludeNodeIds NodeParameters ProjectEnv! ProjectName!
CreateMetaCategory POST unsent
 & Comment Name! ParentId:long
CreateMetaCollection POST unsent
 ? CollectionType! Comment Name! ParentQualifiedName
CreatePermissionApplyOrder POST unsent
 ? ApplyObject:list! ApplyReason! ApplyType ApplyUserIds! CatalogName Deadline:long EngineType MaxComputeProjectName
   OrderType:int32 WorkspaceId:int32
CreateProject POST token
 ? ClientToken DisableDevelopment:boolean IsAllowDownload:int32 ProjectDescription ProjectIdentifier! ProjectMode:int32
   ProjectName! ResourceManagerResourceGroupId Tags:array
CreateProjectMember POST token
 ? ClientToken ProjectId:long! RoleCode UserId!
CreateQualityEntity POST unsent
 & EntityLevel:int32 EnvType! MatchExpression! ProjectId:long ProjectName! TableName!
CreateQualityFollower POST unsent
 & AlarmMode:int32! EntityId:long! Follower! ProjectId:long ProjectName!
CreateQualityRelativeNode POST unsent
 & EnvType! MatchExpression! NodeId:long! ProjectId:long! ProjectName! TableName! TargetNodeProjectId:long!
   TargetNodeProjectName!
CreateQualityRule POST unsent
 & BlockType:int32! Checker:int32 Comment CriticalThreshold EntityId:long! ExpectValue MethodName Operator
   PredictType:int32! ProjectId:long ProjectName! Property PropertyType RuleName! RuleType:int32! TaskSetting
   TemplateId:int32 Trend WarningThreshold WhereCondition
CreateRemind POST unsent
 & AlertInterval:int32 AlertMethods! AlertTargets AlertUnit! BaselineIds BizProcessIds Detail DndEnd MaxAlertTimes:int32
   NodeIds ProjectId:long RemindName! RemindType! RemindUnit! RobotUrls Webhooks
CreateResourceFile POST unsent
 & Content FileDescription FileFolderPath! FileName! FileType:int32! OriginResourceName! Owner ProjectId:long!
   RegisterToCalcEngine:boolean! ResourceFile StorageURL UploadMode:boolean
CreateTable POST token
 ? AppGuid CategoryId:long ClientToken Comment ExternalTableType HasPart:int32 IsView:int32 LifeCycle:int32 Location
   LogicalLevelId:long OwnerId PhysicsLevelId:long ProjectId:long Schema TableName! Visibility:int32
 & Columns:list! Endpoint EnvType:int32 Themes:list
CreateTableLevel POST unsent
 ? Description LevelType:int32! Name! ProjectId:long
CreateTableTheme POST unsent
 ? Level:int32! Name! ParentId:long ProjectId:long
CreateUdfFile POST unsent
 & ClassName! CmdDescription CreateFolderIfNotExists:boolean Example FileFolderPath FileName! FunctionType!
   ParameterDescription ProjectId:long ProjectIdentifier Resources! ReturnValue UdfDescription
DeleteBaseline POST unsent
 & BaselineId:long! ProjectId:long!
DeleteBusiness POST unsent
 & BusinessId:long! ProjectId:long ProjectIdentifier
DeleteConnection POST unsent
 ? ConnectionId:long!
DeleteDIAlarmRule POST unsent
 & DIAlarmRuleId:long!
DeleteDIJob POST unsent
 & DIJobId:long!
DeleteDISyncTask POST unsent outcome
 ? FileId:long! ProjectId:long! TaskType!
DeleteDataServiceApi POST unsent
 & ApiId:long! ProjectId:long! TenantId:long
DeleteDataServiceApiAuthority POST unsent
 & ApiId:long! AuthorizedProjectId:long! ProjectId:long! TenantId:long
DeleteDataSource POST unsent
 ? DataSourceId:long!
DeleteFile POST unsent
 & FileId:long! ProjectId:long ProjectIdentifier
DeleteFolder POST unsent
 & FolderId! ProjectId:long ProjectIdentifier
DeleteFromMetaCategory POST unsent
 ? CategoryId:long! TableGuid!
DeleteLineageRelation POST unsent outcome
 ? DestEntityQualifiedName! RelationshipGuid RelationshipType SrcEntityQualifiedName!
DeleteMetaCategory GET unsent
 ? CategoryId:long!
DeleteMetaCollection POST unsent outcome
 ? QualifiedName!
DeleteMetaCollectionEntity POST unsent outcome
 ? CollectionQualifiedName! EntityQualifiedName!
DeleteProjectMember POST unsent
 ? ProjectId:long! UserId!
DeleteQualityEntity POST unsent
 & EntityId:long! EnvType! ProjectId:long ProjectName!
DeleteQualityFollower POST unsent
 & FollowerId:long! ProjectId:long ProjectName!
DeleteQualityRelativeNode POST unsent
 & EnvType! MatchExpression! NodeId:long! ProjectId:long! ProjectName! TableName! TargetNodeProjectId:long!
   TargetNodeProjectName!
DeleteQualityRule POST unsent
 & ProjectId:long ProjectName! RuleId:long!
DeleteRecognizeRule POST unsent
 & SensitiveId! TenantId!
DeleteRemind POST unsent
 & RemindId:long!
DeleteTable POST unsent
 ? AppGuid EnvType:int32 ProjectId:long Schema TableName!
DeleteTableLevel POST unsent
 ? LevelId:long! ProjectId:long!
DeleteTableTheme POST unsent
 ? ProjectId:long ThemeId:long!
DeployDISyncTask POST unsent outcome
 ? FileId:long! ProjectId:long! TaskType!
DeployFile POST unsent
 & Comment FileId:long NodeId:long ProjectId:long ProjectIdentifier
DesensitizeData GET unsent
 ? Data! SceneCode!
DsgDesensPlanAddOrUpdate POST unsent
 ? DesensRules:array!
DsgDesensPlanDelete POST unsent
 ? Ids:array! SceneCode!
DsgDesensPlanQueryList GET always list=PageData.Data
 ? Owner PageNumber:int32! PageSize:int32! RuleName SceneId:long! Status:int32 columns:array dataType emptyNotDesesn
DsgDesensPlanUpdateStatus POST unsent
 ? Ids:array! SceneCode! Status:int32!
DsgGetVisitDetail POST always
 & BeginTime! EndTime! EngineName! Keyword PageNo:long PageSize:long ProjectId! RuleName! SensLevel
DsgGetVisitStat POST always
 & BeginTime! EndTime! EngineName! NodeId PageNo:long PageSize:long ProjectId RuleName SensLevel
DsgPlatformQueryProjectsAndSchemaFromMeta GET always
 ? EngineName!
DsgQueryDefaultTemplates GET always
 ? SceneId:long!
DsgQueryDesensStatusList GET always list=Data.PageData
 ? Keyword PageNumber:int32! PageSize:int32! SceneCode! sceneId
DsgQueryDetails POST always
 ? IpAare Rows:int32 User
 & BeginTime! EndTime! EngineName! Ip NodeId PageNo:long! PageSize:long! ProjectId RuleType SensLevel
DsgQueryRowDetail POST always
 & EngineName! InstId! PageNo:long! PageSize:long!
DsgQuerySensResult POST always
 & Col DbType Level NodeName Order OrderField PageNo:int32 PageSize:int32 ProjectName SchemaName SensStatus SensitiveId
   SensitiveName Table TenantId endDate startDate
DsgRunSensIdentify POST unsent
 & EsMetaParams:array TenantId!
DsgSceneAddOrUpdateScene POST unsent
 ? scenes:array!
DsgSceneQuerySceneListByName GET always
 ? SceneName
DsgScenedDeleteScene POST unsent
 ? Ids:array!
DsgStopSensIdentify POST unsent
 & JobId:long! TenantId!
DsgUpdateDesensStatusList POST unsent
 ? DesensStatus:int32! Ids:array!
DsgUserGroupAddOrUpdate POST unsent
 ? UserGroups:array!
DsgUserGroupDelete POST unsent
 ? Ids:array
DsgUserGroupGetOdpsRoleGroups GET always
 ? ProjectName!
DsgUserGroupQueryList GET always list=PageData.Data
 ? Name Owner PageNumber:int32! PageSize:int32! ProjectName userGroupType:int32
DsgUserGroupQueryUserList GET always
DsgWhiteListAddOrUpdate POST unsent
 ? WhiteLists:array!
DsgWhiteListDeleteList POST unsent
 ? Ids:array!
DsgWhiteListQueryList GET always list=PageData.Data
 ? DataType PageNumber:int32! PageSize:int32! SceneId:long!
EditRecognizeRule POST unsent
 & AccountName! ColExclude ColScan CommentScan ContentScan HitThreshold:int32 LevelName NodeId! NodeParent!
   OperationType:int32! RecognizeRules RecognizeRulesType SensitiveDescription SensitiveId! SensitiveName! Status:int32
   TemplateId! TenantId! level!
EstablishRelationTableToBusiness POST unsent
 & BusinessId! FolderId ProjectId:long ProjectIdentifier TableGuid!
ExportDataSources GET always list=Data.DataSources
 ? DataSourceType EnvType:int32 Name PageNumber:int32 PageSize:int32 ProjectId:long! SubType
GenerateDISyncTaskConfigForCreating POST token outcome
 ? ClientToken ProjectId:long! TaskParam! TaskType!
GenerateDISyncTaskConfigForUpdating POST token outcome
 ? ClientToken ProjectId:long! TaskId:long! TaskParam! TaskType!
GetAlertMessage POST always
 & AlertId!
GetBaseline POST always
 & BaselineId:long! ProjectId:long!
GetBaselineConfig POST always
 & BaselineId:long!
GetBaselineKeyPath POST always
 & BaselineId:long! Bizdate! InGroupId:int32!
GetBaselineStatus POST always
 & BaselineId:long! Bizdate! InGroupId:int32!
GetBusiness POST always
 & BusinessId:long! ProjectId:long ProjectIdentifier
GetDDLJobStatus GET always
 ? TaskId!
GetDIAlarmRule POST always
 & DIAlarmRuleId:long!
GetDIJob POST always
 & DIJobId:long! WithDetails:boolean
GetDISyncInstanceInfo POST always outcome
 ? FileId:long! ProjectId:long! TaskType!
GetDISyncTask POST always outcome
 ? FileId:long! ProjectId:long! TaskType!
GetDag POST always
 & DagId:long! ProjectEnv!
GetDataServiceApi POST always
 & ApiId:long! ProjectId:long! TenantId:long
GetDataServiceApiTest GET always
 ? TestId:long!
GetDataServiceApplication POST always
 & ApplicationId:long! ProjectId:long! TenantId:long
GetDataServiceFolder POST always
 & FolderId:long! ProjectId:long! TenantId:long
GetDataServiceGroup POST always
 & GroupId! ProjectId:long! TenantId:long
GetDataServicePublishedApi POST always
 & ApiId:long! ProjectId:long! TenantId:long
GetDataSourceMeta POST always outcome
 ? DatasourceName! EnvType PageNumber:long PageSize:long ProjectId:long!
GetDeployment POST always
 & DeploymentId:long! ProjectId:long ProjectIdentifier
GetExtension POST always
 ? ExtensionCode!
GetFile POST always
 & FileId:long NodeId:long ProjectId:long ProjectIdentifier
GetFileTypeStatistic POST always
 & ProjectEnv! ProjectId:long!
GetFileVersion POST always
 & FileId:long! FileVersion:int32! ProjectId:long ProjectIdentifier
GetFolder POST always
 & FolderId FolderPath ProjectId:long ProjectIdentifier
GetIDEEventDetail POST always
 & MessageId! ProjectId:long!
GetInstance POST always
 & InstanceId:long! ProjectEnv!
GetInstanceConsumeTimeRank POST always
 & Bizdate! ProjectId:long!
GetInstanceCountTrend POST always
 & BeginDate! EndDate! ProjectId:long!
GetInstanceErrorRank POST always
 & ProjectId:long!
GetInstanceLog POST always
 & InstanceHistoryId:long InstanceId:long! ProjectEnv!
GetInstanceStatusCount POST always
 & BizDate! ProjectEnv! ProjectId:long!
GetInstanceStatusStatistic POST always
 & BizDate! DagType ProjectEnv! ProjectId:long! SchedulerPeriod SchedulerType
GetManualDagInstances POST always
 & DagId! ProjectEnv! ProjectName!
GetMetaCategory POST always list=Data.DataEntityList
 ? PageNum:int32 PageSize:int32 ParentCategoryId:long
GetMetaCollectionDetail POST always
 ? QualifiedName!
GetMetaColumnLineage POST always list=Data.DataEntityList
 ? ClusterId ColumnGuid ColumnName DataSourceType DatabaseName Direction! PageNum:int32 PageSize:int32 TableName
GetMetaDBInfo GET always
 ? AppGuid ClusterId DataSourceType DatabaseName
GetMetaDBTableList POST always list=Data.TableEntityList
 ? AppGuid ClusterId DataSourceType DatabaseName PageNumber:int32 PageSize:int32
GetMetaTableBasicInfo GET always
 ? ClusterId DataSourceType DatabaseName Extension:boolean TableGuid TableName
GetMetaTableChangeLog POST always list=Data.DataEntityList
 & ChangeType EndDate ObjectType PageNumber:int32 PageSize:int32 StartDate TableGuid!
GetMetaTableColumn GET always list=Data.ColumnList
 ? ClusterId DataSourceType DatabaseName PageNum:int32 PageSize:int32 TableGuid TableName
GetMetaTableFullInfo GET always list=Data.ColumnList
 ? ClusterId DataSourceType DatabaseName PageNum:int32 PageSize:int32 TableGuid TableName
GetMetaTableIntroWiki POST always
 ? TableGuid! WikiVersion:long
GetMetaTableLineage POST always list=Data.DataEntityList
 ? ClusterId DataSourceType DatabaseName Direction! NextPrimaryKey PageSize:int32 TableGuid TableName
GetMetaTableListByCategory GET always list=Data.TableGuidList
 ? CategoryId:long! PageNumber:int32 PageSize:int32
GetMetaTableOutput POST always list=Data.DataEntityList
 ? EndDate! PageNumber:int32 PageSize:int32 StartDate! TableGuid! TaskId
GetMetaTablePartition POST always list=Data.DataEntityList
 ? ClusterId DataSourceType DatabaseName PageNumber:int32 PageSize:int32 SortCriterion:json TableGuid TableName
GetMetaTableProducingTasks POST always
 ? ClusterId DataSourceType DbName SchemaName TableGuid! TableName
GetMetaTableThemeLevel GET always
 ? DataSourceType! TableGuid!
GetMigrationProcess POST always
 & MigrationId:long! ProjectId:long!
GetMigrationSummary POST always
 & MigrationId:long! ProjectId:long!
GetNode POST always
 & NodeId:long! ProjectEnv!
GetNodeChildren POST always
 & NodeId:long! ProjectEnv!
GetNodeCode POST always
 & NodeId:long! ProjectEnv!
GetNodeOnBaseline POST always
 & BaselineId:long!
GetNodeParents POST always
 & NodeId:long! ProjectEnv!
GetNodeTypeListInfo POST always list=NodeTypeInfoList.NodeTypeInfo
 & Keyword Locale PageNumber:int32! PageSize:int32! ProjectId:long ProjectIdentifier
GetOpRiskData GET always
 ? Date! Name PageNo:int32! PageSize:int32! RiskType
GetOpSensitiveData GET always
 ? Date! Name! OpType PageNo:int32! PageSize:int32!
GetOptionValueForProject POST always
 & ExtensionCode ProjectId
GetPermissionApplyOrderDetail POST always
 ? FlowId!
GetProject POST always
 ? ProjectId:long ProjectIdentifier
GetProjectDetail POST always
 ? ProjectId:long!
GetQualityEntity POST always
 & EnvType! MatchExpression ProjectId:long ProjectName! TableName!
GetQualityFollower POST always
 & EntityId:long! ProjectId:long ProjectName!
GetQualityRule POST always
 & ProjectId:long ProjectName! RuleId:long!
GetRemind POST always
 & RemindId:long!
GetSensitiveData GET always
 ? Name! PageNo:int32! PageSize:int32!
GetSuccessInstanceTrend POST always
 & ProjectId:long!
GetTopic POST always
 & TopicId:long!
GetTopicInfluence POST always
 & TopicId:long!
ImportDataSources POST unsent outcome
 ? DataSources! ProjectId:long!
ListAlertMessages POST always list=Data.AlertMessages
 & AlertMethods AlertRuleTypes AlertUser BaselineId:long BeginTime! EndTime! PageNumber:int32! PageSize:int32!
   RemindId:long
ListBaselineConfigs POST always list=Data.Baselines
 & BaselineTypes Owner PageNumber:int32! PageSize:int32! Priority ProjectId:long! SearchText Useflag:boolean
ListBaselineStatuses POST always list=Data.BaselineStatuses
 & BaselineTypes Bizdate! FinishStatus Owner PageNumber:int32! PageSize:int32! Priority SearchText Status TopicId:long
ListBaselines POST always list=Data.Baselines
 & BaselineTypes Enable:boolean Owner PageNumber:int32! PageSize:int32! Priority ProjectId:long! SearchText
ListBusiness POST always list=Data.Business
 & Keyword PageNumber:int32! PageSize:int32! ProjectId:long ProjectIdentifier
ListCalcEngines POST always list=Data.CalcEngines
 ? CalcEngineType! EnvType Name PageNumber:int32 PageSize:int32 ProjectId:long!
ListCheckProcesses POST always list=PagingInfo.CheckProcesses
 & EventCode! MessageId Operator PageNumber:int32 PageSize:int32 ProjectId:long Status
ListClusterConfigs GET always list=ClusterConfigs
 ? ClusterId:long! ConfigType! ProjectId:long!
ListClusters GET always list=Data.Clusters
 ? ClusterType! PageNumber:int32 PageSize:int32
ListConnections GET always list=Data.Connections
 ? ConnectionType EnvType:int32 Name PageNumber:int32 PageSize:int32 ProjectId:long! Status SubType
ListDIAlarmRules POST always list=DIAlarmRulePaging.DIJobAlarmRules
 & DIJobId:long! PageNumber:long PageSize:long
ListDIJobs POST always list=DIJobPaging.DIJobs
 & DestinationDataSourceType JobName PageNumber:int32 PageSize:int32 ProjectId:long! SourceDataSourceType
ListDIProjectConfig POST always
 ? DestinationType! ProjectId:long! SourceType
ListDags POST always list=Data.Dags
 & OpSeq:long! ProjectEnv!
ListDataServiceApiAuthorities POST always list=Data.ApiAuthorizationList
 ? PageNumber:int32 PageSize:int32
 & ApiNameKeyword ProjectId:long! TenantId:long
ListDataServiceApiTest GET always list=Data
 ? ApiId:long! PageSize:int32
ListDataServiceApis POST always list=Data.Apis
 & ApiNameKeyword ApiPathKeyword CreatorId PageNumber:int32 PageSize:int32 ProjectId:long! TenantId:long
ListDataServiceApplications POST always list=Data.Applications
 & PageNumber:int32 PageSize:int32 ProjectIdList! TenantId:long
ListDataServiceAuthorizedApis POST always list=Data.ApiAuthorizedList
 ? PageNumber:int32 PageSize:int32
 & ApiNameKeyword ProjectId:long! TenantId:long
ListDataServiceFolders POST always list=FolderPagingResult.Folders
 & FolderNameKeyword GroupId PageNumber:int32 PageSize:int32 ProjectId:long! TenantId:long
ListDataServiceGroups POST always list=GroupPagingResult.Groups
 & GroupNameKeyword PageNumber:int32 PageSize:int32 ProjectId:long! TenantId:long
ListDataServicePublishedApis POST always list=Data.Apis
 & ApiNameKeyword ApiPathKeyword CreatorId PageNumber:int32 PageSize:int32 ProjectId:long! TenantId:long
ListDataSources GET always list=Data.DataSources
 ? DataSourceType EnvType:int32 Name PageNumber:int32 PageSize:int32 ProjectId:long! Status SubType
ListDeployments POST always list=Data.Deployments
 & Creator EndCreateTime:long EndExecuteTime:long Executor Keyword PageNumber:int32 PageSize:int32 ProjectId:long
   ProjectIdentifier Status:int32
ListEnabledExtensionsForProject POST always list=Extensions
 & EventCode! FileType ProjectId:long!
ListEntitiesByTags GET always list=Data.EntityList
 ? EntityType! NextToken PageSize:int32 Tags:array!
ListEntityTags GET always list=Data
 ? QualifiedName!
ListExtensions POST always list=PagingInfo.Extensions
 ? PageNumber:int32 PageSize:int32
ListFileType POST always list=NodeTypeInfoList.NodeTypeInfo
 & Keyword Locale PageNumber:int32! PageSize:int32! ProjectId:long ProjectIdentifier
ListFileVersions POST always list=Data.FileVersions
 & FileId:long! PageNumber:int32 PageSize:int32 ProjectId:long ProjectIdentifier
ListFiles POST always list=Data.Files
 & ExactFileName FileFolderPath FileIdIn FileTypes Keyword LastEditUser NeedAbsoluteFolderPath:boolean
   NeedContent:boolean NodeId:long Owner PageNumber:int32 PageSize:int32 ProjectId:long ProjectIdentifier UseType
ListFolders POST always list=Data.Folders
 & PageNumber:int32! PageSize:int32! ParentFolderPath! ProjectId:long ProjectIdentifier
ListInnerNodes POST always list=Paging.Nodes
 & NodeName OuterNodeId:long! PageNumber:int32 PageSize:int32 ProgramType ProjectEnv ProjectId:long!
ListInstanceAmount POST always list=InstanceCounts
 & BeginDate! EndDate! ProjectId:long!
ListInstanceHistory POST always list=Instances
 & InstanceId:long! ProjectEnv
ListInstances POST always list=Data.Instances
 & BeginBizdate BizName Bizdate DagId:long EndBizdate NodeId:long NodeName OrderBy Owner PageNumber:int32 PageSize:int32
   ProgramType ProjectEnv! ProjectId:long! Status
ListLineage POST always list=Data.DataEntityList
 ? Direction! EntityQualifiedName! Keyword NextToken PageSize:int32
ListManualDagInstances POST always list=Instances
 & DagId! ProjectEnv! ProjectName!
ListMeasureData POST always list=MeasureDatas
 ? ComponentCode! DomainCode! EndTime:long! StartTime:long!
ListMetaCollectionEntities POST always list=Data.EntityList
 ? CollectionQualifiedName! EntityType Keyword NextToken PageSize:int32
ListMetaCollections POST always list=Data.CollectionList
 ? Administrator CollectionType! Creator Follower Keyword NextToken OrderBy PageSize:int32 ParentQualifiedName
ListMetaDB GET always list=DatabaseInfo.DbList
 ? ClusterId DataSourceType! PageNum:int32 PageSize:int32 ProjectId:long!
ListMigrations POST always list=Data.Migrations
 & MigrationType! Owner PageNumber:int32 PageSize:int32 ProjectId:long!
ListNodeIO POST always list=Data
 & IoType! NodeId:long! ProjectEnv!
ListNodeInputOrOutput POST always list=Data
 & IoType! NodeId:long! ProjectEnv!
ListNodes POST always list=Data.Nodes
 & BizName NodeName Owner PageNumber:int32 PageSize:int32 ProgramType ProjectEnv! ProjectId:long! SchedulerType
ListNodesByBaseline POST always list=Data
 & BaselineId:long!
ListNodesByOutput POST always list=Data
 & Outputs! ProjectEnv!
ListPermissionApplyOrders POST always list=ApplyOrders.ApplyOrder
 ? ApplyType CatalogName EndTime:long EngineType FlowStatus:int32 MaxComputeProjectName OrderType:int32 PageNum:int32
   PageSize:int32 QueryType:int32! StartTime:long TableName WorkspaceId:int32
ListProgramTypeCount POST always list=ProgramTypeAndCounts
 & ProjectEnv! ProjectId:long!
ListProjectIds POST always list=ProjectIds
 ? UserId!
ListProjectMembers POST always list=Data.ProjectMemberList
 ? PageNumber:int32 PageSize:int32 ProjectId:long!
ListProjectRoles POST always list=ProjectRoleList
 ? ProjectId:long!
ListProjects POST always list=PageResult.ProjectList
 ? PageNumber:int32 PageSize:int32 ResourceManagerResourceGroupId Tags:array
ListQualityResultsByEntity POST always list=Data.RuleChecks
 & EndDate! EntityId:long! PageNumber:int32! PageSize:int32! ProjectId:long ProjectName! StartDate!
ListQualityResultsByRule POST always list=Data.RuleChecks
 & EndDate! PageNumber:int32! PageSize:int32! ProjectId:long ProjectName! RuleId:long! StartDate!
ListQualityRules POST always list=Data.Rules
 & EntityId:long! PageNumber:int32! PageSize:int32! ProjectId:long ProjectName!
ListRefDISyncTasks POST always list=Data.DISyncTasks
 ? DatasourceName! PageNumber:long PageSize:long ProjectId:long! RefType! TaskType!
ListReminds POST always list=Data.Reminds
 & AlertTarget Founder NodeId:long PageNumber:int32! PageSize:int32! RemindTypes SearchText
ListResourceGroups POST always list=Data
 ? BizExtKey Keyword ResourceGroupType:int32 ResourceManagerResourceGroupId Tags:array
ListShiftPersonnels POST always list=Paging.ShiftPersons
 & BeginTime:long! EndTime:long! ShiftPersonUID ShiftScheduleIdentifier! UserType
ListShiftSchedules POST always list=Paging.ShiftSchedules
 & Owner PageNumber:int32 PageSize:int32 ShiftScheduleName
ListSuccessInstanceAmount POST always
 & ProjectId:long!
ListTableLevel GET always list=TableLevelInfo.LevelList
 ? LevelType:int32! PageNum:int32 PageSize:int32 ProjectId:long!
ListTableTheme GET always list=Data.ThemeList
 ? PageNum:int32 PageSize:int32 ParentId:long ProjectId:long
ListTables POST always list=Data.TableEntityList
 ? DataSourceType! NextToken PageSize:int32
ListTopics POST always list=Data.Topics
 & BeginTime! EndTime! InstanceId:long NodeId:long Owner PageNumber:int32! PageSize:int32! TopicStatuses TopicTypes
OfflineNode POST unsent
 & NodeId:long! ProjectId:long!
PublishDataServiceApi POST unsent
 & ApiId:long! ProjectId:long! TenantId:long
QueryDISyncTaskConfigProcessResult POST always outcome
 ? AsyncProcessId:long! ProjectId:long! TaskType!
QueryDefaultTemplate POST always
 & TenantId!
QueryPublicModelEngine POST unsent
 & ProjectId! Text!
QueryRecognizeDataByRuleType POST always
 & RecognizeRulesType! TenantId!
QueryRecognizeRuleDetail POST always
 & SensitiveName! TenantId!
QueryRecognizeRulesType POST always
QuerySensClassification POST always
 & TemplateId! TenantId!
QuerySensLevel POST always
 & TemplateId! tenantId!
QuerySensNodeInfo POST always
 & NodeId PageNo:int32 PageSize:int32 SensitiveName TemplateId! TenantId! status:int32
RegisterLineageRelation POST unsent
 & LineageRelationRegisterVO:json!
RemoveEntityTags POST unsent
 ? QualifiedName!
 & TagKeys:array!
RemoveProjectMemberFromRole POST unsent
 ? ProjectId:long! RoleCode! UserId!
RestartInstance POST unsent
 & InstanceId:long! ProjectEnv!
ResumeInstance POST unsent
 & InstanceId:long! ProjectEnv!
RevokeTablePermission POST unsent
 ? Actions! MaxComputeProjectName! RevokeUserId RevokeUserName TableName! WorkspaceId:long!
RunCycleDagNodes POST unsent
 & AlertNoticeType AlertType BizBeginTime BizEndTime ConcurrentRuns:int32 EndBizDate! ExcludeNodeIds IncludeNodeIds!
   Name! NodeParams Parallelism:boolean! ProjectEnv! RootNodeId:long! StartBizDate!
   StartFutureInstanceImmediately:boolean
RunManualDagNodes POST unsent
 & BizDate DagParameters EndBizDate ExcludeNodeIds FlowName! IncludeNodeIds NodeParameters ProjectEnv! ProjectId:long
   ProjectName! StartBizDate
RunSmokeTest POST unsent
 & Bizdate! Name! NodeId:long! NodeParams ProjectEnv!
RunTriggerNode POST unsent
 & AppId:long! BizDate:long! CycleTime:long! NodeId:long!
SaveDataServiceApiTestResult POST unsent
 & ApiId:long! AutoGenerate:boolean FailResultSample ProjectId:long! ResultSample
ScanSensitiveData GET unsent
 ? Data!
SearchMetaTables POST always list=Data.DataEntityList
 ? AppGuid ClusterId DataSourceType EntityType:int32 Keyword! PageNumber:int32 PageSize:int32 Schema
SearchNodesByOutput POST always
 & Outputs! ProjectEnv!
SetDataSourceShare POST unsent outcome
 ? DatasourceName! EnvType ProjectId:long! ProjectPermissions UserPermissions
SetEntityTags POST unsent
 ? QualifiedName!
 & Tags:array
SetSuccessInstance POST unsent
 & InstanceId:long! ProjectEnv!
StartDIJob POST unsent
 & DIJobId:long! ForceToRerun:boolean RealtimeStartSettings:json
StartDISyncInstance POST unsent outcome
 ? FileId:long! ProjectId:long! StartParam TaskType!
StartMigration POST unsent
 & MigrationId:long! ProjectId:long!
StopDIJob POST unsent
 & DIJobId:long!
StopDISyncInstance POST unsent outcome
 ? FileId:long! ProjectId:long! TaskType!
StopInstance POST unsent
 & InstanceId:long! ProjectEnv!
SubmitDataServiceApi POST unsent
 & ApiId:long! ProjectId:long! TenantId:long
SubmitFile POST unsent
 & Comment FileId:long! ProjectId:long ProjectIdentifier SkipAllDeployFileExtensions:boolean
SuspendInstance POST unsent
 & InstanceId:long! ProjectEnv!
TerminateDISyncInstance POST unsent outcome
 ? FileId:long! ProjectId:long! TaskType!
TestDataServiceApi POST unsent
 ? ApiId:long!
 & BodyContent BodyParams:list HeadParams:list PathParams:list QueryParam:list
TestNetworkConnection POST unsent
 ? DatasourceName! EnvType! ProjectId:long! ResourceGroup!
TopTenElapsedTimeInstance POST always
 & ProjectId:long!
TopTenErrorTimesInstance POST always
 & ProjectId:long!
UpdateBaseline POST unsent
 & AlertEnabled:boolean AlertMarginThreshold:int32 AlertSettings:array BaselineId:long! BaselineName BaselineType
   Enabled:boolean NodeIds OvertimeSettings:array Owner Priority:int32 ProjectId:long! RemoveNodeIds
UpdateBusiness POST unsent
 & BusinessId:long! BusinessName Description Owner ProjectId:long ProjectIdentifier
UpdateClusterConfigs POST unsent
 ? ClusterId:long! ConfigType! ProjectId:long!
 & ConfigValues:array!
UpdateConnection PUT unsent
 ? ConnectionId:long! Content Description EnvType:int32 Status
UpdateDIAlarmRule POST unsent
 & DIAlarmRuleId:long! Description Enabled:boolean MetricType! NotificationSettings:json! TriggerConditions:array!
UpdateDIJob POST unsent
 & DIJobId:long Description JobSettings:json ResourceSettings:json TableMappings:array TransformationRules:array
UpdateDIProjectConfig POST unsent
 ? DestinationType! ProjectConfig! ProjectId:long! SourceType
UpdateDISyncTask POST unsent outcome
 ? FileId:long! ProjectId:long! TaskContent TaskParam TaskType!
UpdateDataServiceApi POST unsent
 & ApiDescription! ApiId:long! ApiPath! ProjectId:long! Protocols! RegistrationDetails RequestMethod:int32!
   ResourceGroupId:long ResponseContentType:int32! ScriptDetails TenantId:long Timeout:int32! VisibleRange:int32!
   WizardDetails
UpdateDataSource PUT unsent
 ? Content DataSourceId:long! Description EnvType:int32 Status
UpdateFile POST unsent
 & AdvancedSettings ApplyScheduleImmediately:boolean AutoParsing:boolean AutoRerunIntervalMillis:int32
   AutoRerunTimes:int32 ConnectionName Content CronExpress CycleType DependentNodeIdList DependentType
   EndEffectDate:long FileDescription FileFolderPath FileId:long! FileName IgnoreParentSkipRunningProperty:boolean
   ImageId InputList InputParameters OutputList OutputParameters Owner ParaValue ProjectId:long ProjectIdentifier
   RerunMode ResourceGroupIdentifier SchedulerType StartEffectDate:long StartImmediately:boolean Stop:boolean
   Timeout:int32
UpdateFolder POST unsent
 & FolderId! FolderName! ProjectId:long ProjectIdentifier
UpdateIDEEventResult POST unsent
 & CheckResult CheckResultTip ExtensionCode MessageId
UpdateMetaCategory POST unsent
 & CategoryId:long! Comment Name
UpdateMetaCollection POST unsent outcome
 ? Comment Name QualifiedName!
UpdateMetaTable POST unsent
 ? Caption CategoryId:long EnvType:int32 NewOwnerId ProjectId:long Schema TableGuid TableName Visibility:int32
 & AddedLabels RemovedLabels
UpdateMetaTableIntroWiki POST unsent
 ? TableGuid!
 & Content!
UpdateNodeOwner POST unsent
 & NodeId:long! ProjectEnv! UserId!
UpdateNodeRunMode POST unsent
 & NodeId:long! ProjectEnv! SchedulerType:int32!
UpdateQualityFollower POST unsent
 & AlarmMode:int32! Follower! FollowerId:long! ProjectId:long ProjectName!
UpdateQualityRule POST unsent
 & BlockType:int32 Checker:int32 Comment CriticalThreshold EntityId:long ExpectValue Id:long! MethodName!
   OpenSwitch:boolean Operator PredictType:int32 ProjectId:long ProjectName! Property! PropertyType RuleName
   RuleType:int32 TaskSetting TemplateId:int32 Trend WarningThreshold WhereCondition
UpdateRemind POST unsent
 & AlertInterval:int32 AlertMethods AlertTargets AlertUnit BaselineIds BizProcessIds Detail DndEnd MaxAlertTimes:int32
   NodeIds ProjectId:long RemindId:long! RemindName RemindType RemindUnit RobotUrls UseFlag:boolean Webhooks
UpdateTable POST unsent
 ? AppGuid CategoryId:long Comment CreateIfNotExists:boolean ExternalTableType HasPart:int32 IsView:int32
   LifeCycle:int32 Location LogicalLevelId:long OwnerId PhysicsLevelId:long ProjectId:long Schema TableName!
   Visibility:int32
 & Columns:list Endpoint EnvType:int32 Themes:list
UpdateTableAddColumn POST unsent
 ? TableGuid!
 & Column:list!
UpdateTableLevel POST unsent
 ? Description LevelId:long! LevelType:int32 Name ProjectId:long!
UpdateTableModelInfo POST unsent
 ? FirstLevelThemeId:long LevelId:long LevelType:int32 SecondLevelThemeId:long TableGuid!
UpdateTableTheme POST unsent
 ? Name! ProjectId:long ThemeId:long!
UpdateUdfFile POST unsent
 & ClassName! CmdDescription Example FileFolderPath FileId! FunctionType! ParameterDescription ProjectId:long
   ProjectIdentifier Resources! ReturnValue UdfDescription
UpdateWorkbenchEventResult POST unsent
 ? CheckResult! CheckResultTip ExtensionCode! MessageId!
]]
