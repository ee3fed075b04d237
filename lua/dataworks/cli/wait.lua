-- The command `wait`. It waits until a task is in a state.

local exit_status = require "dataworks.cli.exit_status"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Waits until a task is in a state. Another state that the task will not leave by itself ends the wait "
  .. "at once, with exit status 1."
M.arguments = { task_ref.ARGUMENT }
M.options = {
  task_spec.PROJECT, task_spec.TYPE, task_ref.NAME,
  {
    "--for", "STATE",
    "NORUN (not started), WAIT (starting), RUN, KILLING (stopping) or PAUSE (stopped); can be repeated",
    required = true, many = true,
  },
  { "--wait-timeout", "SECONDS", "the time to wait; default: 600", number = "positive" },
}
M.examples = "  dataworks wait orders_to_odps --project 10000 --for RUN"

--- The states that a task does not leave by itself.
local FINAL = { NORUN = true, PAUSE = true, FAIL = true, SUCCESS = true }

function M.run(args, context)
  local task = task_ref.find(context)
  context:mark_resumable()
  local final_state
  local reply, err = context:client():wait_for_state(task, args["for"], {
    timeout = args.wait_timeout,
    on_progress = function(event)
      context.progress:step(("waiting: %s"):format(event.status or "no state yet"))
      final_state = FINAL[event.status] and event.status
      if final_state then
        error("ends the wait", 0)
      end
    end,
  })
  if final_state then
    local message = ("the task is in the state %s, which it does not leave by itself"):format(final_state)
    context.raise(exit_status.REFUSED, message)
  end
  if not reply then
    context:fail(err)
  end
  context.output:object { FileId = task.FileId, TaskType = task.TaskType, State = reply.state }
  return exit_status.DONE
end

return M
