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
  { "emulator", "run a program that behaves like the service and needs no account" },
}

local MODULES = {
  call = "dataworks.cli.call",
  emulator = "dataworks.cli.emulator",
}

---@param name string
---@return dataworks.cli.Command
function M.load(name)
  return require(MODULES[name])
end

return M
