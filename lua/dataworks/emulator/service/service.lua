-- The service behind the gateway: its state in memory, and the actions on it. Pure: the clock, the settings
-- and the first id are handed in.

local ids = require "dataworks.emulator.ids"
local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"

local M = {}
M.__index = M

local MAX_TOKEN = 64

local MODULES = {
  ["2020-05-18"] = { "generate", "tasks", "instances", "projects", "files" },
  ["2024-05-18"] = { "jobs" },
}

--- What the service can do, by version and action.
---@type table<string, table<string, function>>
M.actions = {}
for version, modules in pairs(MODULES) do
  M.actions[version] = {}
  for _, name in ipairs(modules) do
    for action, handler in pairs(require("dataworks.emulator.service." .. name)) do
      M.actions[version][action] = type(handler) == "function" and handler or nil
    end
  end
end

--- What a fresh service is set to.
---@return table
function M.defaults()
  return {
    first_id = "1000001",
    pending_calls = 2,
    pending_form = "absent",
    success_status = "success",
    success_message = "",
    wait_calls = 1,
    kill_calls = 1,
  }
end

---@param options {settings: table, now: fun(): number}
---@return table
function M.new(options)
  local self = setmetatable({
    settings = options.settings,
    now = options.now,
    following_id = options.settings.first_id,
    last_id = options.settings.first_id,
    processes = {},
    tasks = {},
    jobs = {},
    names = {},
    referring = {},
    tokens = {},
    project_configs = {},
  }, M)
  return self
end

function M:next_id()
  self.last_id = self.following_id
  self.following_id = ids.next(self.following_id)
  return self.last_id
end

function M:success()
  local settings = self.settings
  return reply.done(json.object("Status", settings.success_status, "Message", settings.success_message))
end

local function name_key(project, name)
  return project .. "\n" .. name
end

function M:name_taken(project, name)
  return self.names[name_key(project, name)] ~= nil
end

--- The task an id parameter names, if it is of the project and type that the call says.
function M:find_task(params, name)
  local task = self.tasks[params[name]]
  if task and task.project == params.ProjectId and task.task_type == params.TaskType then
    return task
  end
end

local function reference_keys(task)
  local keys = {}
  for direction, names in pairs({ from = task.parsed.from, to = task.parsed.to }) do
    for _, name in ipairs(names) do
      keys[#keys + 1] = table.concat({ task.project, task.task_type, direction, name }, "\n")
    end
  end
  return keys
end

local function refer(self, task)
  for _, key in ipairs(reference_keys(task)) do
    local list = self.referring[key] or { used = 0, places = {} }
    self.referring[key] = list
    if not list.places[task.id] then
      list.used = list.used + 1
      list[list.used], list.places[task.id] = task, list.used
    end
  end
end

local function unrefer(self, task)
  for _, key in ipairs(reference_keys(task)) do
    local list = self.referring[key]
    local place = list and list.places[task.id]
    if place then
      list[place], list.places[task.id] = nil, nil
    end
  end
end

--- Goes over the tasks that refer to a data source, oldest first.
function M:references(project, task_type, direction, name)
  local list = self.referring[table.concat({ project, task_type, direction, name }, "\n")] or { used = 0 }
  local place, count = 0, 0
  return function()
    repeat
      place = place + 1
    until list[place] or place > list.used
    if list[place] then
      count = count + 1
      return count, list[place]
    end
  end
end

function M:add_task(task)
  self.tasks[task.id] = task
  self.names[name_key(task.project, task.name)] = task
  refer(self, task)
end

function M:change_content(task, text, parsed)
  unrefer(self, task)
  task.text, task.parsed = text, parsed
  refer(self, task)
end

function M:remove_task(task)
  self.tasks[task.id] = nil
  self.names[name_key(task.project, task.name)] = nil
  unrefer(self, task)
end

local function fingerprint(params)
  local keys, out = {}, {}
  for key in pairs(params) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    out[i] = ("%s=%d:%s"):format(key, #params[key], params[key])
  end
  return table.concat(out, "&")
end

--- A call with a ClientToken that was used before gives the first result again, and has no second effect.
local function call_once(self, action, handler, params, caller)
  local token = params.ClientToken
  if #token > MAX_TOKEN or token:find("[^\32-\126]") then
    return reply.invalid_token("ClientToken")
  end
  local key, print = table.concat({ caller or "", action, token }, "\n"), fingerprint(params)
  local before = self.tokens[key]
  if before and before.print ~= print then
    return reply.token_mismatch("ClientToken")
  elseif before then
    return { data = before.result.data, members = before.result.members, outcome = "replayed" }
  end
  local result = handler(self, params)
  if result.outcome == "acted" then
    self.tokens[key] = { print = print, result = result }
  end
  return result
end

--- Runs an action.
---@param action string
---@param params table<string, string> as the gateway passed them
---@param row table the action's row
---@param caller string|nil the access key, which ClientTokens belong to
---@return table reply {data or refusal, outcome = "acted"|"replayed"|"failed"|"refused", detail}
function M:call(action, params, row, caller)
  local known = {}
  for _, spec in ipairs(row.params) do
    local name, value = spec[1], params[spec[1]]
    if value and (spec[2] == "long" or spec[2] == "int32") then
      value = value:gsub("^(%-?)0+(%d)", "%1%2")
    end
    known[name] = value
  end
  local handler = M.actions[row.version][action]
  if row.repeatable == "token" and known.ClientToken then
    return call_once(self, action, handler, known, caller)
  end
  return handler(self, known)
end

--- The body of an HTTP 200 reply.
---@param request_id string
---@param result table data, or members to stand beside the request id; unsuccessful
---@return string
function M.body(request_id, result)
  if result.members then
    return json.encode(json.object("RequestId", request_id, (table.unpack or unpack)(result.members)))
  end
  return json.encode(json.object("RequestId", request_id, "Success", not result.unsuccessful, "Data", result.data))
end

return M
