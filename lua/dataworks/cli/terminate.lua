-- The command `terminate`.

return require "dataworks.cli.operation"("terminate",
  "Terminates a real-time task, which reverses its deployment.", "terminating")
