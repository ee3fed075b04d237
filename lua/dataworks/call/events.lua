-- Passes the events of a client to its option on_event and to its debug log.

local lazy = require "dataworks.util.lazy"
local event_log = lazy "dataworks.call.event_log"
local errors = require "dataworks.error"

local M = {}

---@class dataworks.Event never holds parameters, headers or bodies
---@field type "request"|"response"|"retry"|"wait"|"refresh"
---@field action? string not in "refresh"
---@field attempt? integer not in "refresh"
---@field provider? string "refresh": the provider that fetched temporary credentials
---@field expires? number "refresh": seconds until the credentials expire
---@field endpoint? string "request"
---@field client_token? string "request": as it is sent; `error` names the token that a program repeats
---@field status? integer "response": HTTP status
---@field request_id? string "response"
---@field elapsed? number seconds that the attempt or fetch took; "wait": since the call or the poll began
---@field error? dataworks.Error "response", "retry" and "refresh"
---@field delay? number "retry" and "wait": seconds until the next attempt; 0 after a recovery
---@field reason? "limit"|"throttled" "wait" before an attempt: the cause

---@class dataworks.Events
---@field listener false|fun(event: dataworks.Event)
---@field write_line false|fun(line: string)
---@field callback_error string|false the last error that a callback raised
local Events = {}
Events.__index = Events

--- An error in a callback must not end the call: the program would lose the task that the call created.
local function notify(self, callback, value)
  local ok, message = pcall(callback, value)
  if not ok then
    self.callback_error = errors.line(message, 200)
  end
end

--- Does anything receive the events? If not, a caller need not build them.
---@return any
function Events:has_listener()
  return self.write_line or self.listener
end

---@param event dataworks.Event
function Events:emit(event)
  if self.write_line then
    notify(self, self.write_line, event_log.line(event))
  end
  if self.listener then
    notify(self, self.listener, event)
  end
end

---@param call dataworks.Call
---@param endpoint string
function Events:emit_request(call, endpoint)
  if self:has_listener() then
    self:emit {
      type = "request", action = call.action, attempt = call.attempts, endpoint = endpoint,
      client_token = call.client_token and call.params.ClientToken or nil,
    }
  end
end

---@param call dataworks.Call
---@param now number monotonic
---@param admission dataworks.Admission
function Events:emit_wait(call, now, admission)
  self:emit {
    type = "wait", action = call.action, attempt = call.attempts, reason = admission.reason, delay = admission.wait,
    elapsed = now - call.started,
  }
end

---@param call dataworks.Call
---@param now number monotonic
---@param err dataworks.Error|nil
function Events:emit_response(call, now, err)
  if self:has_listener() then
    local result = call.result
    self:emit {
      type = "response", action = call.action, attempt = call.attempts, elapsed = now - call.attempt_started,
      status = call.reply and call.reply.status, error = err,
      request_id = err and err.request_id or result and result.RequestId or nil,
    }
  end
end

---@param call dataworks.Call
---@param delay number seconds
---@param err dataworks.Error
function Events:emit_retry(call, delay, err)
  self:emit { type = "retry", action = call.action, attempt = call.attempts + 1, delay = delay, error = err }
end

---@param options { on_event?: fun(event: dataworks.Event), debug?: boolean|fun(line: string) }
---@param getenv fun(name: string): string|nil
---@return dataworks.Events
function M.new(options, getenv)
  return setmetatable({
    listener = options.on_event or false, write_line = event_log.writer(options.debug, getenv) or false,
    callback_error = false,
  }, Events)
end

return M
