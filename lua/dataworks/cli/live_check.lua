-- Asks the service whether the data sources and the resource groups that scripts name exist. Each list is read once.

local core = require "dataworks.core"
local nearest = require "dataworks.util.nearest"

local M = {}

---@class dataworks.cli.LiveCheck
local LiveCheck = {}
LiveCheck.__index = LiveCheck

--- Returns the names of the items of a list action, as a set.
local function names_of(context, action, params, ...)
  local names = {}
  for _, item, err in context:client():each(action, params, { version = "2020-05-18", retries = 10 }) do
    if err then
      context:fail(err)
    end
    for _, field in ipairs { ... } do
      names[item[field] or ""] = true
    end
  end
  return names
end

function LiveCheck:data_sources()
  self.sources = self.sources
    or names_of(self.context, "ListDataSources", { ProjectId = self.project, PageSize = 100 }, "Name")
  return self.sources
end

function LiveCheck:resource_groups()
  self.groups = self.groups or names_of(self.context, "ListResourceGroups", {}, "Identifier", "Name")
  return self.groups
end

--- Appends a fault for a name that does not exist.
local function check_name(faults, text, path, name, known, what)
  if type(name) == "string" and not known[name] then
    local line, column = core.locate(text, "TaskParam." .. path)
    faults[#faults + 1] = {
      path = path, line = line, column = column,
      message = ("there is no %s %s%s"):format(what, name, nearest.hint(name, known)),
    }
  end
end

--- Returns the faults of a script that has no other faults.
---@param text string
---@param script table the decoded text
---@return dataworks.ScriptFault[]
function LiveCheck:faults(text, script)
  local faults = {}
  for i, step in ipairs(script.steps) do
    local parameter, path = step.parameter, ("steps[%d].parameter"):format(i)
    check_name(faults, text, path .. ".datasource", parameter.datasource, self:data_sources(), "data source")
    for j, connection in ipairs(type(parameter.connection) == "table" and parameter.connection or {}) do
      check_name(faults, text, ("%s.connection[%d].datasource"):format(path, j), connection.datasource,
        self:data_sources(), "data source")
    end
  end
  local setting = script.setting
  if type(setting) == "table" and setting.resourceGroup then
    check_name(faults, text, "setting.resourceGroup", setting.resourceGroup, self:resource_groups(), "resource group")
  end
  return faults
end

---@param context dataworks.cli.Context
---@param project string
---@return dataworks.cli.LiveCheck
function M.new(context, project)
  return setmetatable({ context = context, project = project }, LiveCheck)
end

return M
