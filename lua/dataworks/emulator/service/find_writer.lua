-- Finds the row of dataworks.api.writers in which a field has a value.

local rows = require "dataworks.api.writers"

---@param field "step_type"|"task_type"
---@param value any
---@return dataworks.Writer|nil
return function(field, value)
  for _, row in ipairs(rows) do
    if row[field] == value then
      return row
    end
  end
end
