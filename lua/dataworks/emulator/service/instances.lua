-- Deploys, starts, stops and terminates tasks. WAIT changes to RUN, and KILLING to PAUSE, after a number of calls that
-- read the state. The clock plays no part.

local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local STARTED_TYPES, STOPPED_TYPES = "DI_REALTIME DI_SOLUTION", "DI_REALTIME"

local BUSY = { WAIT = true, RUN = true, KILLING = true }

local function refuse_order(task, problem)
  reply.raise(reply.failed(("fileId:[%s] %s."):format(task.id, problem)))
end

--- Starting and terminating need a task that is deployed and not busy.
local function check_ready(task)
  if not task.deployed then
    refuse_order(task, "is not deployed")
  elseif BUSY[task.instance] then
    refuse_order(task, "is running")
  end
end

M.DeployDISyncTask = wrap.on_task(STARTED_TYPES, function(state, task)
  if BUSY[task.instance] then
    return reply.failed("submit and deploy fail.")
  end
  task.deployed = true
  return state:success()
end)

M.StartDISyncInstance = wrap.on_task(STARTED_TYPES, function(state, task, params)
  if params.StartParam and task.task_type == "DI_REALTIME" then
    script.parse_object(params.StartParam, reply.invalid)
  end
  check_ready(task)
  task.instance, task.started = "WAIT", state.now()
  task.reads_left = state.settings.wait_calls
  return state:success()
end)

M.StopDISyncInstance = wrap.on_task(STOPPED_TYPES, function(state, task)
  if task.instance ~= "WAIT" and task.instance ~= "RUN" then
    refuse_order(task, "is not running")
  end
  task.instance, task.reads_left = "KILLING", state.settings.kill_calls
  return state:success()
end)

M.TerminateDISyncInstance = wrap.on_task(STOPPED_TYPES, function(state, task)
  check_ready(task)
  task.deployed, task.instance = false, "NORUN"
  return state:success()
end)

local NEXT = { WAIT = "RUN", KILLING = "PAUSE" }

local function read_instance(task)
  local following = NEXT[task.instance]
  if following and task.reads_left <= 0 then
    task.instance = following
  elseif following then
    task.reads_left = task.reads_left - 1
  end
  return task.instance
end

local SOLUTION_STATUS = { NORUN = "init", WAIT = "wait", RUN = "run", KILLING = "stopping", PAUSE = "pause" }

local function solution_info(state, task, instance)
  local info = json.object("fusionProps", json.object("dataSource",
    json.list({ json.object("fileName", task.name, "status", "SUCCESS") })), "componentName", "Table")
  local step = json.object("StepId", 1, "StepName", "Create a base table", "Status", "success",
    "Info", json.encode(info))
  return json.object("Id", json.integer(task.id), "Status", SOLUTION_STATUS[instance],
    "CreatorName", state.OWNER, "StepDetail", json.list(task.started and { step } or {}))
end

M.GetDISyncInstanceInfo = wrap.on_task(STARTED_TYPES, function(state, task)
  local instance = read_instance(task)
  if task.task_type == "DI_SOLUTION" then
    return reply.acted(json.object("Status", state.settings.success_status, "Message", "",
      "SolutionInfo", solution_info(state, task, instance)))
  end
  return reply.acted(json.object("Status", instance, "Name", "streamx_" .. task.name, "Message", ""))
end, function(id)
  return reply.failed(("fileId[%s] is invalid"):format(id))
end)

return M
