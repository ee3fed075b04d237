-- A task's life once it exists: deployed, started, stopped, terminated. Where the state moves by itself
-- (WAIT to RUN, KILLING to PAUSE), it does so after a number of reads, never by the clock.

local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"

local M = {}

local STARTED_TYPES = { DI_REALTIME = true, DI_SOLUTION = true }
local RUNNING = { WAIT = true, RUN = true, KILLING = true }

local function wrong_order(task, what)
  return reply.failed(("fileId:[%s] %s."):format(task.id, what))
end

--- Wraps an action on one task of the given types.
local function on_task(types, act)
  return function(state, params)
    if not types[params.TaskType] then
      return reply.invalid("TaskType is not one this action takes")
    end
    local task = state:find_task(params, "FileId")
    if not task then
      return reply.unknown(params.FileId)
    end
    return act(state, task, params)
  end
end

M.DeployDISyncTask = on_task(STARTED_TYPES, function(state, task)
  if RUNNING[task.instance] then
    return reply.failed("submit and deploy fail.")
  end
  task.deployed = true
  return state:success()
end)

M.StartDISyncInstance = on_task(STARTED_TYPES, function(state, task, params)
  if params.StartParam and task.task_type == "DI_REALTIME" then
    local start, detail = script.object(params.StartParam)
    if not start then
      return reply.invalid(detail)
    end
  end
  if not task.deployed then
    return wrong_order(task, "is not deployed")
  elseif RUNNING[task.instance] then
    return wrong_order(task, "is running")
  end
  task.instance, task.started = "WAIT", state.now()
  task.reads_left = state.settings.wait_calls
  return state:success()
end)

M.StopDISyncInstance = on_task({ DI_REALTIME = true }, function(state, task)
  if task.instance ~= "WAIT" and task.instance ~= "RUN" then
    return wrong_order(task, "is not running")
  end
  task.instance, task.reads_left = "KILLING", state.settings.kill_calls
  return state:success()
end)

M.TerminateDISyncInstance = on_task({ DI_REALTIME = true }, function(state, task)
  if not task.deployed then
    return wrong_order(task, "is not deployed")
  elseif RUNNING[task.instance] then
    return wrong_order(task, "is running")
  end
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

local function solution_info(task, instance)
  local info = json.object("fusionProps", json.object("dataSource",
    json.list({ json.object("fileName", task.name, "status", "SUCCESS") })), "componentName", "Table")
  local step = json.object("StepId", 1, "StepName", "Create a base table", "Status", "success",
    "Info", json.encode(info))
  return json.object("Id", json.integer(task.id), "Status", SOLUTION_STATUS[instance],
    "CreatorName", "emulator", "StepDetail", json.list(task.started and { step } or {}))
end

function M.GetDISyncInstanceInfo(state, params)
  if not STARTED_TYPES[params.TaskType] then
    return reply.invalid("TaskType must be DI_REALTIME or DI_SOLUTION")
  end
  local task = state:find_task(params, "FileId")
  if not task then
    return reply.failed(("fileId[%s] is invalid"):format(params.FileId))
  end
  local instance = read_instance(task)
  if task.task_type == "DI_SOLUTION" then
    return reply.done(json.object("Status", state.settings.success_status, "Message", "",
      "SolutionInfo", solution_info(task, instance)))
  end
  return reply.done(json.object("Status", instance, "Name", "streamx_" .. task.name, "Message", ""))
end

return M
