-- Finds all faults of a script: of a TaskParam, or of the TaskContent of an offline task.

local core = require "dataworks.core"
local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"
local step_types = require "dataworks.api.step_types"
require "dataworks.api.core_data"

local M = {}

---@class dataworks.ScriptFault
---@field path string for example steps[1].stepType; "" for the whole script
---@field message string
---@field line? integer in a text; line, column and byte count from 1
---@field column? integer

local function is_object(value)
  return type(value) == "table" and core.encode(value, true) ~= nil and core.encode(value, true):sub(1, 1) == "{"
end

--- Finds the faults of a TaskContent. The service documents these fields; each plugin has parameters of its own.
local function content_faults(content)
  local faults = {}
  local function add(path, message) faults[#faults + 1] = { path = path, message = message } end
  local function need(object, path, name, kind, label)
    local value = object[name]
    local where = path == "" and name or path .. "." .. name
    if core.is_null(value) then
      add(where, "is missing")
    elseif type(value) ~= kind then
      add(where, ("expected %s, got %s"):format(label, ids.long(value) and "number" or type(value)))
    else
      return value
    end
  end
  local _, err = core.encode(content, true)
  if err then
    add(err.path:gsub("^TaskParam%.?", ""), err.message)
    return faults
  elseif not is_object(content) then
    add("", "expected an object")
    return faults
  end
  local kind = need(content, "", "type", "string", "text")
  if kind and kind ~= "job" then
    add("type", 'expected "job"')
  end
  need(content, "", "version", "string", "text")
  for i, step in ipairs(need(content, "", "steps", "table", "a list") or {}) do
    local path = ("steps[%d]"):format(i)
    if not is_object(step) then
      add(path, "expected an object")
    else
      need(step, path, "stepType", "string", "text")
      need(step, path, "parameter", "table", "an object")
      local category = need(step, path, "category", "string", "text")
      if category and category ~= "reader" and category ~= "writer" and category ~= "processor" then
        add(path .. ".category", 'expected "reader", "writer" or "processor"')
      end
    end
  end
  if type(content.steps) == "table" and #content.steps == 0 then
    add("steps", "is an empty list")
  end
  return faults
end

--- Returns whether a decoded script is the TaskContent of an offline task, and not a TaskParam.
function M.is_offline(script)
  return type(script) == "table" and script.type == "job"
end

--- Returns the faults of a decoded script.
---@param script any
---@param task_type? "DI_REALTIME"|"DI_SOLUTION"|"DI_OFFLINE" default: by the field `type` of the script
---@param updating? boolean true: the script changes a task
---@return dataworks.ScriptFault[]
function M.faults(script, task_type, updating)
  if task_type == "DI_OFFLINE" or not task_type and M.is_offline(script) then
    return content_faults(script)
  end
  if not task_type and not updating and type(script) == "table" and type(script.type) == "string"
    and script.type ~= "realtime" then
    return { { path = "type", message = 'expected "realtime" for a TaskParam, or "job" for a TaskContent' } }
  end
  local faults, seen = {}, {}
  for _, fault in ipairs(core.faults(script, updating)) do
    nearest.explain(fault)
    fault.path = (fault.path or ""):gsub("^TaskParam%.?", "")
    if not seen[fault.path] then
      faults[#faults + 1], seen[fault.path] = fault, true
    end
  end
  return faults
end

-- The text is read again for each place.
local MAX_PLACES = 200

--- Keeps the first faults, adds their places in a JSON text, and sorts them by place. A missing field has the place of
--- the object that lacks it.
---@param text string
---@param faults dataworks.ScriptFault[]
function M.place(text, faults)
  for i = #faults, MAX_PLACES + 1, -1 do
    faults[i] = nil
  end
  for _, fault in ipairs(faults) do
    fault.line, fault.column = core.locate(text, fault.path == "" and "TaskParam" or "TaskParam." .. fault.path)
  end
  table.sort(faults, function(a, b)
    return a.line < b.line or a.line == b.line and a.column < b.column
  end)
end

--- Returns the faults of a script that is JSON text, with their places.
---@param text string
---@param task_type? string
---@param updating? boolean
---@return dataworks.ScriptFault[]
---@return any script the decoded script
function M.faults_of_text(text, task_type, updating)
  local script, err = core.decode_unique(text)
  if err then
    local message = err.message:gsub(" at line %d+, column.*$", "")
    return { { path = "", message = message, line = err.line, column = err.column } }
  end
  local faults = M.faults(script, task_type, updating)
  M.place(text, faults)
  return faults, script
end

--- Returns what is probably a fault in a script without faults: a stepType that is almost that of a documented plugin.
---@param text string
---@param script any the decoded text
---@return dataworks.ScriptFault[]
function M.doubts_of_text(text, script)
  local doubts = {}
  for i, step in ipairs(script.steps or {}) do
    local hint = step_types[step.stepType] and "" or nearest.hint(step.stepType, step_types)
    if hint ~= "" then
      doubts[#doubts + 1] = {
        path = ("steps[%d].stepType"):format(i), message = ("%q is no documented plugin%s"):format(step.stepType, hint),
      }
    end
  end
  M.place(text, doubts)
  return doubts
end

return M
