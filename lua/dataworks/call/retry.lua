-- Decides whether a failed attempt is retried, and after how long. Pure: every function returns a decision.

local error_codes = require "dataworks.protocol.error_codes"

local M = {}

-- Seconds. Quotas count calls per second: an earlier retry of a throttled call would be throttled again.
local FIRST_DELAY, FIRST_THROTTLED_DELAY, MAX_DELAY = 0.1, 1, 20

local TRANSIENT_STATUS = { [408] = true, [500] = true, [502] = true, [503] = true, [504] = true }
local INCOMPLETE_REPLY = { transport = true, timeout = true, protocol = true }

--- May the same request succeed later?
local function is_transient(err)
  if error_codes.is_final(err) then
    return false
  elseif error_codes.is_throttled(err) or TRANSIENT_STATUS[err.status] then
    return true
  elseif err.kind == "service" then
    -- A refusal that says when to retry is a throttle with a code of its own.
    return err.code == "SignatureNonceUsed" or err.retry_after ~= nil and not error_codes.recoverable_cause(err)
  end
  -- Without a status, no complete reply arrived; an unreadable reply with HTTP 200 was damaged on its way.
  return INCOMPLETE_REPLY[err.kind] == true and (err.status == nil or err.status == 200)
end

--- Is a retry of this call safe, and may it help?
---@param err table with may_have_acted
---@param repeatable "always"|"token"|"unsent" of the action's row
---@param has_token boolean the call carries a ClientToken
---@return boolean
function M.is_retryable(err, repeatable, has_token)
  if not is_transient(err) then
    return false
  end
  return repeatable == "always" or repeatable == "token" and has_token or not err.may_have_acted
end

--- A random time below a bound that doubles; when the service says how long to wait, this time and a little more.
---@param retries integer retries that the call has made
---@param err table
---@param random fun(): number from 0 to 1
---@return number seconds
function M.backoff(retries, err, random)
  if err.retry_after then
    return err.retry_after + random() * FIRST_DELAY
  end
  local first = error_codes.is_throttled(err) and FIRST_THROTTLED_DELAY or FIRST_DELAY
  return random() * math.min(MAX_DELAY, first * 2 ^ retries)
end

---@class dataworks.RetryDecision
---@field delay? number seconds until the retry; nil ends the call
---@field cost? integer tokens of the retry budget
---@field gave_up? "attempts"|"deadline"|"budget" why a retryable call ends

---@param call dataworks.Call
---@param err dataworks.Error
---@param caller dataworks.Caller its clock, random, limit and retry_budget are read
---@return dataworks.RetryDecision
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
