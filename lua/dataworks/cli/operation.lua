-- Makes the commands that carry out one operation on a task: deploy, start, stop and terminate.

local exit_status = require "dataworks.cli.exit_status"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local NO_WAIT = { "--no-wait", false, "return at once" }
local WAIT_TIMEOUT = {
  "--wait-timeout", "SECONDS", "the time to wait for the new state; default: 600", number = "positive",
  not_with = "--no-wait",
}

--- Returns the options of a call that waits, and reports each poll.
local function waiting(args, context, text)
  return {
    wait = true, timeout = args.wait_timeout,
    on_progress = function(event)
      context.progress:step(event.status and ("%s: %s"):format(text, event.status) or text)
    end,
  }
end

---@param name string the name of the client's method
---@param description string
---@param text? string what the progress shows; nil: the command does not wait
---@return dataworks.cli.Command
return function(name, description, text)
  local M = { description = description, changes = true }
  M.arguments = { task_ref.ARGUMENT }
  M.options = { task_spec.PROJECT, task_spec.TYPE, task_ref.NAME, text and NO_WAIT, text and WAIT_TIMEOUT }
  M.examples = ("  dataworks %s orders_to_odps --project 10000"):format(name)

  function M.run(args, context)
    local task = task_ref.find(context)
    local client = context:client()
    local reply, err = client[name](client, task, text and not args.no_wait and waiting(args, context, text) or nil)
    if not reply then
      context:fail(err)
    end
    context.output:object {
      FileId = task.FileId, TaskType = task.TaskType, State = reply.state, RequestId = reply.RequestId,
    }
    return exit_status.DONE
  end

  return M
end
