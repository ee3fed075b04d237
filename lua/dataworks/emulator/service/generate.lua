-- Turning a script into a TaskContent, asynchronously: the two Generate actions and the one that polls.

local content = require "dataworks.emulator.service.content"
local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"

local M = {}

local GENERATED_TYPES = { DI_REALTIME = true, DI_SOLUTION = true }

local function start_process(state, params, task_content)
  local id = state:next_id()
  state.processes[id] = {
    project = params.ProjectId,
    task_type = params.TaskType,
    content = task_content,
    pending = state.settings.pending_calls,
  }
  return reply.done(json.object("Status", state.settings.success_status, "ProcessId", json.integer(id),
    "Message", state.settings.success_message))
end

function M.GenerateDISyncTaskConfigForCreating(state, params)
  if not GENERATED_TYPES[params.TaskType] then
    return reply.invalid_script("TaskType must be DI_REALTIME or DI_SOLUTION")
  end
  local wanted, detail = script.creating(params.TaskParam)
  if not wanted then
    return reply.invalid_script(detail)
  elseif wanted.name and state:name_taken(params.ProjectId, wanted.name) then
    return reply.name_taken("setting.name")
  end
  wanted.name = wanted.name or ("%s_%s_%s"):format(wanted.source, wanted.destination, state.last_id)
  return start_process(state, params, content.write(wanted))
end

--- The list in an updating script is taken as the complete new selection of the connection at the same place.
local function apply_selection(current, selection)
  for i, selected in ipairs(selection) do
    local connection = current.connections[i]
    if not connection then
      return false
    end
    connection.tables, connection.databases = selected.tables, selected.databases
  end
  return true
end

function M.GenerateDISyncTaskConfigForUpdating(state, params)
  if not GENERATED_TYPES[params.TaskType] then
    return reply.invalid_script("TaskType must be DI_REALTIME or DI_SOLUTION")
  end
  local selection, detail = script.updating(params.TaskParam)
  if not selection then
    return reply.invalid_script(detail)
  end
  local task = state:find_task(params, "TaskId")
  if not task then
    return reply.unknown(params.TaskId)
  end
  local current = script.generated(task.parsed.content)
  if not current or not content.knows(current.destination) then
    return reply.failed(("fileId:[%s] was not generated from a script."):format(params.TaskId))
  elseif not apply_selection(current, selection) then
    return reply.invalid_script("steps: more connections than the task has")
  end
  return start_process(state, params, content.write(current))
end

--- What a process that is not ready looks like is documented nowhere, so every plausible form can be had.
local PENDING = {
  absent = function()
    return json.object("Message", "")
  end,
  empty = function()
    return json.object()
  end,
  null = function()
    return json.null
  end,
  processing = function()
    return json.object("Status", "processing", "Message", "")
  end,
  no_content = function(state)
    return json.object("Status", state.settings.success_status, "Message", "", "TaskContent", "")
  end,
}

M.pending_forms = PENDING

function M.QueryDISyncTaskConfigProcessResult(state, params)
  local process = state.processes[params.AsyncProcessId]
  if not process or process.project ~= params.ProjectId or process.task_type ~= params.TaskType then
    return reply.unknown(params.AsyncProcessId)
  elseif process.pending > 0 then
    process.pending = process.pending - 1
    return reply.done(PENDING[state.settings.pending_form](state))
  end
  return reply.done(json.object("Status", state.settings.success_status,
    "Message", state.settings.success_message, "TaskContent", process.content))
end

return M
