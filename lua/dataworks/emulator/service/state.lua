-- The state of the service: the next id, tasks, jobs, processes and project configurations.

local ids = require "dataworks.emulator.ids"
local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local tables = require "dataworks.util.tables"

local M = {}
M.__index = M

--- The name of the user who creates and owns all tasks and jobs.
M.OWNER = "emulator"

--- Creates an empty state.
---@param options {settings: table, now: fun(): number}
---@return table
function M.new(options)
  return setmetatable(tables.merge(options, {
    unused_id = options.settings.first_id,
    processes = {},
    tasks = {},
    tasks_by_name = {},
    jobs = {},
    project_configs = {},
  }), M)
end

--- Returns an unused id.
---@return string
function M:next_id()
  local id = self.unused_id
  self.unused_id = ids.next(id)
  return id
end

--- Returns a reply that has only the Status and the Message of a successful call.
function M:success()
  local settings = self.settings
  return reply.acted(json.object("Status", settings.success_status, "Message", settings.success_message))
end

--- Returns the key of a task in tasks_by_name.
local function name_key(project, name)
  return project .. "\n" .. name
end

function M:is_name_taken(project, name)
  return self.tasks_by_name[name_key(project, name)] ~= nil
end

--- Returns the task that a parameter names. Raises a reply unless the task has the project and the task type of the
--- call.
---@param params table<string, string>
---@param name string the name of the parameter that holds the id
---@param unknown? fun(id: string): dataworks.emulator.Reply creates the reply to raise; the default is reply.unknown
function M:find_task(params, name, unknown)
  local task = self.tasks[params[name]]
  if not task or task.project ~= params.ProjectId or task.task_type ~= params.TaskType then
    reply.raise((unknown or reply.unknown)(params[name]))
  end
  return task
end

function M:add_task(task)
  self.tasks[task.id] = task
  self.tasks_by_name[name_key(task.project, task.name)] = task
end

function M:remove_task(task)
  self.tasks[task.id] = nil
  self.tasks_by_name[name_key(task.project, task.name)] = nil
end

return M
