-- Checks the parameters of a flow before anything is sent, and returns the state with which a run of the flow begins: a
-- new state, or the state of an earlier run.

local check_options = require "dataworks.util.check_options"
local catalog = require "dataworks.api.catalog"
local core = require "dataworks.core"
local endpoints = require "dataworks.api.endpoints"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"
local states = require "dataworks.tasks.state"
local steps = require "dataworks.tasks.flow_steps"
local tables = require "dataworks.util.tables"

local M = {}

-- The step of a state before its first step is completed.
M.BEGUN = "begun"

-- The service accepts 64 characters, and each call of a flow adds a suffix of 2 characters.
local MAX_TOKEN_LENGTH = 62

local RESUME_ADVICE = "Pass the state that on_step got, or the field state of an error, unchanged and to the same "
  .. "method."

-- The parameters that say where a task is placed, and their types.
local PLACEMENT = { FileFolderPath = "string", ResourceGroup = "string", Cu = "number" }

local function without_null(params)
  local copy = {}
  for name, value in pairs(params) do
    copy[name] = not core.is_null(value) and value or nil
  end
  return copy
end

-- Checks. Each of the following functions returns an error, or nil if the parameters are right.

local function check_names(flow, params)
  for name in pairs(params) do
    if not flow.params[name] then
      return errors.invalid(flow.name, tostring(name), ("is not a parameter of %s%s The parameters are %s"):format(
        flow.name, nearest.hint_end(name, flow.params), nearest.list(flow.params)))
    end
  end
  for name, kind in pairs(PLACEMENT) do
    if params[name] ~= nil and type(params[name]) ~= kind then
      return errors.invalid(flow.name, name, ("expected a %s, got %s"):format(kind,
        check_options.describe(params[name], kind)))
    end
  end
end

--- Checks that the script is in the parameter that this TaskType needs.
local function check_scripts(flow, params, task_type)
  if task_type == "DI_OFFLINE" and params.TaskParam ~= nil then
    return errors.invalid(flow.name, "TaskParam", "an offline task is made from TaskContent; FileFolderPath, "
      .. "ResourceGroup and Cu are separate parameters")
  elseif task_type ~= "DI_OFFLINE" and params.TaskContent ~= nil then
    return errors.invalid(flow.name, "TaskContent",
      "is for DI_OFFLINE only; the other tasks are generated from TaskParam")
  end
end

local function check_token(flow, token)
  if type(token) ~= "string" or not token:find("^[\33-\126]+$") or #token > MAX_TOKEN_LENGTH then
    return errors.invalid(flow.name, "ClientToken",
      ("expected text of 1 to %d visible ASCII characters without blanks, got %s"):format(MAX_TOKEN_LENGTH,
        type(token) == "string" and ("%q"):format(token:sub(1, MAX_TOKEN_LENGTH)) or check_options.describe(token)))
  end
end

--- Returns the parameters that place the task; nil if there are none.
local function placement(params)
  local place = {}
  for name in pairs(PLACEMENT) do
    place[name] = params[name]
  end
  return next(place) and place or nil
end

--- Changes the path of an error to the name of a parameter that the program gave. The parameters that place the task
--- are sent as fields of a TaskParam, and the original path names this TaskParam.
local function rename_path(flow, err)
  local name = err.path and err.path:match "^TaskParam%.(.*)$"
  return name and errors.invalid(flow.name, name, err.message) or err
end

--- Builds the requests of the flow's calls, without sending them, so that wrong values are found.
local function check_calls(flow, caller, values, unchecked)
  local is_offline = values.TaskType == "DI_OFFLINE"
  local trial = tables.merge(not is_offline and { TaskContent = "{}" } or {}, values)
  trial.Placement = placement(values) or values.Placement
  local request, err = caller:request(catalog.find(flow.apply), steps.params(flow.apply, trial))
  if not request then
    return rename_path(flow, err)
  elseif not is_offline then
    request, err = caller:request(catalog.find(flow.generate), steps.params(flow.generate, trial), unchecked)
  end
  return not request and err or nil
end

--- Runs all checks. `given` holds the parameters of this run; `values` also holds the values of an earlier run.
local function check(flow, caller, given, values, unchecked)
  return check_scripts(flow, given, values.TaskType) or check_token(flow, values.ClientToken)
    or check_calls(flow, caller, values, unchecked)
end

-- States

--- Returns the parameters as the texts that are sent. A state keeps texts, because a call that is repeated with the
--- same ClientToken must be exactly the same, even with another release of this library or another Lua.
local function texts_of(params)
  local texts = ids.texts { ProjectId = params.ProjectId, FileId = params.FileId }
  texts.TaskType, texts.TaskName, texts.ClientToken = params.TaskType, params.TaskName, params.ClientToken
  local scripts = { TaskParam = params.TaskParam, TaskContent = params.TaskContent, Placement = placement(params) }
  for name, script in pairs(scripts) do
    texts[name] = type(script) == "string" and script or core.encode(script, true)
  end
  return texts
end

--- Returns the fields of a stored state, if it is a state of this flow.
local function open(flow, resume)
  local before, message = states.open(resume)
  if before and before.flow ~= flow.name then
    message = ("is a state of %s, not of %s"):format(before.flow, flow.name)
  end
  if message then
    return nil, errors.invalid(flow.name, "resume", message, RESUME_ADVICE)
  end
  return before
end

-- The parameters that are compared, in the order in which the message names them. The message shows short values.
local COMPARED = {
  { "ProjectId", shown = true }, { "TaskType", shown = true }, { "FileId", shown = true },
  { "TaskName", shown = true }, { "ClientToken", shown = true }, { "TaskParam" }, { "TaskContent" },
  { "Placement", label = "FileFolderPath, ResourceGroup or Cu" },
}

--- Checks that each parameter that is given again has the value with which the flow began.
local function check_same(flow, texts, before)
  local different = {}
  for _, item in ipairs(COMPARED) do
    local name = item[1]
    if texts[name] ~= nil and texts[name] ~= before[name] then
      local stored = item.shown and (" (%s)"):format(before[name] or "none") or ""
      different[#different + 1] = (item.label or name) .. stored
    end
  end
  return #different > 0 and errors.invalid(flow.name, "resume", "is of another " .. table.concat(different, ", "),
    "To continue the flow with its first parameters, leave these parameters out") or nil
end

--- Checks that the client is for the region in which the flow began. The service of another region does not know the
--- ClientToken, and would carry out every call again.
local function check_service(flow, caller, before)
  local service = endpoints.service(caller.endpoint)
  if service and before.service and service ~= before.service then
    return errors.invalid(flow.name, "resume", ("is of another region: the flow began at %s"):format(before.service),
      "Continue with a client for that region")
  end
end

---@param unchecked? boolean true: the script in TaskParam is not checked
function M.begin(flow, caller, params, unchecked)
  local given = without_null(params)
  if given.ClientToken == nil then
    given.ClientToken = caller.nonce()
  end
  local err = check_names(flow, given) or check(flow, caller, given, given, unchecked)
  if err then
    return nil, err
  end
  local state = texts_of(given)
  state.flow, state.step, state.service = flow.name, M.BEGUN, endpoints.service(caller.endpoint)
  return state
end

--- Returns the state of an earlier run. `params` may repeat parameters of that run; a
--- parameter with another value is refused.
function M.resume(flow, caller, params, resume)
  local given = without_null(params)
  local before, err = open(flow, resume)
  if before then
    -- The earlier run has checked its script, and another script is refused below.
    err = check_names(flow, given) or check(flow, caller, given, tables.merge(before, given), true)
      or check_same(flow, texts_of(given), before) or check_service(flow, caller, before)
  end
  return not err and before or nil, err
end

return M
