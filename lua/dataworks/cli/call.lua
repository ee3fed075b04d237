-- The command `call`. It calls any action, and prints the reply.

local call_params = require "dataworks.cli.call_params"
local catalog = require "dataworks.api.catalog"
local exit_status = require "dataworks.cli.exit_status"

local M = {}

M.description = "Calls an action of the service, and prints the reply as JSON. With --all, prints the items of all "
  .. "pages, one a line, as they come."

M.arguments = {
  { "ACTION", "the name of the action, as in the provider's documentation", complete = "action" },
  { "PARAMETER", "Name=text, Name:=JSON, or Name=@FILE for the text in a file", args = "*", complete = "parameter" },
}

M.options = {
  {
    "-d --data", "JSON", "an object with parameters: @FILE, - for standard input, or the text itself",
    complete = "file",
  },
  { "--all", false, "go through all pages" },
  { "--limit", "QPS", "with --all: at most so many calls a second", number = "positive", needs = "--all" },
  { "--skeleton", false, "print all parameters as JSON for -d, and call nothing" },
  { "--dry-run", false, "print the request and the string to sign, and send nothing" },
}

M.examples = [[
  dataworks call ListFiles ProjectId=10000 PageSize=50
  dataworks call ListFiles ProjectId=10000 --all | jq -r .FileName
  dataworks call CreateDISyncTask --skeleton >params.json; dataworks call CreateDISyncTask -d @params.json
]]

--- Returns the row of the action. Ends the command if there is none.
function M.find_action(name, context)
  local version = context.args.api_version
  local row = catalog.find(name, version)
  if not row then
    context:wrong_use(("there is no action %s%s%s"):format(name, version and " of version " .. version or "",
      catalog.hint(name, version)), "dataworks actions lists them.")
  end
  return row
end

--- Returns the parameters of the action. Ends the command if a word is wrong.
function M.build_params(row, context)
  local params, messages = call_params.build(row, context.args.parameter, context.args.data)
  if not params then
    context:wrong_use((table.unpack or unpack)(messages))
  end
  return params
end

--- Ends the command if only reading is allowed, and the action may change something.
function M.check_read_only(row, context)
  if row.repeatable ~= "always" then
    context:check_read_only(row.name)
  end
end

local PLACEHOLDERS = {
  long = "0", int32 = "0", boolean = "false", double = "0", float = "0", json = "{}", array = "[]", list = "[]",
  map = "{}",
}

--- Prints the parameters as a JSON object, the required ones first.
local function print_skeleton(row, context)
  local members = {}
  for _, required in ipairs { true, false } do
    for _, param in ipairs(row.params) do
      if (param.required or false) == required then
        members[#members + 1] = ('"%s": %s'):format(param[1], PLACEHOLDERS[param[2]] or '""')
      end
    end
  end
  context.output:write("{" .. (#members > 0 and "\n  " or "") .. table.concat(members, ",\n  ")
    .. (#members > 0 and "\n" or "") .. "}\n")
  return exit_status.DONE
end

function M.run(args, context)
  local row = M.find_action(args.action, context)
  if args.skeleton then
    return print_skeleton(row, context)
  end
  local params = M.build_params(row, context)
  if args.dry_run then
    return require("dataworks.cli.dry_run")(row, params, context)
  end
  M.check_read_only(row, context)
  if args.all then
    return require("dataworks.cli.pages").print(row, params, context)
  end
  local reply, err = context:client():call(row.name, params, { version = row.version })
  if not reply then
    context:fail(err)
  end
  context.output:object(reply)
  return exit_status.DONE
end

return M
