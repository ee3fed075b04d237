-- Reads the scripts that callers send: TaskParam for creating and updating, and TaskContent.

local json = require "dataworks.emulator.json"

local M = {}

local DESTINATIONS = { oneclick_to_odps = "odps", oneclick_to_kafka = "kafka", oneclick_to_holo = "holo" }

local function reject(path, what)
  error({ script = ("%s %s"):format(path, what) }, 0)
end

local function object(value, path)
  return json.is_object(value) and value or reject(path, "must be an object")
end

local function list(value, path)
  if not json.is_list(value) or #value == 0 then
    reject(path, "must be a list with an element")
  end
  return value
end

local function text(value, path)
  if type(value) ~= "string" or value == "" then
    reject(path, "must be a text")
  end
  return value
end

local function equal(value, expected, path)
  if value ~= expected then
    reject(path, "must be " .. expected)
  end
end

--- The step of each category; there is exactly one reader, and one writer unless the script only selects
--- tables.
local function find_steps(script, selection_only)
  local found = {}
  for i, step in ipairs(list(script.steps, "steps")) do
    local here = ("steps[%d]"):format(i)
    local category = object(step, here).category
    if category ~= "reader" and category ~= "writer" then
      reject(here .. ".category", "must be reader or writer")
    elseif found[category] then
      reject(here .. ".category", "is there twice: " .. category)
    end
    object(step.parameter, here .. ".parameter")
    found[category], found[category .. "_path"] = step, here
  end
  if not found.reader then
    reject("steps", "must have a reader")
  elseif not found.writer and not selection_only then
    reject("steps", "must have a writer")
  end
  return found
end

local function read_selected(selected, path)
  local databases = {}
  for i, database in ipairs(list(selected, path)) do
    local here = ("%s[%d]"):format(path, i)
    local tables = {}
    for j, schema in ipairs(list(object(database, here).schema, here .. ".schema")) do
      local schema_path = ("%s.schema[%d]"):format(here, j)
      for k, info in ipairs(list(object(schema, schema_path).tableInfos, schema_path .. ".tableInfos")) do
        local info_path = ("%s.tableInfos[%d]"):format(schema_path, k)
        tables[#tables + 1] = text(object(info, info_path).table, info_path .. ".table")
      end
    end
    databases[i] = { name = text(database.dbName, here .. ".dbName"), tables = tables }
  end
  return databases
end

--- The documentation lets selectedTables win over table.
local function read_selection(connection, path)
  if connection.selectedTables ~= nil then
    return { databases = read_selected(connection.selectedTables, path .. ".selectedTables") }
  end
  local tables = {}
  for i, name in ipairs(list(connection.table, path .. ".table")) do
    tables[i] = text(name, ("%s.table[%d]"):format(path, i))
  end
  return { tables = tables }
end

local function read_connections(reader, path, selection_only)
  local connections = {}
  path = path .. ".parameter.connection"
  for i, connection in ipairs(list(reader.parameter.connection, path)) do
    local here = ("%s[%d]"):format(path, i)
    local selection = read_selection(object(connection, here), here)
    if not selection_only then
      selection.datasource = text(connection.datasource, here .. ".datasource")
      selection.datasource_type = connection.datasourceType or "mysql"
      equal(selection.datasource_type, "mysql", here .. ".datasourceType")
    end
    connections[i] = selection
  end
  return connections
end

local function decode(source)
  local value, message = json.decode(source)
  if message then
    reject("the text is not JSON:", message)
  end
  return object(value, "the script")
end

local function read_creating(source)
  local script = decode(source)
  equal(script.type, "realtime", "type")
  equal(script.version, "1.0", "version")
  local setting = object(script.setting, "setting")
  local destination = DESTINATIONS[setting.taskType] or reject("setting.taskType", "is not known")
  local steps = find_steps(script)
  local reader, writer = steps.reader, steps.writer
  equal(reader.stepType, "mysql", steps.reader_path .. ".stepType")
  equal(writer.stepType, destination, steps.writer_path .. ".stepType")
  return {
    name = setting.name ~= nil and text(setting.name, "setting.name") or nil,
    resource_group = text(setting.resourceGroup, "setting.resourceGroup"),
    source = "mysql",
    destination = destination,
    connections = read_connections(reader, steps.reader_path),
    datasource = text(writer.parameter.datasource, steps.writer_path .. ".parameter.datasource"),
  }
end

local function read_updating(source)
  local steps = find_steps(decode(source), true)
  return read_connections(steps.reader, steps.reader_path, true)
end

local function datasources_of(step)
  local found, seen = {}, {}
  local function add(name)
    if type(name) == "string" and not seen[name] then
      seen[name] = true
      found[#found + 1] = name
    end
  end
  local parameter = json.is_object(step.parameter) and step.parameter or {}
  add(parameter.datasource)
  for _, connection in ipairs(json.is_list(parameter.connection) and parameter.connection or {}) do
    add(json.is_object(connection) and connection.datasource)
  end
  return found
end

local function read_content(source)
  local content = decode(source)
  equal(content.type, "job", "type")
  equal(content.version, "2.0", "version")
  local from, to = {}, {}
  for i, step in ipairs(list(content.steps, "steps")) do
    local category = object(step, ("steps[%d]"):format(i)).category
    for _, name in ipairs(datasources_of(step)) do
      local into = category == "reader" and from or to
      into[#into + 1] = name
    end
  end
  local extend = json.is_object(content.extend) and content.extend or {}
  local name = type(extend.name) == "string" and extend.name or nil
  return { name = name, from = from, to = to, content = content }
end

--- A generated TaskContent, read back into what it was generated from.
local function read_generated(content)
  local steps = find_steps(content)
  local extend = object(content.extend, "extend")
  return {
    name = extend.name,
    resource_group = text(extend.resourceGroup, "extend.resourceGroup"),
    source = text(steps.reader.stepType, steps.reader_path .. ".stepType"),
    destination = text(steps.writer.stepType, steps.writer_path .. ".stepType"),
    connections = read_connections(steps.reader, steps.reader_path),
    datasource = text(steps.writer.parameter.datasource, steps.writer_path .. ".parameter.datasource"),
  }
end

local function guarded(read)
  return function(source)
    local ok, result = pcall(read, source)
    if ok then
      return result
    elseif type(result) == "table" and result.script then
      return nil, result.script
    end
    error(result, 0)
  end
end

--- Each reader returns what the script says, or nil and what is wrong with it.
M.creating = guarded(read_creating)
M.updating = guarded(read_updating)
M.content = guarded(read_content)
M.generated = guarded(read_generated)

--- Reads text that must be a JSON object.
M.object = guarded(decode)

return M
