-- The command `start`.

return require "dataworks.cli.operation"("start", "Starts a deployed task, and waits until it runs.", "starting")
