-- Passes the events of a client to its callback on_event and to its debug log.

local lazy = require "dataworks.util.lazy"
local event_log = lazy "dataworks.call.event_log"
local errors = require "dataworks.error"

local M = {}

--- An event never holds parameters, headers or bodies. The type of an event decides which fields it has.
---@class dataworks.Event
---@field type "request"|"response"|"retry"|"wait"|"refresh"
---@field action? string present in all types except "refresh"
---@field attempt? integer present in all types except "refresh"
---@field provider? string in "refresh": the provider that fetched temporary credentials
---@field expires? number in "refresh": seconds until the credentials expire
---@field endpoint? string in "request": the host and port of the service
---@field client_token? string in "request": the token that is sent; in a flow, err.client_token is a different token
---@field status? integer in "response": the HTTP status
---@field request_id? string in "response"
---@field elapsed? number seconds: in "wait", since the call or the polling began; in other types, since the attempt
--- or the fetch began
---@field error? dataworks.Error in "response", "retry" and "refresh"
---@field delay? number in "retry" and "wait": seconds until the next attempt; 0 after a recovery
---@field reason? "limit"|"throttled" in a "wait" before an attempt: the cause of the wait

---@class dataworks.Events
---@field listener false|fun(event: dataworks.Event)
---@field write_line false|fun(line: string)
---@field callback_error string|false the last error that a callback raised
local Events = {}
Events.__index = Events

--- Calls a callback of the program. If the callback raises an error, keeps the message of this error and lets the call
--- continue. Otherwise the program would lose the task that the call created.
local function notify(self, callback, value)
  local ok, message = pcall(callback, value)
  if not ok then
    self.callback_error = errors.line(message, 200)
  end
end

--- Returns whether there is a callback or a debug log. If there is neither, no event needs to be built.
function Events:has_listener()
  return self.write_line or self.listener
end

--- Passes an event to the debug log, then to the callback.
function Events:emit(event)
  if self.write_line then
    notify(self, self.write_line, event_log.line(event))
  end
  if self.listener then
    notify(self, self.listener, event)
  end
end

function Events:emit_request(call, endpoint)
  if self:has_listener() then
    self:emit {
      type = "request", action = call.row.name, attempt = call.attempts, endpoint = endpoint,
      client_token = call.client_token and call.params.ClientToken or nil,
    }
  end
end

--- Reports that a call waits for the limit or for a pause.
---@param now number monotonic seconds
function Events:emit_wait(call, now, admission)
  self:emit {
    type = "wait", action = call.row.name, attempt = call.attempts, reason = admission.reason, delay = admission.wait,
    elapsed = now - call.started,
  }
end

--- Reports that an attempt ended, with or without a reply.
---@param clock fun(): number returns monotonic seconds
function Events:emit_response(call, clock, err)
  if self:has_listener() then
    local result = call.result
    self:emit {
      type = "response", action = call.row.name, attempt = call.attempts, elapsed = clock() - call.attempt_started,
      status = call.reply and call.reply.status, error = err,
      request_id = err and err.request_id or result and result.RequestId and errors.line(result.RequestId) or nil,
    }
  end
end

--- Reports that a call will be retried.
---@param delay number seconds
function Events:emit_retry(call, delay, err)
  self:emit { type = "retry", action = call.row.name, attempt = call.attempts + 1, delay = delay, error = err }
end

function M.new(options, getenv)
  local may_log = options.debug or options.debug == nil and getenv "ALIBABA_CLOUD_DEBUG"
  return setmetatable({
    listener = options.on_event or false,
    write_line = may_log and event_log.writer(options.debug, getenv) or false,
    callback_error = false,
  }, Events)
end

return M
