-- Says on standard error why a command waits: without this, a command that only reads is silent while it retries.

local failure = require "dataworks.cli.failure"

local M = {}

-- Seconds. A shorter silence needs no explanation.
local PATIENCE = 1

--- Returns the notice about an event, and for how long the command was silent before; nil if it needs no explanation.
local function notice_of(event)
  local seconds = math.floor((event.delay or 0) + 0.5)
  if event.type == "retry" and event.error then
    local when = seconds > 0 and (" in %d s"):format(seconds) or ""
    return ("retrying%s: %s"):format(when, failure.lines(event.error)[1]), event.error.elapsed or 0
  elseif event.type == "wait" and event.reason == "throttled" then
    return ("waiting %d s: the service throttles calls"):format(seconds), 0
  end
end

--- Returns the function that gets the events of a client. While one wait is explained, it explains no other: many calls
--- can wait at the same time.
---@param progress dataworks.cli.Progress
---@return fun(event: dataworks.Event)
function M.new(progress)
  local explained_until = 0
  return function(event)
    local notice, silent = notice_of(event)
    local now = progress.clock()
    if notice and silent + event.delay >= PATIENCE and now >= explained_until then
      explained_until = now + event.delay
      progress:notice(notice)
    end
  end
end

return M
