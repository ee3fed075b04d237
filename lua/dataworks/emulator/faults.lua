-- Faults to be answered instead of, or after, the real thing: for the next calls of one action or of any.

local M = {}
M.__index = M

--- Faults that are error replies of the gateway or of DataWorks itself.
local ERRORS = {
  throttle = {
    status = 400,
    code = "Throttling.User",
    message = "Request was denied due to user flow control.",
  },
  throttle_service = {
    status = 429,
    code = "Throttling.Api",
    message = "The request for this resource has exceeded your available limit.",
  },
  internal_error = {
    status = 500,
    code = "InternalError",
    message = "The request processing has failed due to some unknown error.",
  },
  unavailable = {
    status = 503,
    code = "ServiceUnavailable",
    message = "The request has failed due to a temporary failure of the server.",
  },
  error = { status = 400, code = "Error", message = "An error." },
}

--- The other faults; true where the call is acted on, because its real reply is what is spoilt.
local OTHERS = {
  fail = false,
  unsuccessful = false,
  reset = false,
  html = false,
  garbage = false,
  large = false,
  gzip_bomb = false,
  truncate = true,
  slow_head = true,
  slow_body = true,
}

local FIELDS = {
  action = "string", fault = "string", times = "number", acts = "boolean", status = "number", code = "string",
  message = "string", retry_after = "number", seconds = "number", bytes = "number", body = "string",
}

---@return table
function M.new()
  return setmetatable({ queues = {} }, M)
end

local function known_names()
  local names = {}
  for _, kinds in ipairs({ ERRORS, OTHERS }) do
    for name in pairs(kinds) do
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return table.concat(names, ", ")
end

local function check(spec)
  for field, value in pairs(spec) do
    if not FIELDS[field] then
      return "unknown field " .. tostring(field)
    elseif type(value) ~= FIELDS[field] then
      return ("%s must be a %s"):format(field, FIELDS[field])
    end
  end
  if not ERRORS[spec.fault] and OTHERS[spec.fault] == nil then
    return "fault must be one of " .. known_names()
  end
end

--- Queues a fault.
---@param spec table {fault, action (any when absent), times (1), acts, status, code, message, ...}
---@return boolean|nil ok
---@return string|nil message
function M:add(spec)
  local wrong = check(spec)
  if wrong then
    return nil, wrong
  end
  local fault = { left = spec.times or 1, error = ERRORS[spec.fault] ~= nil, acts = OTHERS[spec.fault] }
  for field, value in pairs(ERRORS[spec.fault] or {}) do
    fault[field] = value
  end
  for field, value in pairs(spec) do
    fault[field] = value
  end
  local name = spec.action or "*"
  local queue = self.queues[name] or { first = 1, last = 0 }
  self.queues[name] = queue
  queue.last = queue.last + 1
  queue[queue.last] = fault
  return true
end

local function take_from(queue)
  while queue and queue.first <= queue.last do
    local fault = queue[queue.first]
    if fault.left > 0 then
      fault.left = fault.left - 1
      return fault
    end
    queue[queue.first] = nil
    queue.first = queue.first + 1
  end
end

--- The fault for a call of this action, if there is one; it counts as used.
---@param action string
---@return table|nil
function M:take(action)
  return take_from(self.queues[action]) or take_from(self.queues["*"])
end

return M
