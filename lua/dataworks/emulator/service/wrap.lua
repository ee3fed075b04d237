-- Adds checks to actions. Each function takes `act` and returns an action that makes the checks and then calls `act`.

local reply = require "dataworks.emulator.service.reply"
local tables = require "dataworks.util.tables"

local M = {}

local MAX_PAGE_NUMBER, MAX_PAGE_SIZE = 100, 100

--- Returns an action that refuses calls with other task types than the given ones.
---@param types string the accepted task types, separated by spaces
---@param refuse fun(detail: string): dataworks.emulator.Reply creates the reply to a call with another task type
---@param act fun(state: table, params: table): dataworks.emulator.Reply
function M.only_types(types, refuse, act)
  local is_accepted = tables.set_of(types)
  return function(state, params)
    if not is_accepted[params.TaskType] then
      return refuse("TaskType must be one of " .. types)
    end
    return act(state, params)
  end
end

--- Returns an action that finds the task named by the parameter FileId, and passes it to `act`.
---@param types string the accepted task types, separated by spaces
---@param act fun(state: table, task: table, params: table): dataworks.emulator.Reply
---@param unknown? fun(id: string): dataworks.emulator.Reply creates the reply to a call whose FileId names no task
function M.with_task(types, act, unknown)
  return M.only_types(types, reply.invalid, function(state, params)
    return act(state, state:find_task(params, "FileId", unknown), params)
  end)
end

--- Returns an action that finds the project of a call. The emulated project with the id N has the identifier project_N.
---@param act fun(state: table, params: table): dataworks.emulator.Reply
function M.with_project(act)
  return function(state, params)
    params.ProjectId = params.ProjectId or (params.ProjectIdentifier or ""):match("^project_(%d+)$")
    if not params.ProjectId then
      return reply.invalid("ProjectId or a ProjectIdentifier like project_10000 is needed")
    end
    return act(state, params)
  end
end

--- Returns an action that finds the file named by the parameter FileId or NodeId, and passes it to `act`.
---@param act fun(state: table, file: table, params: table): dataworks.emulator.Reply
function M.with_file(act)
  return M.with_project(function(state, params)
    return act(state, state:find_file(params), params)
  end)
end

--- Returns an action that checks the parameters PageNumber and PageSize, and passes the page to `act`.
---@param act fun(state: table, params: table, page: {number: integer, size: integer}): dataworks.emulator.Reply
function M.with_page(act)
  return function(state, params)
    local number, size = tonumber(params.PageNumber or "1"), tonumber(params.PageSize or "10")
    if number < 1 or number > MAX_PAGE_NUMBER or size < 1 or size > MAX_PAGE_SIZE then
      return reply.invalid("PageNumber and PageSize must be between 1 and 100")
    end
    return act(state, params, { number = number, size = size })
  end
end

return M
