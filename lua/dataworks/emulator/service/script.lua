-- Parses the scripts that callers send: a TaskParam that creates a task, a TaskParam that updates a task, and a
-- TaskContent. If a script is wrong, a function raises the reply that refuses the script.

local find_writer = require "dataworks.emulator.service.find_writer"
local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"
local shape = require "dataworks.emulator.service.shape"

local M = {}

local object, list, text, equal = shape.object, shape.list, shape.text, shape.equal

--- Returns the steps reader and writer of a script, and their paths. A script that only selects tables needs no writer.
local function find_steps(script, is_selection)
  local found = {}
  for i, step in ipairs(list(script.steps, "steps")) do
    local path = ("steps[%d]"):format(i)
    local category = object(step, path).category
    if category ~= "reader" and category ~= "writer" then
      shape.reject(path .. ".category", "must be reader or writer")
    elseif found[category] then
      shape.reject(path .. ".category", "occurs twice: " .. category)
    end
    object(step.parameter, path .. ".parameter")
    found[category], found[category .. "_path"] = step, path
  end
  if not found.reader then
    shape.reject("steps", "must have a reader")
  elseif not found.writer and not is_selection then
    shape.reject("steps", "must have a writer")
  end
  return found
end

--- Parses selectedTables. Returns a list of databases, each with its name and its tables.
local function parse_selected(selected, path)
  local databases = {}
  for i, database in ipairs(list(selected, path)) do
    local database_path = ("%s[%d]"):format(path, i)
    local tables = {}
    for j, schema in ipairs(list(object(database, database_path).schema, database_path .. ".schema")) do
      local schema_path = ("%s.schema[%d]"):format(database_path, j)
      for k, info in ipairs(list(object(schema, schema_path).tableInfos, schema_path .. ".tableInfos")) do
        local info_path = ("%s.tableInfos[%d]"):format(schema_path, k)
        tables[#tables + 1] = text(object(info, info_path).table, info_path .. ".table")
      end
    end
    databases[i] = { name = text(database.dbName, database_path .. ".dbName"), tables = tables }
  end
  return databases
end

--- Parses the tables that a connection selects. If it has both selectedTables and table, selectedTables counts, as the
--- service's documentation says.
local function parse_selection(connection, path)
  if connection.selectedTables ~= nil then
    return { databases = parse_selected(connection.selectedTables, path .. ".selectedTables") }
  end
  local tables = {}
  for i, name in ipairs(list(connection.table, path .. ".table")) do
    tables[i] = text(name, ("%s.table[%d]"):format(path, i))
  end
  return { tables = tables }
end

--- Parses the connections of the reader. Connections of a script that only selects tables need no data source.
local function parse_connections(steps, is_selection)
  local connections = {}
  local path = steps.reader_path .. ".parameter.connection"
  for i, connection in ipairs(list(steps.reader.parameter.connection, path)) do
    local connection_path = ("%s[%d]"):format(path, i)
    local parsed = parse_selection(object(connection, connection_path), connection_path)
    if not is_selection then
      parsed.datasource = text(connection.datasource, connection_path .. ".datasource")
      parsed.datasource_type = connection.datasourceType or "mysql"
      equal(parsed.datasource_type, "mysql", connection_path .. ".datasourceType")
    end
    connections[i] = parsed
  end
  return connections
end

---@class dataworks.emulator.Script
---@field name string|nil
---@field resource_group string
---@field source string the step type of the reader
---@field destination string the step type of the writer
---@field connections table[] {datasource, datasource_type, tables or databases}
---@field datasource string the data source of the destination

local function describe(steps, name, resource_group)
  return {
    source = steps.reader.stepType, destination = steps.writer.stepType, name = name, resource_group = resource_group,
    connections = parse_connections(steps), datasource = steps.writer.parameter.datasource,
  }
end

--- Parses a TaskParam that creates a task.
---@param source string
---@return dataworks.emulator.Script
function M.parse_creating(source)
  local script = shape.decode(source)
  equal(script.type, "realtime", "type")
  equal(script.version, "1.0", "version")
  local setting = object(script.setting, "setting")
  local row = find_writer("task_type", setting.taskType) or shape.reject("setting.taskType", "is not known")
  local steps = find_steps(script)
  equal(steps.reader.stepType, "mysql", steps.reader_path .. ".stepType")
  equal(steps.writer.stepType, row.step_type, steps.writer_path .. ".stepType")
  local name = setting.name ~= nil and text(setting.name, "setting.name") or nil
  local parsed = describe(steps, name, text(setting.resourceGroup, "setting.resourceGroup"))
  for _, field in ipairs(row.required) do
    text(steps.writer.parameter[field], ("%s.parameter.%s"):format(steps.writer_path, field))
  end
  return parsed
end

--- Parses a TaskParam that updates a task.
---@param source string
---@return table[] connections
function M.parse_updating(source)
  return parse_connections(find_steps(shape.decode(source), true), true)
end

--- Adds the data sources of a step to a list. A name that the list has already is not added again.
local function add_datasources(names, step)
  local parameter = json.is_object(step.parameter) and step.parameter or {}
  local holders = { parameter }
  for _, connection in ipairs(json.is_list(parameter.connection) and parameter.connection or {}) do
    holders[#holders + 1] = json.is_object(connection) and connection or nil
  end
  for _, holder in ipairs(holders) do
    local name = holder.datasource
    if type(name) == "string" and not names[name] then
      names[name] = true
      names[#names + 1] = name
    end
  end
end

--- Parses any TaskContent.
---@param source string
---@return {name: string|nil, from: string[], to: string[], content: table} parsed `from` and `to` name data sources
function M.parse_content(source)
  local content = shape.decode(source)
  equal(content.type, "job", "type")
  equal(content.version, "2.0", "version")
  local from, to = {}, {}
  for i, step in ipairs(list(content.steps, "steps")) do
    local category = object(step, ("steps[%d]"):format(i)).category
    add_datasources(category == "reader" and from or to, step)
  end
  local extend = json.is_object(content.extend) and content.extend or {}
  return { name = type(extend.name) == "string" and extend.name or nil, from = from, to = to, content = content }
end

--- Parses a decoded TaskContent that must have the form of a generated one. Raises a reply if it has another form.
local function parse_generated(content)
  local steps = find_steps(content)
  local extend = object(content.extend, "extend")
  text(steps.reader.stepType, steps.reader_path .. ".stepType")
  text(steps.writer.stepType, steps.writer_path .. ".stepType")
  text(steps.writer.parameter.datasource, steps.writer_path .. ".parameter.datasource")
  return describe(steps, extend.name, text(extend.resourceGroup, "extend.resourceGroup"))
end

--- Returns the script from which a TaskContent was generated.
---@param content table the decoded TaskContent
---@return dataworks.emulator.Script|nil script nil if the TaskContent does not have the form of a generated one
function M.parse_generated(content)
  local script, is_generated = reply.catch(parse_generated, content)
  return is_generated and script or nil
end

--- Decodes a text that must be a JSON object.
---@type fun(source: string, refuse?: fun(detail: string): dataworks.emulator.Reply): table
M.parse_object = shape.decode

return M
