-- The queues of faults: one queue for each action, and one for all actions. A fault damages or replaces the reply to a
-- later call.

local nearest = require "dataworks.util.nearest"
local new_queue = require "dataworks.util.queue"
local tables = require "dataworks.util.tables"

local M = {}
M.__index = M

--- The kinds of faults, with the default values of their fields. If `is_error` is true, the reply becomes an error
--- reply of the gateway or of the service. If `acts` is true, the service acts on the call before the fault affects
--- the reply.
local KINDS = {
  throttle = {
    is_error = true, status = 400, code = "Throttling.User",
    message = "Request was denied due to user flow control.",
  },
  throttle_service = {
    is_error = true, status = 429, code = "Throttling.Api",
    message = "The request for this resource has exceeded your available limit.",
  },
  internal_error = {
    is_error = true, status = 500, code = "InternalError",
    message = "The request processing has failed due to some unknown error.",
  },
  unavailable = {
    is_error = true, status = 503, code = "ServiceUnavailable",
    message = "The request has failed due to a temporary failure of the server.",
  },
  error = { is_error = true, status = 400, code = "Error", message = "An error." },
  fail = {}, unsuccessful = {}, reset = {}, html = {}, garbage = {}, large = {}, gzip_bomb = {},
  truncate = { acts = true }, slow_head = { acts = true }, slow_body = { acts = true },
}

local ANY_ACTION = "*"

local FIELDS = {
  action = "string", fault = "string", times = "number", acts = "boolean", status = "number", code = "string",
  message = "string", retry_after = "number", seconds = "number", bytes = "number", body = "string",
}

function M.new()
  return setmetatable({ queues = {} }, M)
end

local function find_mistake(spec)
  for field, value in pairs(spec) do
    if not FIELDS[field] then
      return "unknown field " .. tostring(field)
    elseif type(value) ~= FIELDS[field] then
      return ("%s must be a %s"):format(field, FIELDS[field])
    end
  end
  if not KINDS[spec.fault] then
    return "fault must be one of " .. nearest.list(KINDS)
  end
end

--- Adds a fault to a queue. The field `fault` is required. Without `action`, the fault affects calls of all actions.
--- Without `times`, it affects one call.
---@param spec table {fault, action, times, acts, status, code, message, ...}, see FIELDS
---@return boolean|nil ok
---@return string|nil message what is wrong with the fields
function M:add(spec)
  local wrong = find_mistake(spec)
  if wrong then
    return nil, wrong
  end
  local name = spec.action or ANY_ACTION
  self.queues[name] = self.queues[name] or { rest = new_queue() }
  local fault = tables.merge({ remaining = spec.times or 1, acts = false }, KINDS[spec.fault], spec)
  self.queues[name].rest:push(fault)
  return true
end

--- Returns the next fault of a queue, or nil. A fault stays the current fault until it has affected `times` calls.
local function dequeue(queue)
  local fault = queue and (queue.current or queue.rest:pop())
  while fault and fault.remaining <= 0 do
    fault = queue.rest:pop()
  end
  if fault then
    fault.remaining = fault.remaining - 1
    queue.current = fault.remaining > 0 and fault or nil
  end
  return fault
end

--- Takes the fault for a call of an action from its queue. If that queue is empty, takes the fault from the queue for
--- all actions.
---@return table|nil fault nil if both queues are empty
function M:take(action)
  return dequeue(self.queues[action]) or dequeue(self.queues[ANY_ACTION])
end

return M
