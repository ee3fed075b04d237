-- Brings an offline task into production. Its schedule is set with UpdateFile, the file is submitted with SubmitFile,
-- and its newest version is deployed with DeployFile. None of these actions takes a ClientToken. Each step therefore
-- reads first whether the service has already done it: a run that follows a lost reply or a crash repeats nothing.

local catalog = require "dataworks.api.catalog"
local core = require "dataworks.core"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"
local schedules = require "dataworks.api.schedule"
local tables = require "dataworks.util.tables"
local waiter = require "dataworks.tasks.waiter"

local M = {}

M.OPTIONS = waiter.OPTIONS

local NAME = "publish"
local AGAIN = "Call publish again with the same parameters; it continues where this run ended."

--- The states of a deployment: https://www.alibabacloud.com/help/en/dataworks/developer-reference/
--- api-dataworks-public-2020-05-18-getdeployment
local READY, DEPLOYED = 0, 1
local FAILURES = { [2] = "failed", [6] = "was rejected" }

--- The parameters of UpdateFile that can accompany the schedule.
local SETTINGS = tables.set_of [[
  CronExpress CycleType RerunMode AutoRerunTimes AutoRerunIntervalMillis StartEffectDate EndEffectDate ParaValue
  DependentType DependentNodeIdList InputList OutputList ResourceGroupIdentifier SchedulerType Stop Timeout
  IgnoreParentSkipRunningProperty ApplyScheduleImmediately Owner
]]

local PARAMS = tables.merge(SETTINGS, tables.set_of "ProjectId FileId TaskType Schedule Comment")

--- The fields of a result of create_sync_task that publish does not need.
local RESULT_FIELDS = tables.set_of "ProcessId TaskContent RequestId ClientToken"

---@class dataworks.PublishParams a result of create_sync_task can be used, together with more fields
---@field ProjectId integer|string
---@field FileId integer|string
---@field Schedule? string a cron expression of five fields, or one of the service with six
---@field Comment? string the comment of the version
---@field RerunMode? "ALL_ALLOWED"|"FAILURE_ALLOWED"|"ALL_DENIED" and other parameters of UpdateFile about the schedule

---@class dataworks.Published
---@field ProjectId integer|string
---@field FileId integer|string
---@field FileVersion integer the version that is in production
---@field DeploymentId? integer|string absent if an earlier run deployed the version
---@field CronExpress? string

---@class dataworks.PublishRun
---@field caller dataworks.Caller
---@field task { ProjectId: any, FileId: any }
---@field settings table<string, any> the parameters for UpdateFile
---@field comment string|nil
---@field options table
---@field started number

local function invalid(path, message)
  return nil, errors.invalid(NAME, path, message)
end

--- Returns the parameters of UpdateFile, and the comment.
local function settings_of(params)
  local settings = {}
  for name, value in pairs(params) do
    if not PARAMS[name] and not RESULT_FIELDS[name] then
      return invalid(tostring(name), ("is not a parameter of publish%s"):format(nearest.hint(name, PARAMS)))
    end
    settings[name] = SETTINGS[name] and not core.is_null(value) and value or nil
  end
  if params.TaskType ~= nil and params.TaskType ~= "DI_OFFLINE" then
    return invalid("TaskType", "publish is for offline tasks; the others are deployed with client:deploy")
  elseif params.Schedule ~= nil then
    if type(params.Schedule) ~= "string" then
      return invalid("Schedule", "expected a cron expression as text")
    end
    local parsed, message = schedules.parse(params.Schedule)
    if not parsed then
      return invalid("Schedule", message)
    end
    settings = tables.merge(settings, parsed)
  end
  return settings
end

local function call(run, action, more)
  local timeout = waiter.call_timeout(run.caller, run.deadline)
  if timeout <= 0 then
    return nil, errors.new { kind = "timeout", sent = false, action = action, message = "the deadline passed" }
  end
  return run.caller:perform(catalog.find(action), tables.merge(run.task, more or {}), { timeout = timeout })
end

local function report(run, step, fields)
  local event = tables.merge({ step = step, elapsed = run.caller.clock() - run.started }, fields or {})
  local stopped = errors.run_callback("on_progress", run.options.on_progress, event)
  if not stopped then
    return true
  end
  stopped.action = NAME
  return nil, errors.new(stopped)
end

--- Returns the object Data of a reply, or nil and an error.
local function data_of(action, reply, err)
  if reply and type(reply.Data) ~= "table" then
    return nil, errors.new {
      kind = "protocol", sent = true, may_have_acted = false, action = action, request_id = reply.RequestId,
      message = "the reply has no Data",
    }
  end
  return reply and reply.Data, err
end

--- Returns whether the service has a setting already. UpdateFile refuses values that change nothing.
local function is_same(have, want)
  if type(have) == "boolean" or type(want) == "boolean" then
    return tostring(have) == tostring(want)
  end
  return have ~= nil and (core.encode(have) == core.encode(want) or tostring(have) == tostring(want))
end

--- Sets the schedule, unless the file has it.
local function set_schedule(run)
  if not next(run.settings) then
    return true
  end
  local data, err = data_of("GetFile", call(run, "GetFile"))
  if not data then
    return nil, err
  end
  local present, changes = data.NodeConfiguration or {}, {}
  for name, value in pairs(run.settings) do
    changes[name] = not is_same(present[name], value) and value or nil
  end
  if next(changes) then
    local reply
    reply, err = call(run, "UpdateFile", changes)
    if not reply then
      return nil, err
    end
  end
  return report(run, "scheduled")
end

local function classify(reply, err)
  if err then
    return "failure", nil, err
  end
  local deployment = type(reply.Data) == "table" and reply.Data.Deployment or {}
  if deployment.Status == DEPLOYED then
    return "success", reply
  elseif FAILURES[deployment.Status] then
    local reason = deployment.ErrorMessage and ": " .. errors.line(deployment.ErrorMessage) or ""
    return "failure", nil, errors.new {
      kind = "task", sent = true, may_have_acted = false, action = "GetDeployment", status = 200,
      request_id = reply.RequestId,
      message = ("the deployment %s %s%s"):format(errors.line(deployment.Name), FAILURES[deployment.Status], reason),
    }
  end
  return "pending", deployment.Status == READY and "ready" or deployment.Status
end

--- Waits until a deployment has succeeded.
local function wait_for_deployment(run, id)
  return waiter.wait(run.caller, {
    row = catalog.find "GetDeployment", params = { ProjectId = run.task.ProjectId, DeploymentId = id },
    classify = classify, unmet = ("deployment %s is not finished"):format(ids.text(id)),
  }, {
    deadline = run.deadline, delay = run.options.delay, max_delay = run.options.max_delay,
    on_progress = run.options.on_progress,
  })
end

--- Makes the call that creates a deployment, and waits until the deployment has succeeded.
local function deploy(run, action, more)
  local reply, err = call(run, action, more)
  if not reply then
    return nil, err
  end
  local done
  done, err = wait_for_deployment(run, reply.Data)
  return done and reply.Data, err
end

--- Submits the file, unless its present content was submitted. The service checks a submitted file.
local function submit(run)
  local data, err = data_of("GetFile", call(run, "GetFile"))
  if not data then
    return nil, err
  elseif (data.File or {}).CommitStatus ~= 1 then
    local id
    id, err = deploy(run, "SubmitFile", { Comment = run.comment })
    if not id then
      return nil, err
    end
  end
  return report(run, "submitted")
end

--- Returns the newest version of the file.
local function newest_version(run)
  local data, err = data_of("ListFileVersions", call(run, "ListFileVersions", { PageNumber = 1, PageSize = 1 }))
  local version = data and (data.FileVersions or {})[1]
  if data and not version then
    err = errors.new { kind = "protocol", sent = true, may_have_acted = false, action = "ListFileVersions",
      message = "a submitted file has no version" }
  end
  return version, err
end

--- Deploys the newest version, unless it is in production.
local function bring_into_production(run)
  local version, err = newest_version(run)
  local id
  if version and not version.IsCurrentProd then
    id, err = deploy(run, "DeployFile", { Comment = run.comment })
  end
  if err then
    return nil, err
  end
  local go
  go, err = report(run, "deployed", { FileVersion = version.FileVersion })
  return go and { version = version.FileVersion, deployment = id }, err
end

--- Publishes an offline task.
---@param params dataworks.PublishParams
---@param options dataworks.WaitOptions
---@return dataworks.Published|nil result
---@return dataworks.Error|nil err
function M.run(caller, params, options)
  local settings, err = settings_of(params)
  if not settings then
    return nil, err
  end
  local run = {
    caller = caller, task = { ProjectId = params.ProjectId, FileId = params.FileId }, settings = settings,
    comment = params.Comment, options = options, started = caller.clock(), deadline = waiter.deadline(caller, options),
  }
  -- Build the requests first, so that wrong parameters fail before anything is changed.
  local ok
  ok, err = caller:request(catalog.find "UpdateFile", tables.merge(run.task, settings))
  local done
  if ok then
    ok, err = set_schedule(run)
  end
  if ok then
    ok, err = submit(run)
  end
  if ok then
    done, err = bring_into_production(run)
  end
  if not done then
    if err.kind ~= "invalid" and err.kind ~= "task" then
      err.advice = err.advice and err.advice .. " " .. AGAIN or AGAIN
    end
    return nil, err
  end
  return {
    ProjectId = params.ProjectId, FileId = params.FileId, FileVersion = done.version, DeploymentId = done.deployment,
    CronExpress = settings.CronExpress,
  }
end

return M
