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
    script, err = core.decode_unique(script)
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
---@return string|nil digest of the script as JSON; nil after a fault
---@return "from"|"TaskParam"|"TaskContent"|nil source the field with the script
function M.check(fields, path, add)
  local script, name = script_of(fields, path, add)
  if not script then
    return nil
  end
  local found = script_check.faults(script, fields.type)
  for _, fault in ipairs(found) do
    local inside = fault.path ~= "" and "." .. fault.path or ""
    add(path .. (name == "from" and "" or "." .. name .. inside), (name == "from" and inside:sub(2) .. " " or "")
      .. fault.message)
  end
  local digest, err = core.digest(script)
  return digest or #found == 0 and add(path, err.message) or nil, name
end

--- The fields of which the scripts of tasks are made.
local sources = setmetatable({}, { __mode = "k" })

local Task = {}

local function ignore() end

--- Makes the text of the script. The script was checked, so that it has no fault.
function Task.__index(task, name)
  local source = name == "script" and sources[task]
  return source and core.encode(script_of(source, "", ignore), true) or nil
end

--- Gives a task the field `script`. Its text is made when it is read, so that an unchanged task needs no memory for it.
---@param fields table
---@param task dataworks.fleet.Task
---@return dataworks.fleet.Task
function M.attach(fields, task)
  sources[task] = fields
  return setmetatable(task, Task)
end

return M
