-- Writes the TaskContent that the service generates from a script. The members have the documented names and order.

local find_writer = require "dataworks.emulator.service.find_writer"
local json = require "dataworks.emulator.json"

local M = {}

local object, list = json.object, json.list

--- Returns the columns of a table. The emulator reads no database, so every table has a single column, id.
local function columns(kind)
  return list({ object("name", "id", "index", 0, "type", kind, "comment", "", "columnSize", 0, "digit", 0,
    "newDigit", 0, "primaryKey", true) })
end

--- Returns the primary key of a table, which is its column id.
local function primary_key()
  return object("type", "pk", "column", list({ "id" }))
end

--- Replaces {database} and {table} in a template by the names of the source.
local function fill(template, database, name)
  return (template:gsub("{(%l+)}", { database = database, table = name }))
end

--- Returns the description of the table that the task creates in the destination. `form` is the field `content` of the
--- writer's row in dataworks.api.writers.
local function created_table(form, database, name)
  local members = {}
  for i, template in ipairs(form.created_table) do
    members[i] = fill(template, database, name)
  end
  members[#members + 1] = "dataColumn"
  members[#members + 1] = columns(form.column_type)
  return object((table.unpack or unpack)(members))
end

--- Returns the rule that maps a source table to its destination table.
local function table_rule(form, database, name)
  local destination = fill(form.destination_table or "{table}", database, name)
  if not form.created_table then
    return object("srcTable", name, "srcDbName", database, "dstTable", destination, "primaryKeyInfo", primary_key())
  end
  return object("srcTable", name, "srcDbName", database, "dstTable", destination,
    "mergeIntoCycleType", "DEFAULT", "hourDeltaEnable", false, "dayDeltaEnable", false,
    "primaryKeyInfo", primary_key(), "dstCreateTableInfo", created_table(form, database, name))
end

--- Calls visit(database, table) for each selected table. If a connection lists tables without databases, the name of
--- the data source is passed as the name of the database.
local function each_table(connection, visit)
  for _, database in ipairs(connection.databases or {}) do
    for _, name in ipairs(database.tables) do
      visit(database.name, name)
    end
  end
  for _, name in ipairs(connection.tables or {}) do
    visit(connection.datasource, name)
  end
end

--- Returns the member selectedTables of a connection.
local function selected_tables(databases)
  local out = {}
  for i, database in ipairs(databases) do
    local infos = {}
    for j, name in ipairs(database.tables) do
      infos[j] = object("enable", true, "table", name, "tableName", name)
    end
    out[i] = object("dbName", database.name, "schema", list({ object("tableInfos", list(infos)) }))
  end
  return list(out)
end

--- Returns the step that reads from the source.
local function reader_step(script)
  local connections = {}
  for i, connection in ipairs(script.connections) do
    connections[i] = object("datasourceType", connection.datasource_type, "datasource", connection.datasource,
      "selectedTables", connection.databases and selected_tables(connection.databases),
      "table", connection.tables and list(connection.tables))
  end
  return object("stepType", script.source, "name", "reader", "category", "reader",
    "parameter", object("connection", list(connections)))
end

--- Returns the step that writes to the destination.
local function writer_step(script)
  local form, sources, total = find_writer("step_type", script.destination).content or {}, {}, 0
  for i, connection in ipairs(script.connections) do
    local rules = {}
    each_table(connection, function(database, name)
      rules[#rules + 1] = table_rule(form, database, name)
    end)
    total = total + #rules
    sources[i] = object("srcDatasourceName", connection.datasource, "tableRule", list(rules))
  end
  return object("stepType", script.destination, "name", "writer", "category", "writer",
    "parameter", object("datasource", script.datasource, "writeMode", form.write_mode,
      "tableMappingRule", object("totalTableMapping", total, "datasource", list(sources))))
end

--- Returns the number of tables that a script selects.
---@param script dataworks.emulator.Script
---@return integer
function M.count_tables(script)
  local count = 0
  for _, connection in ipairs(script.connections) do
    each_table(connection, function()
      count = count + 1
    end)
  end
  return count
end

--- Returns the TaskContent of a script as JSON text. The writer of the script must be known.
---@param script dataworks.emulator.Script
---@return string
function M.write(script)
  return json.encode(object(
    "extend", object("mode", "migration_" .. script.destination, "resourceGroup", script.resource_group,
      "name", script.name),
    "type", "job",
    "version", "2.0",
    "steps", list({ reader_step(script), writer_step(script) }),
    "order", object("hops", list({ object("from", "reader", "to", "writer") }))
  ))
end

return M
