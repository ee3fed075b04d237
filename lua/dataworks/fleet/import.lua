-- Reads the tasks of a workspace, and returns the manifest and the rows of a fleet of them.

local concurrency = require "dataworks.concurrency.map"
local core = require "dataworks.core"
local errors = require "dataworks.error"
local manifests = require "dataworks.fleet.manifest"
local task_params = require "dataworks.api.content_to_param"

local M = {}

local TYPES = { [23] = "DI_OFFLINE", [900] = "DI_REALTIME" }
local RUNNING = { WAIT = true, RUN = true }

---@class dataworks.fleet.Imported
---@field file_id string|integer
---@field content string the script that the service has
---@field item table the task in the manifest
---@field task? dataworks.fleet.Task the same, checked
---@field reason? string why the task is left out

local function state_of(file)
  return (file.CurrentVersion or 0) > 0 and "deployed" or "created"
end

--- Reads an offline task.
local function read_offline(client, project, file)
  local reply, err = client:call("GetFile", { ProjectId = project, FileId = file.FileId }, { version = "2020-05-18" })
  if not reply then
    return nil, err
  end
  local data = reply.Data
  local content = (data.File or {}).Content
  local cron = (data.NodeConfiguration or {}).CronExpress
  return {
    content = content, item = {
      type = "DI_OFFLINE", TaskContent = type(content) == "string" and core.decode(content) or nil,
      schedule = cron ~= "" and cron or nil, state = state_of(file),
    },
  }
end

--- Reads a real-time task. The configuration was generated from a TaskParam, and the manifest gets that.
local function read_real_time(client, project, file)
  local task = { ProjectId = project, TaskType = "DI_REALTIME", FileId = file.FileId }
  local reply, err = client:call("GetDISyncTask", task)
  local status
  if reply then
    status, err = client:status(task)
  end
  if not status and (not err or err.kind ~= "task") then
    return nil, err
  end
  local content = reply and reply.Data.Code
  local param = type(content) == "string" and task_params.of(core.decode(content)) or nil
  return {
    content = content, reason = not param and "its configuration is not one of a documented script" or nil, item = {
      type = "DI_REALTIME", TaskParam = param, state = status and RUNNING[status.state] and "running" or state_of(file),
    },
  }
end

local function read_task(client, project, file)
  local read = TYPES[file.FileType] == "DI_OFFLINE" and read_offline or read_real_time
  local task, err = read(client, project, file)
  if task then
    local folder = file.AbsoluteFolderPath
    task.file_id, task.item.name, task.item.folder = file.FileId, file.FileName, folder ~= "" and folder or nil
  end
  return task, err
end

--- Returns the files that are tasks and whose names match, in the order of their names.
local function list(client, project, matches)
  local files = {}
  local params = { ProjectId = project, FileTypes = "23,900", PageSize = 100, NeedAbsoluteFolderPath = true }
  for _, file, err in client:each("ListFiles", params, { version = "2020-05-18", retries = 10 }) do
    if err then
      return nil, err
    end
    files[#files + 1] = matches(file.FileName) and file or nil
  end
  table.sort(files, function(a, b) return a.FileName < b.FileName end)
  return files
end

--- Moves the tasks that a manifest cannot have out of the list, and returns the manifest.
local function check(head, tasks, skipped)
  while true do
    local source = { project = head.project, region = head.region, fleet = head.fleet, tasks = {} }
    for i, task in ipairs(tasks) do
      source.tasks[i] = task.item
    end
    local manifest, faults = manifests.check(source)
    if manifest then
      for i, task in ipairs(tasks) do
        task.task = manifest.tasks[i]
      end
      return source
    end
    local reasons = {}
    for _, fault in ipairs(faults) do
      local index = tonumber(fault.path:match "^tasks%[(%d+)%]")
      if not index then
        error(errors.invalid(nil, fault.path, fault.message), 0)
      end
      reasons[index] = reasons[index] or fault.path:gsub("^tasks%[%d+%]%.?", "") .. ": " .. fault.message
    end
    for i = #tasks, 1, -1 do
      if reasons[i] then
        skipped[#skipped + 1] = { name = tasks[i].item.name, reason = reasons[i] }
        table.remove(tasks, i)
      end
    end
  end
end

---@class dataworks.fleet.Import
---@field manifest table
---@field tasks dataworks.fleet.Imported[]
---@field skipped { name: string, reason: string }[] the tasks that a manifest cannot have

--- Reads the tasks of a workspace. Changes nothing.
---@param client dataworks.Client
---@param head { project: string, region?: string, fleet: string }
---@param matches fun(name: string): boolean
---@param on_progress? fun(event: { done: integer, total: integer })
---@return dataworks.fleet.Import|nil
---@return dataworks.Error|nil err
function M.read(client, head, matches, on_progress)
  local files, err = list(client, head.project, matches)
  if not files then
    return nil, err
  end
  local results
  results, err = concurrency.map(files, function(file)
    return read_task(client, head.project, file)
  end, { concurrency = 16, on_progress = on_progress })
  local tasks, skipped = {}, {}
  for _, result in ipairs(results or {}) do
    local task = result.value
    err = err or result.err
    if task and task.reason then
      skipped[#skipped + 1] = { name = task.item.name, reason = task.reason }
    elseif task then
      tasks[#tasks + 1] = task
    end
  end
  if err then
    return nil, err
  end
  return { manifest = check(head, tasks, skipped), tasks = tasks, skipped = skipped }
end

return M
