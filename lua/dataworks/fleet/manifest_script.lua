-- Checks the script of a task in a manifest: from and to, a TaskParam, or a TaskContent.

local core = require "dataworks.core"
local script_check = require "dataworks.api.script_check"
local task_param = require "dataworks.api.task_param"

local M = {}

--- Returns the script of a task as a value; nil after a fault.
local function script_of(fields, path, add)
  local given = {}
  for _, name in ipairs { "from", "TaskParam", "TaskContent" } do
    given[#given + 1] = fields[name] ~= nil and name or nil
  end
  local name = given[1]
  if #given ~= 1 then
    return add(path, #given == 0 and "has no script: give from and to, TaskParam, or TaskContent"
      or ("has more than one script: %s"):format(table.concat(given, " and ")))
  elseif (name == "TaskContent") ~= (fields.type == "DI_OFFLINE") then
    return add(path .. "." .. name, "TaskContent is the script of DI_OFFLINE, and of no other type")
  elseif name == "from" then
    local ok, built = pcall(task_param.build, {
      from = fields.from, to = fields.to, resource_group = fields.resource_group,
    })
    if not ok then
      return add(path, (tostring(built):gsub("^.-dataworks%.task: ", "")))
    end
    return built, name
  end
  local script = fields[name]
  if type(script) == "string" then
    local err
    script, err = core.decode(script)
    if err then
      return add(path .. "." .. name, "the text " .. err.message)
    end
  end
  return script, name
end

--- Checks the script of a task.
---@param fields table the fields of the task
---@param path string
---@param add fun(path: string, message: string)
---@return string|nil script as JSON; nil after a fault
---@return "from"|"TaskParam"|"TaskContent"|nil source the field with the script
function M.check(fields, path, add)
  local script, name = script_of(fields, path, add)
  if not script then
    return nil
  end
  for _, fault in ipairs(script_check.faults(script, fields.type)) do
    local inside = fault.path ~= "" and "." .. fault.path or ""
    add(path .. (name == "from" and "" or "." .. name .. inside), (name == "from" and inside:sub(2) .. " " or "")
      .. fault.message)
  end
  return core.encode(script, true), name
end

return M
