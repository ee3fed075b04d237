-- Wraps actions in the checks that many of them share.

local reply = require "dataworks.emulator.service.reply"
local tables = require "dataworks.util.tables"

local M = {}

local MAX_PAGE_NUMBER, MAX_PAGE_SIZE = 100, 100

--- An action that accepts only some task types.
---@param types string separated by spaces
---@param refuse fun(detail: string): dataworks.emulator.Reply
---@param act fun(state: table, params: table): dataworks.emulator.Reply
function M.on_types(types, refuse, act)
  local is_accepted = tables.set_of(types)
  return function(state, params)
    if not is_accepted[params.TaskType] then
      return refuse("TaskType must be one of " .. types)
    end
    return act(state, params)
  end
end

--- An action on the task that FileId names.
---@param types string
---@param act fun(state: table, task: table, params: table): dataworks.emulator.Reply
---@param unknown? fun(id: string): dataworks.emulator.Reply answers an id that names no task
function M.on_task(types, act, unknown)
  return M.on_types(types, reply.invalid, function(state, params)
    return act(state, state:find_task(params, "FileId", unknown), params)
  end)
end

--- An action that returns one page of a list.
---@param act fun(state: table, params: table, page: {number: integer, size: integer}): dataworks.emulator.Reply
function M.on_page(act)
  return function(state, params)
    local number, size = tonumber(params.PageNumber or "1"), tonumber(params.PageSize or "10")
    if number < 1 or number > MAX_PAGE_NUMBER or size < 1 or size > MAX_PAGE_SIZE then
      return reply.invalid("PageNumber and PageSize must be between 1 and 100")
    end
    return act(state, params, { number = number, size = size })
  end
end

return M
