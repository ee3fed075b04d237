-- Asks the service to generate the configuration of a new task.

local actions = require "dataworks.api.actions"
local ids = require "dataworks.util.ids"

--- The reply of the action, with the added fields ProjectId and TaskType, so that it can be the params of `wait`.
---@class dataworks.Generated
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"
---@field Data { ProcessId: integer|string, Status: string }
---@field RequestId string
---@field ClientToken string

--- Calls GenerateDISyncTaskConfigForCreating.
return function(caller, params, options)
  local result, err = caller:perform(actions.GenerateDISyncTaskConfigForCreating, params, options)
  if result then
    result.ProjectId, result.TaskType = ids.native(params.ProjectId), params.TaskType
  end
  return result, err
end
