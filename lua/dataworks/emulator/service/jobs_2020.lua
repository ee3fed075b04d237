-- The actions of version 2020-05-18 on synchronization jobs.

local jobs = require "dataworks.emulator.service.jobs"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local NEEDED = { "ProjectId", "JobName", "SourceDataSourceType", "DestinationDataSourceType", "MigrationType" }
local DESTINATIONS = { Hologres = true, Hive = true }

local DATA_SOURCES = { { DataSourceName = "string", DataSourceProperties = { ["*"] = "string" } } }
local RESOURCE_GROUP = { ResourceGroupIdentifier = "string" }

--- The declared shapes of the parameters that are JSON, which are those of the members with the same names.
local SHAPES = {
  SourceDataSourceSettings = DATA_SOURCES,
  DestinationDataSourceSettings = DATA_SOURCES,
  ResourceSettings = {
    OfflineResourceSettings = RESOURCE_GROUP, RealtimeResourceSettings = RESOURCE_GROUP, RequestedCu = "double",
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
      SourceObjectSelectionRules = { { Expression = "string", ObjectType = "string" } },
      TransformationRules = { { RuleActionType = "string", RuleName = "string", RuleTargetType = "string" } },
    },
  },
  TransformationRules = {
    { RuleActionType = "string", RuleExpression = "string", RuleName = "string", RuleTargetType = "string" },
  },
}

--- The members of a job, in the order of a reply. A list has only the first SUMMARY_SIZE members, and a reply without
--- details has only the first PLAIN_SIZE members.
local MEMBERS = {
  "DIJobId", "JobName", "JobStatus", "ProjectId", "MigrationType", "SourceDataSourceType", "DestinationDataSourceType",
  "Description", "SourceDataSourceSettings", "DestinationDataSourceSettings", "ResourceSettings", "CreatedTime",
  "CreatedUid", "UpdatedTime", "UpdatedUid", "StartedTime", "StartedUid", "JobSettings", "TableMappings",
  "TransformationRules",
}
local SUMMARY_SIZE, PLAIN_SIZE = 7, 17

local function with_job(act)
  return function(state, params)
    return act(state, jobs.find(state, params.DIJobId), params)
  end
end

function M.CreateDIJob(state, params)
  jobs.check_needed(params, NEEDED)
  if params.SourceDataSourceType ~= "MySQL" or not DESTINATIONS[params.DestinationDataSourceType] then
    return reply.invalid("the source must be MySQL, and the destination Hologres or Hive")
  end
  return reply.members("DIJobId", jobs.create(state, params.JobName, params, SHAPES).DIJobId)
end

M.GetDIJob = with_job(function(_, job, params)
  jobs.advance_status(job)
  return reply.members("Data", jobs.show(job, MEMBERS, params.WithDetails == "true" and #MEMBERS or PLAIN_SIZE, SHAPES))
end)

M.ListDIJobs = wrap.with_page(function(state, params, page)
  local found = jobs.list(state, params, params.JobName, { "SourceDataSourceType", "DestinationDataSourceType" })
  return reply.members("DIJobPaging", paging.object("DIJobs", found, page, function(job)
    return jobs.show(job, MEMBERS, SUMMARY_SIZE, SHAPES)
  end))
end)

M.UpdateDIJob = with_job(function(state, job, params)
  jobs.change(state, job, params, SHAPES)
  return reply.members()
end)

--- Returns an action that changes a job and whose reply has no members of its own.
local function simple(act)
  return with_job(function(state, job, params)
    act(state, job, params)
    return reply.members()
  end)
end

M.StartDIJob, M.StopDIJob, M.DeleteDIJob = simple(jobs.start), simple(jobs.stop), simple(jobs.delete)

return M
