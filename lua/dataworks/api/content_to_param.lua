-- Finds the TaskParam from which a configuration can be generated that the service has.

local M = {}

local writers = {}
for _, row in ipairs(require "dataworks.api.writers") do
  writers[row.step_type] = row
end

local EMPTY = {}

--- Returns a table of a configuration; an empty one for null and for what is no table.
local function as_table(value)
  return type(value) == "table" and value or EMPTY
end

--- Returns the results of fn for the items of a list.
local function map(list, fn)
  local results = {}
  for i, item in ipairs(as_table(list)) do
    results[i] = fn(as_table(item))
  end
  return results
end

local function to_schema(schema)
  return {
    schemaName = schema.schemaName,
    tableInfos = map(schema.tableInfos, function(info) return { table = info.table } end),
  }
end

--- Returns a connection of a configuration without what the service added to it.
local function to_connection(connection)
  local selected = map(connection.selectedTables, function(database)
    return { dbName = database.dbName, schema = map(database.schema, to_schema) }
  end)
  return {
    datasourceType = connection.datasourceType, datasource = connection.datasource, table = connection.table,
    selectedTables = selected[1] and selected or nil,
  }
end

--- Returns the TaskParam from which the configuration of a real-time task can be generated; nil if the configuration is
--- not one of a documented script.
---@param content any a decoded TaskContent
---@return table|nil
function M.of(content)
  local task_type
  content = as_table(content)
  local steps = map(content.steps, function(step)
    local parameter, is_reader = as_table(step.parameter), step.category == "reader"
    local writer = step.category == "writer" and writers[step.stepType]
    task_type = writer and writer.task_type or task_type
    return {
      stepType = step.stepType, category = step.category, name = step.name,
      parameter = is_reader and { connection = map(parameter.connection, to_connection) }
        or { datasource = parameter.datasource },
    }
  end)
  if not task_type then
    return nil
  end
  return {
    type = "realtime", version = "1.0", steps = steps,
    setting = { resourceGroup = as_table(content.extend).resourceGroup, taskType = task_type },
  }
end

return M
