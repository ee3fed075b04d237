-- The actions of version 2024-05-18, which create, read, list, change, start, stop and delete synchronization jobs.

local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

--- The parameters that a job stores as texts.
local TEXTS = {
  "Description", "DestinationDataSourceType", "FileSpec", "JobType", "MigrationType", "Owner", "SourceDataSourceType",
}
--- The parameters that a job stores as decoded JSON, each with the function that checks the type of the JSON value.
local JSON_PARAMETERS = {
  DestinationDataSourceSettings = json.is_list, JobSettings = json.is_object, ResourceSettings = json.is_object,
  SourceDataSourceSettings = json.is_list, TableMappings = json.is_list, TransformationRules = json.is_list,
}
local NEEDED_WITHOUT_FILE_SPEC = { "SourceDataSourceType", "DestinationDataSourceType", "MigrationType" }

--- The members of a job, in the order of a reply. A reply without details has only the first SUMMARY_SIZE members.
local MEMBERS = {
  "Id", "DIJobId", "JobName", "JobStatus", "ProjectId", "Owner", "MigrationType", "SourceDataSourceType",
  "DestinationDataSourceType", "Description", "DestinationDataSourceSettings", "JobSettings", "JobType",
  "ResourceSettings", "SourceDataSourceSettings", "TableMappings", "TransformationRules",
}
local SUMMARY_SIZE = 9

--- Stores the parameters in a job. If a parameter is wrong, stores none.
local function change(job, params)
  local decoded = {}
  for name, fits in pairs(JSON_PARAMETERS) do
    local value, wrong = json.decode(params[name] or "null")
    if params[name] and (wrong or not fits(value)) then
      reply.raise(reply.invalid(name))
    end
    decoded[name] = params[name] and value
  end
  for _, name in ipairs(TEXTS) do
    job[name] = params[name] or job[name]
  end
  for name, value in pairs(decoded) do
    job[name] = value
  end
end

function M.CreateDIJob(state, params)
  local name = params.Name or params.JobName
  if not params.ProjectId or not name then
    return reply.invalid("ProjectId and Name are needed")
  end
  for _, needed in ipairs(params.FileSpec and {} or NEEDED_WITHOUT_FILE_SPEC) do
    if not params[needed] then
      return reply.invalid(needed .. " is needed without a FileSpec")
    end
  end
  local job = {
    project = params.ProjectId, ProjectId = json.integer(params.ProjectId), JobName = name, JobStatus = "Initialized",
    Owner = state.OWNER,
  }
  change(job, params)
  local same = paging.select(state.jobs, function(other)
    return other.project == job.project and other.JobName == name
  end)
  if #same > 0 then
    return reply.name_taken("Name")
  end
  local id = state:next_id()
  state.jobs[id] = job
  job.id, job.Id, job.DIJobId = id, json.integer(id), json.integer(id)
  return reply.members("Id", job.Id, "DIJobId", job.DIJobId)
end

--- Returns an action that passes a job to `act`. The parameter Id, or the older parameter DIJobId, is the id of the
--- job.
local function with_job(act)
  return function(state, params)
    local job = state.jobs[params.Id or params.DIJobId or ""]
    if not job or params.ProjectId and params.ProjectId ~= job.project then
      return reply.invalid("there is no such job")
    end
    return act(state, job, params)
  end
end

--- Returns the first `size` members of a job.
local function show(job, size)
  local members = {}
  for i = 1, size do
    members[2 * i - 1], members[2 * i] = MEMBERS[i], job[MEMBERS[i]]
  end
  return json.object((table.unpack or unpack)(members, 1, 2 * size))
end

--- Changes the status Stopping to Stopped after a number of calls that read the status, and not after a time.
local function advance_status(job)
  if job.JobStatus == "Stopping" and job.reads_left <= 0 then
    job.JobStatus = "Stopped"
  elseif job.JobStatus == "Stopping" then
    job.reads_left = job.reads_left - 1
  end
end

M.GetDIJob = with_job(function(_, job, params)
  advance_status(job)
  return reply.members("PagingInfo", show(job, params.WithDetails == "true" and #MEMBERS or SUMMARY_SIZE))
end)

M.ListDIJobs = wrap.with_page(function(state, params, page)
  local found = paging.select(state.jobs, function(job)
    return job.project == params.ProjectId and (not params.Name or job.JobName:find(params.Name, 1, true))
      and (not params.MigrationType or job.MigrationType == params.MigrationType)
  end)
  return reply.members("PagingInfo", paging.object("DIJobs", found, page, function(job)
    return show(job, SUMMARY_SIZE)
  end))
end)

--- Refuses the call if the job is running or stopping.
local function check_idle(job)
  if job.JobStatus == "Running" or job.JobStatus == "Stopping" then
    reply.raise(reply.invalid("the job is running"))
  end
end

local function success()
  return reply.members("Success", true)
end

M.UpdateDIJob = with_job(function(_, job, params)
  change(job, params)
  return success()
end)

M.StartDIJob = with_job(function(_, job)
  check_idle(job)
  job.JobStatus = "Running"
  return success()
end)

M.StopDIJob = with_job(function(state, job)
  if job.JobStatus ~= "Running" then
    return reply.invalid("the job is not running")
  end
  job.JobStatus, job.reads_left = "Stopping", state.settings.kill_calls
  return success()
end)

M.DeleteDIJob = with_job(function(state, job)
  check_idle(job)
  state.jobs[job.id] = nil
  return success()
end)

return M
