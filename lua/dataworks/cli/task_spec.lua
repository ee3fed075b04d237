-- The options that describe a task on the command line, and the script that they describe.

local call_params = require "dataworks.cli.call_params"
local dataworks = require "dataworks"
local nearest = require "dataworks.util.nearest"
local script_check = require "dataworks.api.script_check"
local texts = require "dataworks.util.text"

local M = {}

--- Returns what is wrong with the id of a workspace.
function M.project_mistake(text)
  return not text:find "^%d+$" and ("expected the id of a workspace, such as 10000, got %q"):format(text) or nil
end

M.PROJECT = { "--project", "ID", "the id of the workspace", required = true, find_mistake = M.project_mistake }
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
    local content, message = call_params.read_unmarked(path)
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

--- Returns the name that an option has in the arguments.
function M.argument(option)
  return (option[1]:sub(3):gsub("%-", "_"))
end

--- Returns the options that are missing to build a TaskParam.
function M.missing(args)
  local missing = {}
  for _, option in ipairs(M.BUILDER) do
    if not args[M.argument(option)] then
      missing[#missing + 1] = option[1] .. " " .. option[2]
    end
  end
  return missing
end

--- Returns the TaskParam of a task. Ends the command if it cannot be built.
---@param spec dataworks.TaskSpec
function M.task_param(spec, context)
  local ok, result = pcall(dataworks.task, spec)
  if not ok then
    local message = tostring(result):gsub("^.-dataworks%.task: ", "")
    context:wrong_use((message:gsub("^to%f[^%w_]", "--to"):gsub("^from%.tables", "--tables")))
  end
  return result
end

--- Returns the TaskParam that the options describe. Ends the command if an option is wrong.
function M.build(args, context)
  local from, source = endpoint("--from", args.from, context)
  if from ~= "mysql" then
    local hint = nearest.hint(from, { mysql = true })
    context:wrong_use(("--from %s: the options describe a task with the source mysql%s"):format(from,
      hint ~= "" and hint or "; write another script to FILE"))
  end
  local to, destination = endpoint("--to", args.to, context)
  return M.task_param({
    from = { mysql = source, tables = M.tables(args.tables, context) }, to = { [to] = destination },
    resource_group = args.resource_group,
  }, context)
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
  local text, message = call_params.read_unmarked(path)
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
