-- The schedule of a file, which is the member NodeConfiguration of a reply. The parameters of CreateFile and UpdateFile
-- set its members.

local declared = require "dataworks.emulator.service.declared"
local json = require "dataworks.emulator.json"
local tables = require "dataworks.util.tables"

local M = {}

--- Returns a function that turns names with commas between them into a list of objects with the member `member`.
local function names_as(member, more)
  return function(text)
    local items = {}
    for name in text:gmatch("[^,%s]+") do
      items[#items + 1] = tables.merge({ [member] = name }, more)
    end
    return json.list(items)
  end
end

local function decode_as(shape)
  return function(text)
    return declared.take(json.decode(text), shape, "")
  end
end

local function to_text(text) return text end
local function to_boolean(text) return text == "true" end

local INPUT_PARAMETERS = { { ParameterName = "string", ValueSource = "string" } }
local OUTPUT_PARAMETERS = { { Description = "string", ParameterName = "string", Type = "string", Value = "string" } }

--- The functions that convert the parameters to members.
local CONVERTERS = {
  ApplyScheduleImmediately = to_text, AutoRerunIntervalMillis = json.integer, AutoRerunTimes = json.integer,
  CronExpress = to_text, CycleType = to_text, DependentNodeIdList = to_text, DependentType = to_text,
  EndEffectDate = json.integer, IgnoreParentSkipRunningProperty = to_text, ImageId = to_text,
  InputList = names_as("Input", { ParseType = "MANUAL" }), InputParameters = decode_as(INPUT_PARAMETERS),
  OutputList = names_as("Output", {}), OutputParameters = decode_as(OUTPUT_PARAMETERS), ParaValue = to_text,
  RerunMode = to_text, ResourceGroupId = json.integer, SchedulerType = to_text, StartEffectDate = json.integer,
  StartImmediately = to_boolean, Stop = to_boolean, Timeout = json.integer,
}

--- Returns the schedule that has the members of `node`, changed by the parameters.
---@param node table<string, string>
---@param params table<string, string>
---@return table<string, string>
function M.change(node, params)
  declared.decode(params, "InputParameters", INPUT_PARAMETERS)
  declared.decode(params, "OutputParameters", OUTPUT_PARAMETERS)
  local changed = tables.merge(node)
  for name in pairs(CONVERTERS) do
    changed[name] = params[name] or node[name]
  end
  return changed
end

--- Returns the member NodeConfiguration.
---@param node table<string, string>
---@return table
function M.show(node)
  local members = {}
  for name, text in pairs(node) do
    members[name] = CONVERTERS[name](text)
  end
  return members
end

return M
