-- What a client tells of itself while it works, to the on_event of its options and in debug lines.

local lazy = require "dataworks.util.lazy"
local debugging = lazy "dataworks.call.event_log"
local errors = require "dataworks.error"

local M = {}

---@class dataworks.Event what on_event is told; never parameters, headers or bodies
---@field type "request"|"response"|"retry"|"wait"|"refresh"
---@field action? string all but "refresh"
---@field attempt? integer all but "refresh"
---@field provider? string "refresh": that fetched temporary credentials
---@field expires? number "refresh": seconds that they last
---@field endpoint? string "request"
---@field client_token? string "request"
---@field status? integer "response": of HTTP
---@field request_id? string "response"
---@field elapsed? number "response": seconds of this attempt; "wait": since that or the call began; "refresh": its own
---@field error? dataworks.Error "response", "retry" and "refresh"
---@field delay? number "retry" and "wait": seconds until the next attempt; 0 after something was put right
---@field reason? "limit"|"throttled" "wait": for its turn, or for the end of a pause; without it between two polls

---@class dataworks.Events
---@field listener false|fun(event: dataworks.Event)
---@field write false|fun(line: string) takes debug lines
---@field wrong string|false what either raised last
local Events = {}
Events.__index = Events

--- A callback must not cut a call in two: a task that was created would be lost with it.
local function tell(self, callback, what)
  local ok, message = pcall(callback, what)
  if not ok then
    self.wrong = errors.line(message, 200)
  end
end

--- Is there anybody to make an event for?
function Events:are_heard()
  return self.write or self.listener
end

---@param event dataworks.Event
function Events:emit(event)
  if self.write then
    tell(self, self.write, debugging.line(event))
  end
  if self.listener then
    tell(self, self.listener, event)
  end
end

---@param options { on_event?: fun(event: dataworks.Event), debug?: boolean|fun(line: string) }
---@param getenv fun(name: string): string|nil
---@return dataworks.Events
function M.new(options, getenv)
  return setmetatable({
    listener = options.on_event or false, write = debugging.writer(options.debug, getenv) or false, wrong = false,
  }, Events)
end

return M
