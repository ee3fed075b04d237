-- Builds TaskParam tables from a sentence: from = ..., to = ..., resource_group = ...

local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"

local M = {}

local OPTIONS = {
  from = "table", to = "table", resource_group = "string", name = "string", schedule_resource_group_id = "number",
}
local WRITERS = { odps = true, kafka = true, holo = true }

local EXAMPLE = 'from = { mysql = "source", tables = { database = { "table" } } }, to = { odps = "destination" }'

-- Caught in M.build, which knows the caller's line.
local function misuse(message, ...)
  error(message:format(...), 0)
end

local function check_options(spec)
  if type(spec) ~= "table" then misuse("a table was expected: %s", EXAMPLE) end
  for name, value in pairs(spec) do
    local wanted = OPTIONS[name]
    if not wanted then misuse("unknown option %s%s", tostring(name), nearest.hint(name, OPTIONS)) end
    local id = name == "schedule_resource_group_id" and type(value) == "string" and value:find("^%d+$")
    if type(value) ~= wanted and not id then misuse("%s: %s expected, got %s", name, wanted, type(value)) end
  end
  if not spec.from then misuse("from is missing: from = { mysql = \"source\", tables = ... }") end
  if not spec.to then misuse("to is missing: to = { odps = \"destination\" }, or kafka, or holo") end
  if not spec.resource_group or spec.resource_group == "" then
    misuse("resource_group is missing: the identifier of a resource group, as in S_res_group_...")
  end
end

local function check_name(value, where)
  if type(value) ~= "string" or value == "" then misuse("%s: a name was expected, got %s", where, type(value)) end
  return value
end

local function table_list(list, where)
  if type(list) ~= "table" or #list == 0 then
    misuse("%s: a list of table names was expected, as in { \"orders\" }", where)
  end
  local copy = {}
  for i, name in ipairs(list) do copy[i] = check_name(name, ("%s[%d]"):format(where, i)) end
  for key in pairs(list) do
    if type(key) ~= "number" or key > #copy then
      misuse("%s: either table names (one database) or lists of them by database, not both", where)
    end
  end
  return copy
end

local function selected_tables(databases)
  local names, selected = {}, {}
  for name in pairs(databases) do names[#names + 1] = check_name(name, "from.tables") end
  table.sort(names)
  for i, name in ipairs(names) do
    local infos = {}
    for j, table_name in ipairs(table_list(databases[name], "from.tables." .. name)) do
      infos[j] = { table = table_name }
    end
    selected[i] = { dbName = name, schema = { { tableInfos = infos } } }
  end
  return selected
end

local function reader(from)
  for key in pairs(from) do
    if key ~= "mysql" and key ~= "tables" then
      misuse("from: unknown %s%s; a source is written from = { mysql = \"name\", tables = ... }", tostring(key),
        nearest.hint(key, { mysql = true, tables = true }))
    end
  end
  local connection = { datasourceType = "mysql", datasource = check_name(from.mysql, "from.mysql") }
  local tables = from.tables
  if type(tables) ~= "table" or next(tables) == nil then
    misuse("from.tables: { \"orders\" } for one database, or { db = { \"orders\" } } for several")
  end
  if tables[1] ~= nil then
    connection.table = table_list(tables, "from.tables")
  else
    connection.selectedTables = selected_tables(tables)
  end
  return { stepType = "mysql", parameter = { connection = { connection } }, name = "Reader", category = "reader" }
end

local function writer(to)
  local kind, datasource = next(to)
  if kind == nil or next(to, kind) ~= nil then misuse("to: exactly one of odps, kafka and holo was expected") end
  if not WRITERS[kind] then
    misuse("to: unknown destination %s%s; odps, kafka and holo are documented", tostring(kind),
      nearest.hint(kind, WRITERS))
  end
  local parameter = { datasource = check_name(datasource, "to." .. kind) }
  return { stepType = kind, parameter = parameter, name = "Writer", category = "writer" }
end

local function schedule_group(id)
  if type(id) == "string" then id = ids.native(id) end
  if id ~= nil and (type(id) ~= "number" or id % 1 ~= 0) then
    misuse("schedule_resource_group_id: a whole number was expected")
  end
  return id
end

local function build(spec)
  check_options(spec)
  local source, destination = reader(spec.from), writer(spec.to)
  return {
    type = "realtime",
    version = "1.0",
    setting = {
      resourceGroup = spec.resource_group,
      scheduleResgroupId = schedule_group(spec.schedule_resource_group_id),
      name = spec.name,
      taskType = "oneclick_to_" .. destination.stepType,
    },
    steps = { source, destination },
  }
end

---@class dataworks.TaskSpec
---@field from { mysql: string, tables: string[]|table<string, string[]> } the source, with one database or several
---@field to { odps?: string, kafka?: string, holo?: string } exactly one destination
---@field resource_group string identifier of the resource group for data integration
---@field name? string name of the solution
---@field schedule_resource_group_id? integer|string numeric id of the resource group for scheduling

--- Misuse raises at the caller's line.
---@param spec dataworks.TaskSpec
---@return table TaskParam
function M.build(spec)
  local ok, result = pcall(build, spec)
  if not ok then error("dataworks.task: " .. tostring(result), 2) end
  return result
end

return M
