-- Compares the tasks of a ledger with those of the service. Only what the ledger has written counts as drift.

local concurrency = require "dataworks.concurrency.map"
local existing = require "dataworks.fleet.existing"
local ids = require "dataworks.util.ids"
local order = require("dataworks.fleet.plan").ORDER
local upkeep = require "dataworks.fleet.upkeep"

local M = {}

local STATES = { ["0"] = "queued", ["1"] = "in progress", ["2"] = "done", ["3"] = "failed" }

---@class dataworks.fleet.Entry
---@field Name string
---@field Type string
---@field FileId? string
---@field State "queued"|"in progress"|"done"|"failed"|"deleted"
---@field Reached? string created, changed, deployed or running
---@field Protected boolean
---@field Error? string
---@field Service? string what the service has: a state such as RUN or PAUSE, missing, or present
---@field Drift? string what differs from what was written

--- Returns the entry of a row, as the ledger knows it.
---@param row dataworks.fleet.Row
---@return dataworks.fleet.Entry
function M.entry(row)
  return {
    Name = row.name, Type = row.task_type, FileId = row.file_id, Protected = row.protect == "1", Error = row.error,
    State = upkeep.is_present(row) and STATES[row.state] or "deleted", Reached = row.file_id and row.reached,
  }
end

--- Returns the files of the project that are tasks, by FileId.
local function files_of(client, project)
  local files = {}
  for _, file, err in client:each("ListFiles", { ProjectId = project, FileTypes = "23,900", PageSize = 100 }, {
    version = "2020-05-18",
  }) do
    if err then
      return nil, err
    end
    files[ids.text(file.FileId)] = file
  end
  return files
end

--- Adds to an entry what the service says about its task. Returns nil and an error if a call failed.
local function compare(client, entry, task, name, content)
  if content and entry.Type ~= "DI_SOLUTION" then
    local script, err = existing.script_of(client, task)
    if err then
      return nil, err
    end
    local path = existing.drift(content, script)
    entry.Drift = path and "script: " .. path
  end
  if name and name ~= entry.Name then
    entry.Drift = "name: " .. name .. (entry.Drift and "; " .. entry.Drift or "")
  end
  if entry.Type == "DI_OFFLINE" or order[entry.Reached] < 2 and entry.Reached ~= "changed" then
    entry.Service = "present"
    return true
  end
  local status, err = client:status(task)
  entry.Service = status and status.state or "missing"
  return (status or err.kind == "task") and true, err
end

--- Adds what the service has to the entries of tasks that exist.
---@param client dataworks.Client
---@param project string
---@param entries dataworks.fleet.Entry[]
---@param contents table<string, string>
---@param on_progress? fun(event: { done: integer, total: integer })
---@return boolean|nil ok
---@return dataworks.Error|nil err
function M.refresh(client, project, entries, contents, on_progress)
  local files, err = files_of(client, project)
  if not files then
    return nil, err
  end
  local results
  results, err = concurrency.map(entries, function(entry)
    local file = files[entry.FileId or ""]
    if not entry.FileId then
      return true
    elseif not file and entry.Type ~= "DI_SOLUTION" then
      entry.Service = "missing"
      return true
    end
    return compare(client, entry, { ProjectId = ids.native(project), TaskType = entry.Type, FileId = entry.FileId },
      file and file.FileName, contents[entry.Name])
  end, { concurrency = 16, on_progress = on_progress })
  for _, result in ipairs(results or {}) do
    err = err or result.err
  end
  return not err or nil, err
end

return M
