-- Asks the service whether the data sources and the resource groups that scripts name exist. Each list is read once.

local core = require "dataworks.core"
local manifests = require "dataworks.fleet.manifest"
local nearest = require "dataworks.util.nearest"

local M = {}

---@class dataworks.fleet.LiveCheck
---@field client dataworks.Client
---@field project string|integer
---@field lists table<string, table<string, true>> the names, by what they are
---@field messages table<string, string|false> by what was asked; false: the name exists
local LiveCheck = {}
LiveCheck.__index = LiveCheck

local LISTS = {
  ["data source"] = { action = "ListDataSources", fields = { "Name" }, of_project = true },
  ["resource group"] = { action = "ListResourceGroups", fields = { "Identifier", "Name" } },
}

--- Returns the names of a list of the service, as a set. Raises the error of a call.
local function names_of(self, what)
  if not self.lists[what] then
    local list, names = LISTS[what], {}
    local params = list.of_project and { ProjectId = self.project, PageSize = 100 } or {}
    for _, item, err in self.client:each(list.action, params, { version = "2020-05-18", retries = 10 }) do
      if err then
        error({ call = err }, 0)
      end
      for _, field in ipairs(list.fields) do
        names[item[field] or ""] = true
      end
    end
    self.lists[what] = names
  end
  return self.lists[what]
end

--- Appends a fault for a name that does not exist.
local function check_name(self, faults, path, name, what)
  if type(name) ~= "string" then
    return
  end
  local asked = what .. " " .. name
  if self.messages[asked] == nil then
    local known = names_of(self, what)
    self.messages[asked] = not known[name] and ("there is no %s%s"):format(asked, nearest.hint(name, known))
  end
  if self.messages[asked] then
    faults[#faults + 1] = { path = path, message = self.messages[asked] }
  end
end

local function script_faults(self, script)
  local faults = {}
  for i, step in ipairs(script.steps) do
    local parameter, path = step.parameter, ("steps[%d].parameter"):format(i)
    check_name(self, faults, path .. ".datasource", parameter.datasource, "data source")
    for j, connection in ipairs(type(parameter.connection) == "table" and parameter.connection or {}) do
      check_name(self, faults, ("%s.connection[%d].datasource"):format(path, j), connection.datasource, "data source")
    end
  end
  if type(script.setting) == "table" then
    check_name(self, faults, "setting.resourceGroup", script.setting.resourceGroup, "resource group")
  end
  return faults
end

--- Returns what fn returns; nil and the error of a call.
local function catch(fn, ...)
  local ok, result = pcall(fn, ...)
  if ok then
    return result
  elseif type(result) == "table" and result.call then
    return nil, result.call
  end
  error(result, 0)
end

--- Returns the faults of a script that has no other faults.
---@param script table the decoded script
---@return dataworks.ScriptFault[]|nil faults
---@return dataworks.Error|nil err
function LiveCheck:faults(script)
  return catch(script_faults, self, script)
end

--- Returns where the manifest says what a place of a script says.
local function path_in_manifest(task, place, inside)
  if task.source ~= "from" then
    return ("%s.%s.%s"):format(place, task.source, inside)
  end
  local field = inside:find "^setting" and "resource_group" or inside:find "^steps%[1%]" and "from" or "to"
  return place .. "." .. field
end

local function manifest_faults(self, manifest)
  local faults = {}
  for i, task in ipairs(manifest.tasks) do
    local place = ("tasks[%d]"):format(i)
    for _, fault in ipairs(script_faults(self, core.decode(task.script))) do
      faults[#faults + 1] = {
        path = path_in_manifest(task, place, fault.path), message = fault.message, name = task.name,
      }
    end
    local before = #faults
    check_name(self, faults, place .. ".resource_group", task.resource_group, "resource group")
    for j = before + 1, #faults do
      faults[j].name = task.name
    end
  end
  manifests.place(manifest, faults)
  return faults
end

---@param client dataworks.Client
---@param project string|integer
---@return dataworks.fleet.LiveCheck
function M.new(client, project)
  return setmetatable({ client = client, project = project, lists = {}, messages = {} }, LiveCheck)
end

--- Returns the faults of a manifest that was read.
---@param client dataworks.Client
---@param manifest dataworks.fleet.Manifest
---@return dataworks.fleet.Fault[]|nil faults
---@return dataworks.Error|nil err
function M.manifest(client, manifest)
  return catch(manifest_faults, M.new(client, manifest.project), manifest)
end

return M
