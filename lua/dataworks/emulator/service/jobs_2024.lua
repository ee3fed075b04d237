-- The actions of version 2024-05-18 on synchronization jobs.

local jobs = require "dataworks.emulator.service.jobs"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local tables = require "dataworks.util.tables"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local NEEDED_WITHOUT_FILE_SPEC = { "SourceDataSourceType", "DestinationDataSourceType", "MigrationType" }

local RESOURCE_GROUP = { RequestedCu = "double", ResourceGroupIdentifier = "string" }

--- The declared shapes of the parameters that are JSON.
local SHAPES = {
  SourceDataSourceSettings = {
    {
      DataSourceName = "string",
      DataSourceProperties = { ConnectionProperties = "string", Encoding = "string", Timezone = "string" },
    },
  },
  DestinationDataSourceSettings = {
    { DataSourceName = "string", DataSourceProperties = { ConnectionProperties = "string" } },
  },
  ResourceSettings = {
    OfflineResourceSettings = RESOURCE_GROUP, RealtimeResourceSettings = RESOURCE_GROUP,
    ScheduleResourceSettings = RESOURCE_GROUP,
  },
  JobSettings = {
    ChannelSettings = "string",
    ColumnDataTypeSettings = { { DestinationDataType = "string", SourceDataType = "string" } },
    CycleScheduleSettings = { CycleMigrationType = "string", ScheduleParameters = "string" },
    DdlHandlingSettings = { { Action = "string", Type = "string" } },
    RuntimeSettings = { { Name = "string", Value = "string" } },
  },
  TableMappings = {
    {
      SourceObjectSelectionRules = {
        { Action = "string", Expression = "string", ExpressionType = "string", ObjectType = "string" },
      },
      TransformationRules = { { RuleActionType = "string", RuleName = "string", RuleTargetType = "string" } },
    },
  },
  TransformationRules = {
    { RuleActionType = "string", RuleExpression = "string", RuleName = "string", RuleTargetType = "string" },
  },
}

--- The shapes of the members of GetDIJob, which shows less of the data sources than CreateDIJob takes.
local SHOWN = tables.merge(SHAPES, {
  SourceDataSourceSettings = {
    { DataSourceName = "string", DataSourceProperties = { Encoding = "string", Timezone = "string" } },
  },
  DestinationDataSourceSettings = { { DataSourceName = "string" } },
})

--- The members of a job, in the order of a reply. A reply without details has only the first SUMMARY_SIZE members.
local MEMBERS = {
  "Id", "DIJobId", "JobName", "JobStatus", "ProjectId", "Owner", "MigrationType", "SourceDataSourceType",
  "DestinationDataSourceType", "Description", "DestinationDataSourceSettings", "JobSettings", "JobType",
  "ResourceSettings", "SourceDataSourceSettings", "TableMappings", "TransformationRules",
}
local SUMMARY_SIZE = 9

--- Returns an action that passes a job to `act`. The parameter Id, or the older parameter DIJobId, is the id of the
--- job.
local function with_job(act)
  return function(state, params)
    return act(state, jobs.find(state, params.Id or params.DIJobId, params.ProjectId), params)
  end
end

function M.CreateDIJob(state, params)
  local name = params.Name or params.JobName
  if not params.ProjectId or not name then
    return reply.invalid("ProjectId and Name are needed")
  end
  jobs.check_needed(params, params.FileSpec and {} or NEEDED_WITHOUT_FILE_SPEC)
  local job = jobs.create(state, name, params, SHAPES)
  return reply.members("Id", job.Id, "DIJobId", job.DIJobId)
end

--- In this reply, the older name of the id is a text.
M.GetDIJob = with_job(function(_, job, params)
  jobs.advance_status(job)
  local shown = tables.merge(job, { DIJobId = job.id })
  local size = params.WithDetails == "true" and #MEMBERS or SUMMARY_SIZE
  return reply.members("PagingInfo", jobs.show(shown, MEMBERS, size, SHOWN))
end)

M.ListDIJobs = wrap.with_page(function(state, params, page)
  local found = jobs.list(state, params, params.Name,
    { "MigrationType", "SourceDataSourceType", "DestinationDataSourceType" })
  return reply.members("PagingInfo", paging.object("DIJobs", found, page, function(job)
    return jobs.show(job, MEMBERS, SUMMARY_SIZE, SHOWN)
  end))
end)

M.UpdateDIJob = with_job(function(state, job, params)
  jobs.change(state, job, params, SHAPES)
  return reply.members("Success", true)
end)

--- Returns an action that changes a job and whose reply has only Success.
local function simple(act)
  return with_job(function(state, job, params)
    act(state, job, params)
    return reply.members("Success", true)
  end)
end

M.StartDIJob, M.StopDIJob, M.DeleteDIJob = simple(jobs.start), simple(jobs.stop), simple(jobs.delete)

return M
