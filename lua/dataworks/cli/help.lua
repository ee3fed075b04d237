-- The command `help`. It shows the help of a command, or describes an action.

local call = require "dataworks.cli.call"
local exit_status = require "dataworks.cli.exit_status"
local help_width = require "dataworks.cli.help_width"
local nearest = require "dataworks.util.nearest"
local parser = require "dataworks.cli.parser"

local M = {}

M.description = "Shows the help of a command, or describes an action of the service: its parameters, when a failed "
  .. "call is repeated, and the fields of its reply."
M.arguments = {
  { "NAME", "the name of a command or of an action", args = "+", complete = "action" },
}
M.examples = "  dataworks help create\n  dataworks help CreateDISyncTask"

function M.run(args, context)
  local commands, name = context.commands, table.concat(args.name, " ")
  for _, entry in ipairs(commands.list) do
    if entry[1] == name then
      context.output:write(parser.help(name, commands.load(name), help_width.of(1)))
      return exit_status.DONE
    end
  end
  if name:find "^%l" then
    local names = {}
    for _, entry in ipairs(commands.list) do
      names[entry[1]] = not entry.hidden or nil
    end
    context:wrong_use(("there is no command %s%s"):format(name, nearest.hint(name, names)),
      "dataworks --help lists the commands.")
  end
  require("dataworks.cli.action_help").print(call.find_action(name, context), context)
  return exit_status.DONE
end

return M
