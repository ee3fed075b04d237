-- The command `dataworks`. It finds the subcommand that the arguments name, and runs it.

local M = {}

--- The module of each subcommand. A module has the texts SYNOPSIS and DESCRIPTION for the help, and a function
--- run(arguments). This function returns the exit status, or nil and a message about wrong arguments.
local SUBCOMMANDS = {
  emulator = "dataworks.cli.emulator",
}

local function usage()
  local synopses, descriptions = {}, {}
  for _, module in pairs(SUBCOMMANDS) do
    local subcommand = require(module)
    synopses[#synopses + 1], descriptions[#descriptions + 1] = subcommand.SYNOPSIS, subcommand.DESCRIPTION
  end
  table.sort(synopses)
  table.sort(descriptions)
  return ("usage: %s\n       dataworks --version\n       dataworks help\n\n%s"):format(
    table.concat(synopses, "\n       "), table.concat(descriptions, "\n"))
end

local function print_version()
  print(require("dataworks")._VERSION)
  return 0
end

local function print_help()
  io.stdout:write(usage())
  return 0
end

local BUILTINS = {
  ["--version"] = print_version, version = print_version,
  ["--help"] = print_help, ["-h"] = print_help, help = print_help,
}

local function run_subcommand(arguments)
  local name = arguments[1]
  if not name then
    return nil, "a command is missing"
  elseif not SUBCOMMANDS[name] then
    return nil, ("there is no command %q"):format(name)
  end
  return require(SUBCOMMANDS[name]).run(arguments)
end

--- Runs a subcommand. If the arguments are wrong, prints the message and the help text to the standard error output.
---@param arguments string[] the name of the subcommand, then its arguments
---@return integer status the exit status
function M.run(arguments)
  local status, message = (BUILTINS[arguments[1]] or run_subcommand)(arguments)
  if not status then
    io.stderr:write("dataworks: ", message, "\n", usage())
    return 2
  end
  return status
end

return M
