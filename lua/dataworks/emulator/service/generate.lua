-- The actions that generate a TaskContent from a script. Two actions start a process. A third action returns the result
-- of the process, once a number of calls have asked for it.

local content = require "dataworks.emulator.service.content"
local find_writer = require "dataworks.emulator.service.find_writer"
local json = require "dataworks.emulator.json"
local pending = require "dataworks.emulator.service.pending"
local reply = require "dataworks.emulator.service.reply"
local script = require "dataworks.emulator.service.script"
local wrap = require "dataworks.emulator.service.wrap"

local M = {}

local TYPES = "DI_REALTIME DI_SOLUTION"

--- Stores a process, and returns the reply with the id of the process. The TaskContent is written when a call asks for
--- it.
local function start_process(state, params, id, wanted)
  state.processes[id] = {
    project = params.ProjectId,
    task_type = params.TaskType,
    script = wanted,
    pending_calls = state.settings.pending_calls,
  }
  return reply.acted(json.object("Status", state.settings.success_status, "ProcessId", json.integer(id),
    "Message", state.settings.success_message))
end

M.GenerateDISyncTaskConfigForCreating = wrap.only_types(TYPES, reply.invalid_script, function(state, params)
  local wanted = script.parse_creating(params.TaskParam)
  if wanted.name and state:is_name_taken(params.ProjectId, wanted.name) then
    return reply.name_taken("setting.name")
  end
  local id = state:next_id()
  wanted.name = wanted.name or ("%s_to_%s_sync_%s"):format(wanted.source, wanted.destination, id)
  return start_process(state, params, id, wanted)
end)

--- Replaces the selected tables of each connection by the tables of the new selection at the same position.
local function apply_selection(current, selection)
  for i, selected in ipairs(selection) do
    local connection = current.connections[i]
      or reply.raise(reply.invalid_script("steps: more connections than the task has"))
    connection.tables, connection.databases = selected.tables, selected.databases
  end
end

M.GenerateDISyncTaskConfigForUpdating = wrap.only_types(TYPES, reply.invalid_script, function(state, params)
  local selection = script.parse_updating(params.TaskParam)
  local task = state:find_task(params, "TaskId")
  local current = script.parse_generated(task.parsed.content)
  if not current or not find_writer("step_type", current.destination) then
    return reply.failed(("fileId:[%s] was not generated from a script."):format(params.TaskId))
  end
  apply_selection(current, selection)
  return start_process(state, params, state:next_id(), current)
end)

function M.QueryDISyncTaskConfigProcessResult(state, params)
  local process, settings = state.processes[params.AsyncProcessId], state.settings
  if not process or process.project ~= params.ProjectId or process.task_type ~= params.TaskType then
    return reply.unknown(params.AsyncProcessId)
  elseif process.pending_calls > 0 then
    process.pending_calls = process.pending_calls - 1
    return reply.acted(pending[settings.pending_form](settings))
  end
  return reply.acted(json.object("Status", settings.success_status, "Message", settings.success_message,
    "TaskContent", content.write(process.script)))
end

return M
