-- The calls of this process that hold a token and wait for a limit. Their table is weak, because a call whose task is
-- abandoned never leaves it.

local new_queue = require "dataworks.util.queue"

---@class dataworks.WaitingCalls
---@field calls table<number, dataworks.Call> the waiting calls by their tokens
---@field tokens dataworks.Queue these tokens in ascending order, among tokens of calls that have left
local WaitingCalls = {}
WaitingCalls.__index = WaitingCalls

--- Adds a call.
---@param token number a token above those of all waiting calls
function WaitingCalls:enter(token, call)
  self.calls[token] = call
  self.tokens:push(token)
end

--- Removes a call.
function WaitingCalls:leave(token)
  self.calls[token] = nil
end

--- Returns the lowest token and its call; nil if no call waits.
---@return number|nil token
---@return dataworks.Call|nil call
function WaitingCalls:first()
  local tokens = self.tokens
  while tokens:length() > 0 do
    local token = tokens:first_value()
    local call = token and self.calls[token]
    if call then
      return token, call
    end
    tokens:pop()
  end
end

--- Makes an empty set.
---@return dataworks.WaitingCalls
return function()
  return setmetatable({ calls = setmetatable({}, { __mode = "v" }), tokens = new_queue() }, WaitingCalls)
end
