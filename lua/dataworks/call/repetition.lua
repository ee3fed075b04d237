-- What becomes of a call after a failed attempt: made again at once when what the gateway refused could be put right,
-- made again after a wait, or given up.

local retry = require "dataworks.call.retry"

local M = {}

local WAYS = {
  clock = function(caller, _, reply)
    return caller.skew.correct(reply.headers.date)
  end,
  credentials = function(caller, call)
    return caller.signer.expire(call.keys)
  end,
}

--- Each once a call: a second refusal says that it was not that.
local function put_right(caller, call, err, reply)
  local what = retry.to_put_right(err)
  if not what or call.put_right[what] then
    return false
  end
  call.put_right[what] = true
  return WAYS[what](caller, call, reply)
end

--- The seconds until the next attempt, or nil when this error is the call's.
---@param caller dataworks.Caller
---@param call dataworks.Call
---@param err dataworks.Error gets `gave_up`
---@param reply table|nil
---@return number|nil
function M.delay(caller, call, err, reply)
  if put_right(caller, call, err, reply) then
    return caller.clock() < call.deadline and 0 or nil
  elseif not err.retryable then
    return nil
  elseif call.repetitions >= call.most then
    err.gave_up = "attempts"
    return nil
  end
  local delay = retry.delay(call.repetitions + 1, err, caller.random)
  if caller.clock() + delay >= call.deadline then
    err.gave_up = "deadline"
    return nil
  end
  local cost = caller.limit:paces(err) and 0 or caller.budget:take(err)
  if not cost then
    err.gave_up = "budget"
    return nil
  end
  call.repetitions, call.cost = call.repetitions + 1, cost
  return delay
end

return M
