-- The commands: the module of each one, and the line about it in the help. A module is loaded only when its command
-- runs, or when its help is shown.

---@class dataworks.cli.Argument
---@field [1] string the name as the help shows it, in capital letters
---@field [2] string the help text
---@field args? "?"|"*"|"+" how many values; default: one, which is required
---@field complete? string what the shell completes: action, parameter, profile, region, state or file
---@field choices? string[]

---@class dataworks.cli.Option
---@field [1] string the names, for example "-d --data"
---@field [2] string|false the name of the value as the help shows it; false: an option without a value
---@field [3] string the help text
---@field required? boolean
---@field many? boolean the option can be repeated; its value is a list
---@field choices? string[]
---@field complete? string as in an argument

---@class dataworks.cli.Command
---@field description string
---@field arguments? dataworks.cli.Argument[]
---@field options? dataworks.cli.Option[]
---@field examples? string command lines
---@field changes? boolean true: --read-only refuses the command; a command that only sometimes changes something calls
--- context:check_read_only itself
---@field run fun(args: table, context: dataworks.cli.Context): integer returns the exit status

local M = {}

--- The names and the summaries, in the order of the help. A command of a group has a name of two words.
---@type { [1]: string, [2]: string, hidden?: boolean }[]
M.list = {
  { "call", "call any action of the service, and print its reply" },
  { "actions", "list the actions of the service" },
  { "help", "show the help of a command, or describe an action" },
  { "sign", "write a signed request for curl" },
  { "whoami", "show the credentials, the endpoint, and whether the service answers" },
  { "emulator", "run a program that behaves like the service and needs no account" },
  { "completion", "print the completion script of a shell" },
  { "man", "print the manual page", hidden = true },
  { "__complete", "print the words that complete a command line", hidden = true },
}

local MODULES = {
  __complete = "dataworks.cli.complete",
  actions = "dataworks.cli.actions",
  call = "dataworks.cli.call",
  completion = "dataworks.cli.completion",
  emulator = "dataworks.cli.emulator",
  help = "dataworks.cli.help",
  man = "dataworks.cli.man",
  sign = "dataworks.cli.sign",
  whoami = "dataworks.cli.whoami",
}

---@param name string
---@return dataworks.cli.Command
function M.load(name)
  return require(MODULES[name])
end

return M
