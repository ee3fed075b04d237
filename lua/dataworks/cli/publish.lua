-- The command `publish`. It brings an offline task into production.

local exit_status = require "dataworks.cli.exit_status"
local task_flow = require "dataworks.cli.task_flow"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Brings an offline task into production: sets its schedule, submits it, and deploys it. A completed "
  .. "step is not repeated, so that the same command goes on after a crash."
M.changes = true
M.arguments = { task_ref.ARGUMENT }
M.options = {
  task_spec.PROJECT,
  { "--schedule", "CRON", 'five fields as in "0 2 * * *", or the six fields of the service; default: as it is' },
  { "--wait-timeout", "SECONDS", "the time to wait; default: 600", number = "positive" },
}
M.examples = '  dataworks publish nightly_orders --project 10000 --schedule "0 2 * * *"'

function M.run(args, context)
  local task = task_ref.find(context)
  task_flow.check(context, args.schedule and task.TaskType)
  context:mark_resumable()
  local published = task_flow.publish(context, task, args.schedule, args.wait_timeout)
  context.output:object {
    FileId = task.FileId, FileVersion = published.FileVersion, CronExpress = published.CronExpress,
    DeploymentId = published.DeploymentId,
  }
  return exit_status.DONE
end

return M
