-- What the service stores for one account. Everything that an action stores is here, and an action gets only the state
-- of its caller's account, so that accounts share nothing but the counter of ids.

local ids = require "dataworks.emulator.ids"
local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local tables = require "dataworks.util.tables"

local M = {}
M.__index = M

--- The name of the user who creates and owns everything.
M.OWNER = "emulator"

--- The documented number of the file type, by task type. A task of the type DI_SOLUTION is not a file.
local FILE_TYPES = { DI_OFFLINE = "23", DI_REALTIME = "900" }

--- Creates an empty state. `ids` has the field `unused`, which is the next id of all accounts.
---@param options {settings: table, now: (fun(): number), ids: {unused: string}}
---@return table
function M.new(options)
  return setmetatable(tables.merge(options, {
    tokens = {},
    processes = {},
    tasks = {},
    tasks_by_name = {},
    deployments = {},
    folders = { count = 0 },
    jobs = {},
    alarm_rules = {},
    project_configs = {},
  }), M)
end

--- Returns an unused id.
---@return string
function M:next_id()
  local id = self.ids.unused
  self.ids.unused = ids.next(id)
  return id
end

--- Returns the current time in milliseconds.
function M:now_ms()
  return math.floor(self.now() * 1000)
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

--- Returns the file that the parameter FileId or NodeId names. Raises a reply if the project has no such file.
---@param params table<string, string>
function M:find_file(params)
  local file = self.tasks[params.FileId or params.NodeId or ""]
  if not file or not file.file_type or file.project ~= params.ProjectId then
    reply.raise(reply.invalid("there is no such file"))
  end
  return file
end

--- Stores a new task, or a new file that is not a task.
---@param task table {project, name, text, task_type or file_type, parsed, folder}
---@return string id
function M:add_task(task)
  task.id = self:next_id()
  task.name = task.name or "di_task_" .. task.id
  task.file_type = task.file_type or FILE_TYPES[task.task_type]
  task.owner, task.created, task.edited = task.owner or M.OWNER, self:now_ms(), self:now_ms()
  task.versions, task.node, task.deployed, task.instance = {}, task.node or {}, false, "NORUN"
  self.tasks[task.id] = task
  self.tasks_by_name[name_key(task.project, task.name)] = task
  return task.id
end

--- Changes the content of a task, which then has to be submitted again.
function M:edit_task(task, changes)
  self.tasks_by_name[name_key(task.project, task.name)] = nil
  for name, value in pairs(changes) do
    task[name] = value
  end
  self.tasks_by_name[name_key(task.project, task.name)] = task
  task.edited, task.is_committed = self:now_ms(), false
end

local BUSY = { WAIT = true, RUN = true, KILLING = true }

--- Returns true if the task is running, or about to start or to stop.
function M.is_busy(task)
  return BUSY[task.instance] == true
end

function M:remove_task(task)
  self.tasks[task.id] = nil
  self.tasks_by_name[name_key(task.project, task.name)] = nil
end

--- Stores the current content of a task as its newest version.
---@param task table
---@param comment string|nil
---@return integer number of the version
function M:submit_task(task, comment)
  local number = #task.versions + 1
  task.versions[number] = {
    number = number, comment = comment, time = self:now_ms(), name = task.name, text = task.text,
    change = number == 1 and "CREATE" or "UPDATE", status = "COMMITTED",
  }
  task.is_committed = true
  return number
end

--- Stores a deployment of the newest version of a file.
---@param file table
---@param from integer the number of an environment
---@param to integer the number of an environment
---@return string id
function M:add_deployment(file, from, to)
  local id = self:next_id()
  self.deployments[id] = {
    project = file.project, file_id = file.id, version = #file.versions, from = from, to = to,
    name = ("%s-%s"):format(file.name, id), created = self:now_ms(), reads_left = self.settings.pending_calls,
  }
  return id
end

--- Makes the newest version of a task the version of the production environment.
function M.deploy_task(_, task)
  task.deployed, task.production = true, #task.versions
  task.versions[#task.versions].status = "DEPLOYED"
end

return M
