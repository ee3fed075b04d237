-- Decides whether a failed attempt is retried, and after how many seconds. The functions here have no side effects.

local error_codes = require "dataworks.protocol.error_codes"

local M = {}

-- Seconds. A throttled call waits longer: quotas count calls per second, so that an early retry would be throttled
-- again.
local FIRST_DELAY, FIRST_THROTTLED_DELAY, MAX_DELAY = 0.1, 1, 20

local TRANSIENT_STATUS = { [408] = true, [500] = true, [502] = true, [503] = true, [504] = true }
local INCOMPLETE_REPLY = { transport = true, timeout = true, protocol = true }

local function is_transient(err)
  if error_codes.is_final(err) then
    return false
  elseif error_codes.is_throttled(err) or TRANSIENT_STATUS[err.status] then
    return true
  elseif err.kind == "service" then
    -- A refusal that says when to retry counts as a throttle, whatever its code is.
    return err.code == "SignatureNonceUsed" or err.retry_after ~= nil and not error_codes.recoverable_cause(err)
  end
  -- If the error has no status, no complete reply arrived. A reply with HTTP status 200 that can't be read was damaged
  -- during the transfer.
  return INCOMPLETE_REPLY[err.kind] == true and (err.status == nil or err.status == 200)
end

--- Returns whether a retry of this call is safe, and may succeed.
---@param err table must have the field may_have_acted
---@param repeatable "always"|"token"|"unsent" the field `repeatable` of the action's row
---@param has_token boolean whether the call carries a ClientToken
function M.is_retryable(err, repeatable, has_token)
  if not is_transient(err) then
    return false
  end
  return repeatable == "always" or repeatable == "token" and has_token or not err.may_have_acted
end

--- Returns the number of seconds to wait before a retry. If the service says how long to wait, the result is a little
--- longer than this time. Otherwise the result is a random time below a bound, and the bound doubles with each retry.
---@param retries integer the number of retries that the call has made
---@param random fun(): number returns a number from 0 to 1
function M.backoff(retries, err, random)
  if err.retry_after then
    return err.retry_after + random() * FIRST_DELAY
  end
  local first = error_codes.is_throttled(err) and FIRST_THROTTLED_DELAY or FIRST_DELAY
  return random() * math.min(MAX_DELAY, first * 2 ^ retries)
end

---@class dataworks.RetryDecision
---@field delay? number seconds until the retry; nil if the call ends
---@field cost? integer the number of tokens that the retry takes from the retry budget
---@field gave_up? "attempts"|"deadline"|"budget" the reason why a retryable call ends

function M.decide(call, err, caller)
  if not err.retryable then
    return {}
  elseif call.retries >= call.max_retries then
    return { gave_up = "attempts" }
  end
  local delay = M.backoff(call.retries, err, caller.random)
  if caller.clock() + delay >= call.deadline then
    return { gave_up = "deadline" }
  end
  local cost = caller.limit:handles_throttling(err) and 0 or caller.retry_budget:cost(err)
  if not cost then
    return { gave_up = "budget" }
  end
  return { delay = delay, cost = cost }
end

return M
