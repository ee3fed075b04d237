-- Writes the TaskContent that a script is turned into, in the documented form and order.

local json = require "dataworks.emulator.json"

local M = {}

local object, list = json.object, json.list

--- The emulator has no database to look into: every table has the one column id.
local function column(kind)
  return object("name", "id", "index", 0, "type", kind, "comment", "", "columnSize", 0, "digit", 0,
    "newDigit", 0, "primaryKey", true)
end

local function rule_for_holo(database, name)
  return object("srcTable", name, "srcDbName", database, "dstTable", database .. "." .. name,
    "mergeIntoCycleType", "DEFAULT", "hourDeltaEnable", false, "dayDeltaEnable", false,
    "primaryKeyInfo", object("type", "pk", "column", list({ "id" })),
    "dstCreateTableInfo", object("indexType", name, "schemaName", database, "tableName", name,
      "dataColumn", list({ column("int8") })))
end

local function rule_for_odps(database, name)
  return object("srcTable", name, "srcDbName", database, "dstTable", name,
    "mergeIntoCycleType", "DEFAULT", "hourDeltaEnable", false, "dayDeltaEnable", false,
    "primaryKeyInfo", object("type", "pk", "column", list({ "id" })),
    "dstCreateTableInfo", object("tableName", name, "dataColumn", list({ column("BIGINT") })))
end

local function rule_for_kafka(database, name)
  return object("srcTable", name, "srcDbName", database, "dstTable", name,
    "primaryKeyInfo", object("type", "pk", "column", list({ "id" })))
end

local RULES = { holo = rule_for_holo, odps = rule_for_odps, kafka = rule_for_kafka }
local WRITE_MODES = { holo = "replay" }

--- Calls visit(database, table) for each selected table; in single-database mode the data source names the
--- database.
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

local function writer_step(script)
  local sources, total = {}, 0
  for i, connection in ipairs(script.connections) do
    local rules = {}
    each_table(connection, function(database, name)
      rules[#rules + 1] = RULES[script.destination](database, name)
    end)
    total = total + #rules
    sources[i] = object("srcDatasourceName", connection.datasource, "tableRule", list(rules))
  end
  return object("stepType", script.destination, "name", "writer", "category", "writer",
    "parameter", object("datasource", script.datasource, "writeMode", WRITE_MODES[script.destination],
      "tableMappingRule", object("totalTableMapping", total, "datasource", list(sources))))
end

--- How many tables a script selects.
---@param script table as script.creating or script.generated reads it
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

--- The TaskContent of a script, as JSON text.
---@param script table as script.creating or script.generated reads it
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

--- Whether a destination is one that scripts are generated for.
---@param destination string
---@return boolean
function M.knows(destination)
  return RULES[destination] ~= nil
end

return M
