-- Lets the service generate the configuration of a new task. The result says what `wait` needs to know.

local catalog = require "dataworks.api.catalog"
local ids = require "dataworks.util.ids"

local ACTION = "GenerateDISyncTaskConfigForCreating"

---@class dataworks.Generated the reply, with the parameters that `wait` needs
---@field ProjectId integer|string
---@field TaskType "DI_REALTIME"|"DI_SOLUTION"
---@field Data { ProcessId: integer|string, Status: string }
---@field RequestId string
---@field ClientToken string

---@param caller dataworks.Caller
---@param params table
---@param options dataworks.CallOptions
---@return dataworks.Generated|nil
---@return dataworks.Error|nil err
return function(caller, params, options)
  local result, err = caller:perform(catalog.find(ACTION), params, options)
  if result then
    result.ProjectId, result.TaskType = ids.native(ids.text(params.ProjectId)), params.TaskType
  end
  return result, err
end
