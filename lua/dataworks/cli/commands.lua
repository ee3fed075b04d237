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
---@field number? "positive"|"whole"|"any" the value is a number: above 0, or whole and above 0, or any
---@field find_mistake? fun(value: string): string|nil returns what is wrong with a value
---@field needs? string another option, without which this one would have no effect
---@field not_with? string another option, with which this one would have no effect
---@field choices? string[]
---@field complete? string as in an argument

---@class dataworks.cli.Command
---@field description string
---@field arguments? dataworks.cli.Argument[]
---@field options? dataworks.cli.Option[]
---@field examples? string command lines
---@field changes? boolean true: --read-only refuses the command; a command that only sometimes changes something calls
--- context:check_read_only itself
---@field also_missing? fun(args: table): string[] returns what is required because of other arguments, and missing
---@field run fun(args: table, context: dataworks.cli.Context): integer returns the exit status

local M = {}

--- The names and the summaries, in the order of the help. A command of a group has a name of two words.
---@type { [1]: string, [2]: string, hidden?: boolean }[]
M.list = {
  { "task", "print the TaskParam of a real-time task" },
  { "check", "find all faults of files with scripts" },
  { "format", "print JSON in its canonical layout" },
  { "create", "create a task, and start or publish it" },
  { "update", "change the tables or the script of a task" },
  { "publish", "bring an offline task into production" },
  { "deploy", "deploy a task" },
  { "start", "start a task" },
  { "stop", "stop a task" },
  { "terminate", "terminate a task" },
  { "delete", "delete a task" },
  { "status", "show the state of a task" },
  { "wait", "wait until a task is in a state" },
  { "show", "print the script of a task" },
  { "list", "list the tasks of a workspace" },
  { "plan", "show what apply would do with the tasks of a manifest" },
  { "apply", "create, update, deploy and start the tasks of a manifest" },
  { "fleet import", "write a manifest and its ledger for tasks that exist" },
  { "ledger show", "show what the ledger of a manifest knows about its tasks" },
  { "ledger runners", "list the processes that apply a manifest" },
  { "ledger forget", "remove tasks from a ledger, and not from the service" },
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
  apply = "dataworks.cli.apply",
  call = "dataworks.cli.call",
  check = "dataworks.cli.check",
  completion = "dataworks.cli.completion",
  create = "dataworks.cli.create",
  delete = "dataworks.cli.delete",
  deploy = "dataworks.cli.deploy",
  emulator = "dataworks.cli.emulator",
  format = "dataworks.cli.format",
  help = "dataworks.cli.help",
  ["fleet import"] = "dataworks.cli.fleet_import",
  ["ledger forget"] = "dataworks.cli.ledger_forget",
  ["ledger runners"] = "dataworks.cli.ledger_runners",
  ["ledger show"] = "dataworks.cli.ledger_show",
  list = "dataworks.cli.list",
  man = "dataworks.cli.man",
  plan = "dataworks.cli.plan",
  publish = "dataworks.cli.publish",
  show = "dataworks.cli.show",
  sign = "dataworks.cli.sign",
  start = "dataworks.cli.start",
  status = "dataworks.cli.status",
  stop = "dataworks.cli.stop",
  task = "dataworks.cli.task",
  terminate = "dataworks.cli.terminate",
  update = "dataworks.cli.update",
  wait = "dataworks.cli.wait",
  whoami = "dataworks.cli.whoami",
}

---@param name string
---@return dataworks.cli.Command
function M.load(name)
  return require(MODULES[name])
end

return M
