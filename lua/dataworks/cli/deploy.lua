-- The command `deploy`.

return require "dataworks.cli.operation"("deploy", "Deploys a task. Only a deployed task can be started.")
