-- The fields of the errors of calls whose wait would end after their deadline.

local core = require "dataworks.core"

local M = {}

--- The rest of a pause of all calls is longer than the time that a call has left.
function M.paused(wait, time_left)
  return {
    kind = "timeout", sent = false, retry_after = wait,
    message = ("the service asked for a pause of all calls after Throttling: %s s of it are left, and %s s "
      .. "for this call"):format(core.decimal(wait, 1), core.decimal(time_left, 1)),
    advice = "Call again after the pause, or with a longer timeout",
  }
end

--- The queue of a limit is longer than the time that a call has left.
---@param self dataworks.Limit
function M.queued(self, state, wait, time_left)
  return {
    kind = "timeout", sent = false,
    message = ("the limit of %s calls a second has a queue of %s s, and %s s are left for this call"):format(
      core.decimal(math.floor(state.rate * 1000 + 0.5) / 1000), core.decimal(wait, 1), core.decimal(time_left, 1)),
    advice = self.adaptive and "Start fewer calls at once, or give them a longer timeout"
      or "Start fewer calls at once, give them a longer timeout, or raise qps if the account has more",
  }
end

return M
