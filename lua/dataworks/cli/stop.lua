-- The command `stop`.

return require "dataworks.cli.operation"("stop", "Stops a real-time task, and waits until it has stopped.", "stopping")
