-- Builds a TaskParam, the script of a real-time task, from a short table: { from = ..., to = ..., resource_group = ...
-- }.

local check_options = require "dataworks.util.check_options"
local core = require "dataworks.core"
local ids = require "dataworks.util.ids"
local misuse = require "dataworks.util.misuse"
local nearest = require "dataworks.util.nearest"
local tables = require "dataworks.util.tables"
local writers = require "dataworks.api.writers"

local M = {}

local OPTIONS = {
  from = "table", to = "table", resource_group = "string", name = "string", schedule_resource_group_id = "number",
}

local EXAMPLE = 'from = { mysql = "source", tables = { database = { "table" } } }, to = { odps = "destination" }'

---@type table<string, dataworks.Writer>
local by_step_type = {}
for _, row in ipairs(writers) do
  by_step_type[row.step_type] = row
end

-- The destinations for a message. Some are better known by the names of their products.
local DESTINATIONS = nearest.list(by_step_type):gsub("holo", "holo (Hologres)"):gsub("odps", "odps (MaxCompute)")

--- Raises an error at the line of the program.
local function refuse(message, ...)
  misuse("dataworks.task: " .. message:format(...))
end

--- Raises if the table has an unknown field, a field of a wrong type, or too few fields.
local function check_spec(spec)
  if type(spec) ~= "table" then
    refuse("expected a table, as in { %s, resource_group = \"id\" }, got %s", EXAMPLE, check_options.describe(spec))
  end
  for name, value in pairs(spec) do
    local expected = OPTIONS[name]
    if not expected then
      refuse("unknown option %s%s The options are %s", tostring(name), nearest.hint_end(name, OPTIONS),
        nearest.list(OPTIONS))
    end
    local is_id = name == "schedule_resource_group_id" and type(value) == "string" and value:find("^%d+$")
    if type(value) ~= expected and not is_id then refuse("%s must be a %s, got %s. An example is %s", name,
      expected, check_options.describe(value), EXAMPLE) end
  end
  if not spec.from then refuse('from is missing: from = { mysql = "source", tables = ... }') end
  if not spec.to then refuse('to is missing: to = { odps = "destination" }; known are %s', DESTINATIONS) end
  if not spec.resource_group or spec.resource_group == "" then
    refuse("resource_group is missing: the identifier of a resource group, as in S_res_group_...")
  end
end

local function check_name(value, where)
  if type(value) ~= "string" or value == "" then refuse("%s must be a name, got %s", where,
    check_options.describe(value)) end
  return value
end

--- Raises the error of a value that is not a list of table names.
local function refuse_list(list, where)
  if type(list) ~= "table" or #list == 0 then
    refuse('%s must be a list of table names, as in { "orders" }, got %s', where,
      type(list) == "table" and "an empty table" or check_options.describe(list))
  end
  local hole = tables.find_hole(list)
  for i = 1, (hole or #list + 1) - 1 do check_name(list[i], ("%s[%d]"):format(where, i)) end
  if hole then refuse("%s[%d] is nil: the list has a hole", where, hole) end
  refuse("%s: expected either a list of table names, or lists of table names by database, not both", where)
end

--- Copies a list of table names. With a key, each name becomes a table that has the name in this field. C does it,
--- because a list can have very many items.
local function table_list(list, where, key)
  return type(list) == "table" and core.wrap_names(list, key) or refuse_list(list, where)
end

--- Returns the selectedTables of a connection with several databases.
local function selected_tables(databases)
  local selected = {}
  for name in pairs(databases) do check_name(name, "from.tables") end
  for i, name in ipairs(tables.sorted_keys(databases)) do
    local infos = table_list(databases[name], "from.tables." .. name, "table")
    selected[i] = { dbName = name, schema = { { tableInfos = infos } } }
  end
  return selected
end

--- Returns the reader step of a TaskParam.
local function reader_step(from)
  for key in pairs(from) do
    if key ~= "mysql" and key ~= "tables" then
      refuse('from: unknown field %s%s A source is from = { mysql = "name", tables = ... }', tostring(key),
        nearest.hint_end(key, { mysql = true, tables = true }))
    end
  end
  local connection = { datasourceType = "mysql", datasource = check_name(from.mysql, "from.mysql") }
  local selection = from.tables
  if type(selection) ~= "table" or next(selection) == nil then
    refuse('from.tables must be { "orders" } for one database, or { db = { "orders" } } for several, got %s',
      type(selection) == "table" and "an empty table" or check_options.describe(selection))
  end
  if selection[1] ~= nil then
    connection.table = table_list(selection, "from.tables")
  else
    connection.selectedTables = selected_tables(selection)
  end
  return { stepType = "mysql", parameter = { connection = { connection } }, name = "Reader", category = "reader" }
end

--- Returns the destination that `to` names. Raises unless there is exactly one.
---@return dataworks.Writer row
---@return string datasource
local function destination(to)
  local step_type, datasource = next(to)
  if step_type == nil or next(to, step_type) ~= nil then
    refuse("to: expected exactly one destination, got %s; the destinations are %s", step_type and "several" or "none",
      DESTINATIONS)
  end
  local row = by_step_type[step_type]
  if not row then
    refuse("to: unknown destination %s%s The destinations are %s", tostring(step_type),
      nearest.hint_end(step_type, by_step_type), DESTINATIONS)
  end
  return row, check_name(datasource, "to." .. step_type)
end

--- Returns the id as a number, or as text if this Lua cannot represent the number exactly.
local function schedule_group(id)
  if type(id) == "string" then id = ids.native(id) end
  if id ~= nil and (type(id) ~= "number" or id % 1 ~= 0) then
    refuse("schedule_resource_group_id must be a whole number")
  end
  return id
end

---@class dataworks.TaskSpec
---@field from { mysql: string, tables: string[]|table<string, string[]> } the source: table names, or lists of table
--- names by database
---@field to { odps?: string, kafka?: string, holo?: string } exactly one destination
---@field resource_group string identifier of the resource group for data integration
---@field name? string the name of the solution
---@field schedule_resource_group_id? integer|string numeric id of the resource group for scheduling

--- Builds a TaskParam. Raises at the line of the program if the table is wrong.
---@param spec dataworks.TaskSpec
---@return table TaskParam
function M.build(spec)
  check_spec(spec)
  local source = reader_step(spec.from)
  local row, datasource = destination(spec.to)
  return {
    type = "realtime",
    version = "1.0",
    setting = {
      resourceGroup = spec.resource_group,
      scheduleResgroupId = schedule_group(spec.schedule_resource_group_id),
      name = spec.name,
      taskType = row.task_type,
    },
    steps = {
      source,
      { stepType = row.step_type, parameter = { datasource = datasource }, name = "Writer", category = "writer" },
    },
  }
end

return M
