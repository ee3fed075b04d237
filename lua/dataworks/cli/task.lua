-- The command `task`. It prints the TaskParam of a real-time task.

local core = require "dataworks.core"
local exit_status = require "dataworks.cli.exit_status"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Prints the TaskParam of a real-time task, the script from which the service makes a configuration."
M.options = task_spec.BUILDER
M.examples = "  dataworks task --from mysql:orders_db --tables shop.orders,shop.users \\\n"
  .. "    --to odps:warehouse --resource-group S_res_group_1 >task.json"

M.also_missing = task_spec.missing

function M.run(args, context)
  local param = task_spec.build(args, context)
  local _, err = core.encode(param, true)
  if err then -- as for a name that is not UTF-8
    context:wrong_use(("%s: %s"):format(err.path, err.message))
  end
  context.output:json(param, context.output.format == "jsonl")
  return exit_status.DONE
end

return M
