-- Polls until success, failure or a deadline. Clock, sleep and chance are handed in.

local guard = require "dataworks.util.guard"

local M = {}

M.TIMEOUT, M.DELAY, M.MAX_DELAY = 600, 1, 5

local GROWTH = 1.5

---@class dataworks.WaitOptions
---@field timeout? number seconds in all, 600
---@field delay? number seconds before the second poll, 1; each wait is half as long again as the one before
---@field max_delay? number seconds between polls at the most, 5
---@field on_progress? fun(event: table) what it raises ends the wait with a "cancelled" error

---@class dataworks.Poll: dataworks.WaitOptions
---@field lacking string what is not so yet, for the message of a timeout: "the thing is not ready"
---@field ask fun(remaining: number): "success"|"failure"|"pending", any, table|nil outcome; result or status; error
---@field clock fun(): number
---@field sleep fun(seconds: number)
---@field random fun(): number

--- Half of the delay to all of it, so that waiters that began together spread.
local function jittered(delay, random)
  return delay * (0.5 + 0.5 * random())
end

local function timed_out(poll, elapsed, polls, status, last)
  local message = ("%s after %.1f s and %d polls"):format(poll.lacking, elapsed, polls)
  if last then
    message = ("%s; the last one failed: %s"):format(message, last.message)
  elseif status ~= nil then
    message = ("%s; the last status is %s"):format(message, tostring(status))
  end
  return { kind = "timeout", sent = false, message = message, elapsed = elapsed, attempts = polls }
end

---@param poll dataworks.Poll
---@return any result
---@return table|nil err an error, or the fields of one
function M.run(poll)
  local started = poll.clock()
  local timeout = poll.timeout or M.TIMEOUT
  local delay, longest = poll.delay or M.DELAY, poll.max_delay or M.MAX_DELAY
  local polls = 0
  while true do
    local outcome, value, err = poll.ask(timeout - (poll.clock() - started))
    polls = polls + 1
    if outcome == "success" then
      return value
    elseif outcome == "failure" then
      return nil, err
    end
    local elapsed = poll.clock() - started
    local pause = math.max(jittered(math.min(delay, longest), poll.random), err and err.retry_after or 0)
    if elapsed + pause >= timeout then
      return nil, timed_out(poll, elapsed, polls, value, err)
    end
    local go, stopped = guard("on_progress", poll.on_progress, {
      step = "polling", elapsed = elapsed, attempt = polls, status = value, delay = pause, error = err,
    })
    if not go then
      stopped.elapsed = elapsed
      return nil, stopped
    end
    poll.sleep(pause)
    delay = delay * GROWTH
  end
end

return M
