-- Finds the tables that a script selects, and the difference between two scripts.

local core = require "dataworks.core"
local tables = require "dataworks.util.tables"

local M = {}

local function add(found, prefix, name)
  if type(name) == "string" then
    found[prefix .. name] = true
  end
end

--- Adds the tables that a reader selects. The service documents three forms.
local function add_tables(found, parameter)
  for _, name in ipairs(type(parameter.table) == "table" and parameter.table or { parameter.table }) do
    add(found, "", name)
  end
  for _, database in ipairs(type(parameter.selectedTables) == "table" and parameter.selectedTables or {}) do
    for _, schema in ipairs(database.schema or {}) do
      local name = schema.schemaName and schema.schemaName ~= "" and "." .. schema.schemaName or ""
      for _, info in ipairs(schema.tableInfos or {}) do
        add(found, (database.dbName or "") .. name .. ".", info.table)
      end
    end
  end
end

--- Returns the tables that the readers of a script select, as a set of names such as shop.orders.
---@param script string a TaskParam or a TaskContent that was checked
---@return table<string, true>
function M.of(script)
  local found = {}
  for _, step in ipairs((core.decode(script) or {}).steps or {}) do
    local parameter = step.category == "reader" and step.parameter
    if type(parameter) == "table" then
      add_tables(found, parameter)
      for _, connection in ipairs(type(parameter.connection) == "table" and parameter.connection or {}) do
        add_tables(found, connection)
      end
    end
  end
  return found
end

local function missing(from, set)
  local names = {}
  for name in pairs(set) do
    names[name] = not from[name] or nil
  end
  return tables.sorted_keys(names)
end

--- Returns the names of the tables that come, and the names of the tables that go.
---@param before string
---@param after string
---@return string[] added
---@return string[] removed
function M.compare(before, after)
  local old, new = M.of(before), M.of(after)
  return missing(old, new), missing(new, old)
end

return M
