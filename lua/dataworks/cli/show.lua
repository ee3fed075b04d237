-- The command `show`. It prints the script of a task.

local core = require "dataworks.core"
local exit_status = require "dataworks.cli.exit_status"
local layout = require "dataworks.cli.json_layout"
local task_ref = require "dataworks.cli.task_ref"
local task_spec = require "dataworks.cli.task_spec"

local M = {}

M.description = "Prints the script of a task, as the commands check, create and update take it."
M.arguments = { task_ref.ARGUMENT }
M.options = { task_spec.PROJECT, task_spec.TYPE, task_ref.NAME }
M.examples = "  dataworks show nightly_orders --project 10000 >task.json"

local writers = {}
for _, row in ipairs(require "dataworks.api.writers") do
  writers[row.step_type] = row
end

--- Returns a connection of a configuration without what the service added to it.
local function to_connection(connection)
  local selected
  for i, database in ipairs(connection.selectedTables or {}) do
    local schemas = {}
    for j, schema in ipairs(database.schema or {}) do
      local infos = {}
      for k, info in ipairs(schema.tableInfos or {}) do
        infos[k] = { table = info.table }
      end
      schemas[j] = { schemaName = schema.schemaName, tableInfos = infos }
    end
    selected = selected or {}
    selected[i] = { dbName = database.dbName, schema = schemas }
  end
  return {
    datasourceType = connection.datasourceType, datasource = connection.datasource, table = connection.table,
    selectedTables = selected,
  }
end

--- Returns the TaskParam from which the configuration of a real-time task can be generated; nil if the configuration is
--- not one of a documented script.
local function to_task_param(content)
  local steps, task_type = {}, nil
  for i, step in ipairs(type(content) == "table" and content.steps or {}) do
    local parameter = step.parameter or {}
    local connections = {}
    for j, connection in ipairs(step.category == "reader" and parameter.connection or {}) do
      connections[j] = to_connection(connection)
    end
    task_type = step.category == "writer" and writers[step.stepType] and writers[step.stepType].task_type or task_type
    steps[i] = {
      stepType = step.stepType, category = step.category, name = step.name,
      parameter = step.category == "reader" and { connection = connections } or { datasource = parameter.datasource },
    }
  end
  if not task_type then
    return nil
  end
  local extend = content.extend or {}
  return {
    type = "realtime", version = "1.0", steps = steps,
    setting = { resourceGroup = extend.resourceGroup, taskType = task_type },
  }
end

function M.run(_, context)
  local task = task_ref.find(context)
  local is_offline = task.TaskType == "DI_OFFLINE"
  local reply, err
  if is_offline then
    reply, err = context:client():call("GetFile", { ProjectId = task.ProjectId, FileId = task.FileId })
  else
    reply, err = context:client():call("GetDISyncTask", task)
  end
  if not reply then
    context:fail(err)
  end
  local script
  if is_offline then
    script = (reply.Data.File or {}).Content
  else
    script = reply.Data.Code
  end
  if type(script) ~= "string" or script == "" then
    context.raise(exit_status.REFUSED, "the service keeps no script of this task")
  end
  local param = not is_offline and to_task_param(core.decode(script))
  context.output:write(layout(param and core.encode(param) or script) .. "\n")
  return exit_status.DONE
end

return M
