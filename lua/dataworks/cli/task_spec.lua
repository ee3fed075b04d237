-- The options that describe a task on the command line, and the script that they describe.

local call_params = require "dataworks.cli.call_params"
local dataworks = require "dataworks"
local script_check = require "dataworks.api.script_check"
local texts = require "dataworks.util.text"

local M = {}

M.PROJECT = { "--project", "ID", "the id of the workspace", required = true }
M.TYPE = {
  "--type", "TYPE", "DI_REALTIME, DI_SOLUTION or DI_OFFLINE", choices = { "DI_REALTIME", "DI_SOLUTION", "DI_OFFLINE" },
}
M.FROM = { "--from", "TYPE:NAME", "the source: mysql and the name of its data source, as in mysql:orders_db" }
M.TABLES = { "--tables", "LIST", "the tables: names or DATABASE.TABLE with commas between them, or @FILE, one a line" }
M.TO = { "--to", "TYPE:NAME", "the destination: odps, kafka or holo, and the name of its data source" }
M.GROUP = { "--resource-group", "ID", "the resource group for data integration" }

--- The options from which a TaskParam is built.
M.BUILDER = { M.FROM, M.TABLES, M.TO, M.GROUP }

--- Splits "mysql:orders_db".
local function endpoint(option, text, context)
  local kind, name = text:match "^(%w+):(.+)$"
  if not kind then
    context:wrong_use(("%s %s: write TYPE:NAME, for example %s"):format(option, text,
      option == "--from" and "mysql:orders_db" or "odps:warehouse"))
  end
  return kind, name
end

--- Returns the names of the tables: a list, or lists by database.
function M.tables(text, context)
  local path = text:match "^@(.+)$"
  if path then
    local content, message = call_params.read(path)
    if not content then
      context:wrong_use("--tables: " .. message)
    end
    text = content:gsub("[\r\n]+", ",")
  end
  local plain, by_database = {}, {}
  for name in text:gmatch "[^,]+" do
    name = name:match "^%s*(%S+)%s*$"
    local database, table_name = (name or ""):match "^([^.]+)%.(.+)$"
    if database then
      by_database[database] = by_database[database] or {}
      table.insert(by_database[database], table_name)
    elseif name then
      plain[#plain + 1] = name
    end
  end
  if next(by_database) and #plain > 0 then
    context:wrong_use(("--tables: %s has no database, and other tables have one; write DATABASE.TABLE for all of them")
      :format(plain[1]))
  end
  if not next(by_database) and #plain == 0 then
    context:wrong_use "--tables names no table"
  end
  return next(by_database) and by_database or plain
end

--- Returns the options that are missing to build a TaskParam.
function M.missing(args)
  local missing = {}
  for _, option in ipairs(M.BUILDER) do
    local name = option[1]:sub(3):gsub("%-", "_")
    if not args[name] then
      missing[#missing + 1] = option[1] .. " " .. option[2]
    end
  end
  return missing
end

--- Returns the TaskParam that the options describe. Ends the command if an option is wrong.
function M.build(args, context)
  local from, source = endpoint("--from", args.from, context)
  if from ~= "mysql" then
    context:wrong_use(("--from %s: the options describe a task with the source mysql; write another script to FILE")
      :format(from))
  end
  local to, destination = endpoint("--to", args.to, context)
  local ok, result = pcall(dataworks.task, {
    from = { mysql = source, tables = M.tables(args.tables, context) }, to = { [to] = destination },
    resource_group = args.resource_group,
  })
  if not ok then
    context:wrong_use((tostring(result):gsub("^.-dataworks%.task: ", "")))
  end
  return result
end

--- Writes the faults of a file, as compilers do. Returns how many there are.
function M.print_faults(path, faults, write)
  for _, fault in ipairs(faults) do
    write(texts.escape(("%s:%d:%d: %s%s"):format(path, fault.line or 1, fault.column or 1,
      fault.path ~= "" and fault.path .. ": " or "", fault.message)) .. "\n")
  end
  return #faults
end

--- Reads a script from a file, and checks it. Ends the command if the file has faults.
---@return string text
---@return boolean is_offline
function M.read_script(path, context, task_type, updating)
  local text, message = call_params.read(path)
  if not text then
    context:wrong_use(message)
  end
  local faults, script = script_check.faults_of_text(text, task_type, updating)
  if #faults > 0 then
    local lines = {}
    M.print_faults(path, faults, function(line) lines[#lines + 1] = line:sub(1, -2) end)
    context.raise(1, (table.unpack or unpack)(lines))
  end
  return text, script_check.is_offline(script)
end

return M
