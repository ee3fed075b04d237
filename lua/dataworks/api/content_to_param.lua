-- Finds the TaskParam from which a configuration can be generated that the service has.

local M = {}

local writers = {}
for _, row in ipairs(require "dataworks.api.writers") do
  writers[row.step_type] = row
end

--- Returns a connection of a configuration without what the service added to it.
local function to_connection(connection)
  local selected
  for i, database in ipairs(connection.selectedTables or {}) do
    local schemas = {}
    for j, schema in ipairs(database.schema or {}) do
      local infos = {}
      for k, info in ipairs(schema.tableInfos or {}) do
        infos[k] = { table = info.table }
      end
      schemas[j] = { schemaName = schema.schemaName, tableInfos = infos }
    end
    selected = selected or {}
    selected[i] = { dbName = database.dbName, schema = schemas }
  end
  return {
    datasourceType = connection.datasourceType, datasource = connection.datasource, table = connection.table,
    selectedTables = selected,
  }
end

--- Returns the TaskParam from which the configuration of a real-time task can be generated; nil if the configuration is
--- not one of a documented script.
---@param content any a decoded TaskContent
---@return table|nil
function M.of(content)
  local steps, task_type = {}, nil
  for i, step in ipairs(type(content) == "table" and content.steps or {}) do
    local parameter = step.parameter or {}
    local connections = {}
    for j, connection in ipairs(step.category == "reader" and parameter.connection or {}) do
      connections[j] = to_connection(connection)
    end
    task_type = step.category == "writer" and writers[step.stepType] and writers[step.stepType].task_type or task_type
    steps[i] = {
      stepType = step.stepType, category = step.category, name = step.name,
      parameter = step.category == "reader" and { connection = connections } or { datasource = parameter.datasource },
    }
  end
  if not task_type then
    return nil
  end
  local extend = content.extend or {}
  return {
    type = "realtime", version = "1.0", steps = steps,
    setting = { resourceGroup = extend.resourceGroup, taskType = task_type },
  }
end

return M
