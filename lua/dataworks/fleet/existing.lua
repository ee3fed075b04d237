-- Finds a task that the service has under a name, and adopts it if its script is the one that is wanted.

local core = require "dataworks.core"
local errors = require "dataworks.error"

local M = {}

--- The code with which the service refuses a name that a file has.
M.TAKEN = "Invalid.DI.Parameter.File.Existed"

local FILE_TYPES = { [23] = "DI_OFFLINE", [900] = "DI_REALTIME" }

--- Returns the canonical text of a script; nil if it is not JSON. Each generated configuration has another extend.name,
--- which says nothing about what the task does.
local function canonical(text)
  local value = type(text) == "string" and core.decode(text)
  if type(value) == "table" and type(value.extend) == "table" then
    value.extend.name = nil
  end
  return value and core.encode(value, true) or nil
end

--- Returns the path of the first difference of two values, in the order of the names.
---@param one_sided? boolean true: members of objects that only b has are no differences
local function first_difference(a, b, path, one_sided)
  if type(a) ~= "table" or type(b) ~= "table" then
    return core.encode({ a }, true) ~= core.encode({ b }, true) and path or nil
  end
  local names = {}
  for name in pairs(a) do
    names[tostring(name)] = name
  end
  for name in pairs(b) do
    if not one_sided or type(name) == "number" then
      names[tostring(name)] = name
    end
  end
  local sorted = {}
  for name in pairs(names) do
    sorted[#sorted + 1] = name
  end
  table.sort(sorted)
  for _, text in ipairs(sorted) do
    local name = names[text]
    local inside = type(name) == "number" and ("%s[%d]"):format(path, name)
      or path .. (path == "" and "" or ".") .. text
    local found = first_difference(a[name], b[name], inside, one_sided)
    if found then
      return found
    end
  end
end

--- Returns the file with a name; false if there is none; nil and an error.
local function find_file(client, project, name)
  local reply, err = client:call("ListFiles", { ProjectId = project, ExactFileName = name, PageSize = 10 },
    { version = "2020-05-18" })
  if not reply then
    return nil, err
  end
  for _, file in ipairs(reply.Data and reply.Data.Files or {}) do
    if file.FileName == name then
      return file
    end
  end
  return false
end

--- Returns the file of a task; nil if the service has none. `must` ends the work with an error of the call.
---@param task { ProjectId: string, FileId: string }
---@param must fun(reply: table|nil, err: dataworks.Error|nil): table
---@return table|nil file
function M.file_of(client, task, must)
  local reply = must(client:call("ListFiles", { ProjectId = task.ProjectId, FileIdIn = task.FileId },
    { version = "2020-05-18" }))
  return (reply.Data and reply.Data.Files or {})[1]
end

--- Returns the path of the first member of a script that the service has no longer as it was written. Its additions are
--- not compared.
---@param written string
---@param present string|nil
---@return string|nil path
function M.drift(written, present)
  local ours, theirs = canonical(written), canonical(present)
  if not ours or not theirs then
    return ours ~= theirs and "the whole script" or nil
  end
  return first_difference(core.decode(ours), core.decode(theirs), "", true)
end

--- Returns the script that the service has; nil and an error if there is none.
---@param task { ProjectId: string, TaskType: string, FileId: string|integer }
---@return string|nil script
---@return dataworks.Error|nil err
function M.script_of(client, task)
  if task.TaskType == "DI_OFFLINE" then
    local reply, err = client:call("GetFile", { ProjectId = task.ProjectId, FileId = task.FileId },
      { version = "2020-05-18" })
    return reply and (reply.Data.File or {}).Content, err
  end
  local reply, err = client:call("GetDISyncTask", task)
  return reply and reply.Data.Code, err
end

local function refuse(wanted, message)
  return nil, errors.new {
    kind = "service", code = M.TAKEN, sent = true, may_have_acted = false, action = "CreateDISyncTask",
    message = ("the name %s is taken: %s"):format(wanted.TaskName, message),
    advice = "Give the task another name, or delete the other one.",
  }
end

--- Returns the task that has the name, if it is of the same type and has the same script.
---@param wanted { ProjectId: string, TaskType: string, TaskName: string, content: string|nil }
---@return { FileId: integer|string }|nil task
---@return dataworks.Error|nil err
function M.adopt(client, wanted)
  local file, err = find_file(client, wanted.ProjectId, wanted.TaskName)
  if err then
    return nil, err
  elseif not file then
    return refuse(wanted, "the service names no file of this name")
  elseif FILE_TYPES[file.FileType] ~= wanted.TaskType then
    return refuse(wanted, ("the file is %s, not %s"):format(FILE_TYPES[file.FileType] or "of another type",
      wanted.TaskType))
  end
  local script
  script, err = M.script_of(client, { ProjectId = wanted.ProjectId, TaskType = wanted.TaskType, FileId = file.FileId })
  if err then
    return nil, err
  end
  local ours, theirs = canonical(wanted.content), canonical(script)
  if not ours or ours ~= theirs then
    local path = ours and theirs and first_difference(core.decode(ours), core.decode(theirs), "")
    return refuse(wanted, "its script differs" .. (path and " at " .. path or ""))
  end
  return { FileId = file.FileId }
end

return M
