-- The command `help`. It shows the help of a command, or describes an action.

local call = require "dataworks.cli.call"
local exit_status = require "dataworks.cli.exit_status"

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
      context.output:write(require("dataworks.cli.parser").help(name, commands.load(name)))
      return exit_status.DONE
    end
  end
  require("dataworks.cli.action_help").print(call.find_action(name, context), context)
  return exit_status.DONE
end

return M
