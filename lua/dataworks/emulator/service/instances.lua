-- The actions that deploy, start, stop and terminate tasks, and the action that returns the state of a task. WAIT
-- changes to RUN, and KILLING changes to PAUSE, after a number of calls that read the state, and not after a time.

local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local STARTED_TYPES, STOPPED_TYPES = "DI_REALTIME DI_SOLUTION", "DI_REALTIME"

--- Ends the action with a reply whose Status is "fail".
local function fail(task, problem)
  reply.raise(reply.failed(("fileId:[%s] %s."):format(task.id, problem)))
end

--- Fails unless the task is deployed and not busy. Only such a task can be started or terminated.
local function check_ready(state, task)
  if not task.deployed then
    fail(task, "is not deployed")
  elseif state.is_busy(task) then
    fail(task, "is running")
  end
end

M.DeployDISyncTask = wrap.with_task(STARTED_TYPES, function(state, task)
  if state.is_busy(task) then
    return reply.failed("submit and deploy fail.")
  end
  state:submit_task(task)
  state:deploy_task(task)
  return state:success()
end)

M.StartDISyncInstance = wrap.with_task(STARTED_TYPES, function(state, task, params)
  if params.StartParam and task.task_type == "DI_REALTIME" then
    script.parse_object(params.StartParam, reply.invalid)
  end
  check_ready(state, task)
  task.instance, task.started = "WAIT", state.now()
  task.reads_left = state.settings.wait_calls
  return state:success()
end)

M.StopDISyncInstance = wrap.with_task(STOPPED_TYPES, function(state, task)
  if task.instance ~= "WAIT" and task.instance ~= "RUN" then
    fail(task, "is not running")
  end
  task.instance, task.reads_left = "KILLING", state.settings.kill_calls
  return state:success()
end)

M.TerminateDISyncInstance = wrap.with_task(STOPPED_TYPES, function(state, task)
  check_ready(state, task)
  task.deployed, task.instance = false, "NORUN"
  return state:success()
end)

local NEXT = { WAIT = "RUN", KILLING = "PAUSE" }

--- Returns the state of a task for one call that reads it. Changes WAIT and KILLING to the next state after enough
--- calls.
local function read_and_advance(task)
  local following = NEXT[task.instance]
  if following and task.reads_left <= 0 then
    task.instance = following
  elseif following then
    task.reads_left = task.reads_left - 1
  end
  return task.instance
end

local SOLUTION_STATUS = { NORUN = "init", WAIT = "wait", RUN = "run", KILLING = "stopping", PAUSE = "pause" }

--- Returns the member SolutionInfo of a reply about a task of the type DI_SOLUTION.
local function solution_info(state, task, instance)
  local info = json.object("fusionProps", json.object("dataSource",
    json.list({ json.object("fileName", task.name, "status", "SUCCESS") })), "componentName", "Table")
  local step = json.object("StepId", 1, "StepName", "Create a base table", "Status", "success",
    "Info", json.encode(info))
  return json.object("Id", json.integer(task.id), "Status", SOLUTION_STATUS[instance],
    "CreatorName", state.OWNER, "StepDetail", json.list(task.started and { step } or {}))
end

M.GetDISyncInstanceInfo = wrap.with_task(STARTED_TYPES, function(state, task)
  local instance = read_and_advance(task)
  if task.task_type == "DI_SOLUTION" then
    return reply.acted(json.object("Status", state.settings.success_status, "Message", "",
      "SolutionInfo", solution_info(state, task, instance)))
  end
  return reply.acted(json.object("Status", instance, "Name", "streamx_" .. task.name, "Message", ""))
end, function(id)
  return reply.failed(("fileId[%s] is invalid"):format(id))
end)

return M
