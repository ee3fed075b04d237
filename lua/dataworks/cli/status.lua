-- The command `status`.

return require "dataworks.cli.operation"("status", "Shows the state of a task.")
