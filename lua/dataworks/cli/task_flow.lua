-- Carries out the steps after a task exists: publish an offline task, or deploy and start another one. Each step first
-- asks whether it is done, so that the command can go on after a crash.

local schedules = require "dataworks.api.schedule"

local M = {}

local RUNNING = { WAIT = true, RUN = true }

local function on_progress(context, text)
  return function(event)
    context.progress:step(event.status and ("%s: %s"):format(text, event.status) or text)
  end
end

--- Deploys and starts a task, and waits until it runs. A running task is left as it is, or stopped first if it is to be
--- deployed again.
local function start(context, task, timeout, again)
  local client = context:client()
  local status = client:status(task)
  local is_running = status ~= nil and RUNNING[status.state] == true
  if is_running and again then
    context.progress:step "stopping"
    local stopped, err = client:stop(task, {
      wait = true, timeout = timeout, on_progress = on_progress(context, "stopping"),
    })
    if not stopped then
      context:fail(err)
    end
  end
  if again or not is_running then
    context.progress:step "deploying"
    local reply, err = client:deploy(task)
    if not reply then
      context:fail(err)
    end
    context.progress:step "starting"
    reply, err = client:start(task, { wait = true, timeout = timeout, on_progress = on_progress(context, "starting") })
    if not reply then
      context:fail(err)
    end
    return reply.state
  end
  local reply, err = client:wait_for_state(task, { "RUN" }, {
    timeout = timeout, on_progress = on_progress(context, "starting"),
  })
  if not reply then
    context:fail(err)
  end
  return reply.state
end

--- Brings an offline task into production.
local function publish(context, task, schedule, timeout)
  local result, err = context:client():publish({
    ProjectId = task.ProjectId, FileId = task.FileId, TaskType = task.TaskType, Schedule = schedule,
  }, { timeout = timeout, on_progress = function(event)
    context.progress:step("publishing: " .. (event.status or event.step))
  end })
  if not result then
    context:fail(err)
  end
  return result
end

--- Checks the options --start and --schedule, before anything is done.
function M.check(context, task_type)
  local args = context.args
  local is_offline = task_type == "DI_OFFLINE"
  if args.start and is_offline then
    context:wrong_use("an offline task is started by its schedule: use --schedule \"0 2 * * *\"")
  elseif args.schedule and not is_offline then
    context:wrong_use "--schedule is for offline tasks; a real-time task is started with --start"
  elseif args.schedule then
    local parsed, message = schedules.parse(args.schedule)
    if not parsed then
      context:wrong_use(("--schedule %q: %s"):format(args.schedule, message))
    end
  end
end

--- Carries out what the options --start and --schedule ask for. Returns fields for the result.
---@param context dataworks.cli.Context
---@param task dataworks.TaskId
---@param again? boolean true: also a running task is deployed and started
---@return table fields
function M.run(context, task, again)
  local args = context.args
  if args.schedule then
    local published = publish(context, task, args.schedule, args.wait_timeout)
    return { FileVersion = published.FileVersion, CronExpress = published.CronExpress, State = "published" }
  elseif args.start then
    return { State = start(context, task, args.wait_timeout, again) }
  end
  return {}
end

M.publish = publish

return M
