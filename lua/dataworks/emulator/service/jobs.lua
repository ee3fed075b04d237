-- Synchronization jobs. Both versions of the API act on the same jobs, and differ in their parameters and replies.

local declared = require "dataworks.emulator.service.declared"
local json = require "dataworks.emulator.json"
local paging = require "dataworks.emulator.service.paging"
local reply = require "dataworks.emulator.service.reply"

local M = {}

--- The parameters that a job stores as texts.
local TEXTS = {
  "Description", "DestinationDataSourceType", "FileSpec", "JobType", "MigrationType", "Owner", "SourceDataSourceType",
}

--- Stores the parameters in a job. If a parameter is wrong, stores none.
---@param state table
---@param job table
---@param params table<string, string>
---@param shapes table<string, table> the declared shapes of the parameters that are JSON
function M.change(state, job, params, shapes)
  local decoded = {}
  for name, shape in pairs(shapes) do
    decoded[name] = declared.decode(params, name, shape)
  end
  for _, name in ipairs(TEXTS) do
    job[name] = params[name] or job[name]
  end
  for name, value in pairs(decoded) do
    job[name] = value
  end
  job.UpdatedTime, job.UpdatedUid = state:now_ms(), state.OWNER
end

--- Creates a job.
---@param state table
---@param name string
---@param params table<string, string>
---@param shapes table<string, table>
---@return table job
function M.create(state, name, params, shapes)
  local job = {
    project = params.ProjectId, ProjectId = json.integer(params.ProjectId), JobName = name,
    JobStatus = "Initialized", Owner = state.OWNER, CreatedTime = state:now_ms(), CreatedUid = state.OWNER,
  }
  M.change(state, job, params, shapes)
  local same = paging.select(state.jobs, function(other)
    return other.project == job.project and other.JobName == name
  end)
  if #same > 0 then
    reply.raise(reply.name_taken("JobName"))
  end
  job.id = state:next_id()
  job.Id, job.DIJobId = json.integer(job.id), json.integer(job.id)
  state.jobs[job.id] = job
  return job
end

--- Refuses a call that lacks one of the parameters.
---@param params table<string, string>
---@param names string[]
function M.check_needed(params, names)
  for _, name in ipairs(names) do
    if not params[name] then
      reply.raise(reply.invalid(name .. " is needed"))
    end
  end
end

--- Returns a job. Raises a reply if there is no such job, or if the job has another project than the call.
---@param state table
---@param id string|nil
---@param project string|nil
---@return table
function M.find(state, id, project)
  local job = state.jobs[id or ""]
  if not job or project and project ~= job.project then
    reply.raise(reply.invalid("there is no such job"))
  end
  return job
end

--- Changes the status Stopping to Stopped after a number of calls that read the status, and not after a time.
---@param job table
function M.advance_status(job)
  if job.JobStatus == "Stopping" and job.reads_left <= 0 then
    job.JobStatus = "Stopped"
  elseif job.JobStatus == "Stopping" then
    job.reads_left = job.reads_left - 1
  end
end

--- Refuses the call if the job is running or stopping.
local function check_idle(job)
  if job.JobStatus == "Running" or job.JobStatus == "Stopping" then
    reply.raise(reply.invalid("the job is running"))
  end
end

local START_SETTINGS = { StartTime = "long", FailoverSettings = { Interval = "long", UpperLimit = "long" } }

function M.start(state, job, params)
  declared.decode(params, "RealtimeStartSettings", START_SETTINGS)
  check_idle(job)
  job.JobStatus, job.StartedTime, job.StartedUid = "Running", state:now_ms(), state.OWNER
end

function M.stop(state, job)
  if job.JobStatus ~= "Running" then
    reply.raise(reply.invalid("the job is not running"))
  end
  job.JobStatus, job.reads_left = "Stopping", state.settings.kill_calls
end

--- Deletes a job and its alarm rules.
function M.delete(state, job)
  check_idle(job)
  state.jobs[job.id] = nil
  for id, rule in pairs(state.alarm_rules) do
    if rule.job_id == job.id then
      state.alarm_rules[id] = nil
    end
  end
end

--- Returns the first `size` members of a job or of an alarm rule. A member that has a shape is shown as far as the
--- shape declares it.
---@param stored table
---@param members string[]
---@param size integer
---@param shapes table<string, table>
---@return table
function M.show(stored, members, size, shapes)
  local shown = {}
  for i = 1, size do
    local name = members[i]
    local value = stored[name]
    if shapes[name] then
      value = declared.take(value, shapes[name], name)
    end
    shown[2 * i - 1], shown[2 * i] = name, value
  end
  return json.object((table.unpack or unpack)(shown, 1, 2 * size))
end

--- Returns the jobs of a project. The parameters select by equal values; `name` is a part of the wanted names.
---@param state table
---@param params table<string, string>
---@param name string|nil
---@param equal string[] the parameters that must be equal
---@return table[]
function M.list(state, params, name, equal)
  return paging.select(state.jobs, function(job)
    for _, parameter in ipairs(equal) do
      if params[parameter] and params[parameter] ~= job[parameter] then
        return false
      end
    end
    return job.project == params.ProjectId and (not name or job.JobName:find(name, 1, true) ~= nil)
  end)
end

return M
