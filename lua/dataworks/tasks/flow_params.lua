-- A flow's parameters: everything about them that can be refused before anything is sent, and the state that a run
-- begins with, be it a new one or that of an earlier run.

local catalog = require "dataworks.api.catalog"
local core = require "dataworks.core"
local endpoints = require "dataworks.api.endpoints"
local errors = require "dataworks.error"
local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"
local states = require "dataworks.tasks.state"

local M = {}

M.BEGUN = "begun"

-- The service takes 64, and each of a flow's two calls adds a suffix.
local LONGEST_TOKEN = 62

local PLACEMENT = { FileFolderPath = "string", ResourceGroup = "string", Cu = "number" }

local function invalid(flow, path, message, advice)
  return errors.new {
    kind = "invalid", sent = false, action = flow.name, path = path, message = message, advice = advice,
  }
end

local function without_null(params)
  local copy = {}
  for name, value in pairs(params) do
    copy[name] = value ~= core.null and value or nil
  end
  return copy
end

local function check_names(flow, params)
  for name in pairs(params) do
    if not flow.params[name] then
      local hint = nearest.hint(name, flow.params)
      return invalid(flow, tostring(name), ("is no parameter of %s%s"):format(flow.name, hint))
    end
  end
  for name, kind in pairs(PLACEMENT) do
    if params[name] ~= nil and type(params[name]) ~= kind then
      return invalid(flow, name, ("expected a %s, got %s"):format(kind, type(params[name])))
    end
  end
end

local function check_scripts(flow, params, task_type)
  if task_type == "DI_OFFLINE" and params.TaskParam ~= nil then
    return invalid(flow, "TaskParam", "an offline task is made from TaskContent; FileFolderPath, ResourceGroup and Cu "
      .. "are parameters beside it")
  elseif task_type ~= "DI_OFFLINE" and params.TaskContent ~= nil then
    return invalid(flow, "TaskContent", "is for DI_OFFLINE only; the other tasks are generated from TaskParam")
  end
end

local function check_token(flow, token)
  local good = type(token) == "string" and token:find("^[\33-\126]+$") and #token <= LONGEST_TOKEN
  if not good then
    return invalid(flow, "ClientToken", ("expected 1 to %d visible ASCII characters"):format(LONGEST_TOKEN))
  end
end

--- Where the task goes; nil when nothing says so.
local function placement(params)
  local place
  for name in pairs(PLACEMENT) do
    if params[name] ~= nil then
      place = place or {}
      place[name] = params[name]
    end
  end
  return place
end

--- Has the requests of both calls made, of the values as they were given, so that what is wrong is refused in the
--- words for it.
local function check_calls(flow, caller, values)
  local offline = values.TaskType == "DI_OFFLINE"
  local trial = { TaskContent = not offline and "{}" or nil }
  for name, value in pairs(values) do
    trial[name] = value
  end
  trial.Placement = placement(values) or values.Placement
  local request, err = caller:request(catalog.find(flow.last_action), flow.last_params(trial))
  if request and not offline then
    request, err = caller:request(catalog.find(flow.first_action), flow.first_params(trial))
  end
  return not request and err or nil
end

local function merged(before, given)
  local values = {}
  for _, source in ipairs { before, given } do
    for name, value in pairs(source) do
      values[name] = value
    end
  end
  return values
end

local function check(flow, caller, given, values)
  return check_scripts(flow, given, values.TaskType) or check_token(flow, values.ClientToken)
    or check_calls(flow, caller, values)
end

--- The parameters as the very texts that are sent: a repeated call with the same token must be the same call, also
--- when another release or another Lua repeats it.
local function texts_of(params)
  local texts = { TaskType = params.TaskType, TaskName = params.TaskName, ClientToken = params.ClientToken }
  for _, name in ipairs { "ProjectId", "FileId" } do
    texts[name] = params[name] ~= nil and ids.text(params[name]) or nil
  end
  local scripts = { TaskParam = params.TaskParam, TaskContent = params.TaskContent, Placement = placement(params) }
  for name, script in pairs(scripts) do
    texts[name] = type(script) == "string" and script or core.encode(script)
  end
  return texts
end

local function open(flow, resume)
  local before, message = states.open(resume)
  if before and before.flow ~= flow.name then
    message = ("is a state of %s, not of %s"):format(before.flow, flow.name)
  end
  if message then
    return nil, invalid(flow, "resume", message)
  end
  return before
end

-- In the order of a message, with what is short enough to be shown.
local COMPARED = {
  { "ProjectId", shown = true }, { "TaskType", shown = true }, { "FileId", shown = true },
  { "TaskName", shown = true }, { "ClientToken", shown = true }, { "TaskParam" }, { "TaskContent" },
  { "Placement", label = "FileFolderPath, ResourceGroup or Cu" },
}

--- What is given again has to be what the flow was begun with.
local function check_same(flow, texts, before)
  local list = {}
  for _, item in ipairs(COMPARED) do
    local name = item[1]
    if texts[name] ~= nil and texts[name] ~= before[name] then
      local had = item.shown and (" (%s)"):format(before[name] or "none") or ""
      list[#list + 1] = (item.label or name) .. had
    end
  end
  return #list > 0 and invalid(flow, "resume", "is of another " .. table.concat(list, ", "),
    "To go on as the flow was begun, leave these parameters out") or nil
end

--- A token means nothing to the service in another region, which would do everything once more.
local function check_service(flow, caller, before)
  local service = endpoints.service(caller.endpoint)
  if service and before.service and service ~= before.service then
    return invalid(flow, "resume", ("is of another region: it was begun at %s"):format(before.service),
      "Go on with a client for that region")
  end
end

--- The state to begin with.
---@param flow dataworks.Flow
---@param caller dataworks.Caller
---@param params table
---@return table<string, string>|nil state
---@return dataworks.Error|nil err
function M.begin(flow, caller, params)
  local given = without_null(params)
  if given.ClientToken == nil then
    given.ClientToken = caller.nonce()
  end
  local err = check_names(flow, given) or check(flow, caller, given, given)
  if err then
    return nil, err
  end
  local state = texts_of(given)
  state.flow, state.step, state.service = flow.name, M.BEGUN, endpoints.service(caller.endpoint)
  return state
end

--- The state to go on from. Parameters that are not given again are the state's.
---@param flow dataworks.Flow
---@param caller dataworks.Caller
---@param params table
---@param resume dataworks.State
---@return table<string, string>|nil state
---@return dataworks.Error|nil err
function M.resume(flow, caller, params, resume)
  local given = without_null(params)
  local before, err = open(flow, resume)
  if before then
    err = check_names(flow, given) or check(flow, caller, given, merged(before, given))
      or check_same(flow, texts_of(given), before) or check_service(flow, caller, before)
  end
  return not err and before or nil, err
end

return M
