-- Carries out one call: runs the steps of an attempt in order, and decides whether a failed attempt is retried. Only
-- this file writes the fields of a call.

local client_tokens = require "dataworks.call.client_token"
local core = require "dataworks.core"
local credential_failures = require "dataworks.util.credential_failure"
local error_codes = require "dataworks.protocol.error_codes"
local errors = require "dataworks.error"
local failures = require "dataworks.call.failure"
local param_hint = require "dataworks.call.param_hint"
local response = require "dataworks.protocol.response"
local retry = require "dataworks.call.retry"
local tables = require "dataworks.util.tables"

local M = {}

local CLIENT_CLOSED = credential_failures.CLOSED

---@class dataworks.Call
---@field row dataworks.Action
---@field params table
---@field client_token? string the ClientToken that results and errors name; nil if the action takes no ClientToken
---@field started number the time at which the call began, by the caller's monotonic clock; all other times here are
--- of this clock too
---@field deadline number
---@field attempts integer
---@field retries integer attempts that counted against max_retries
---@field max_retries integer
---@field recovered? table<string, boolean> causes that this call has recovered from
---@field possibly_sent? boolean whether the service may have acted on an earlier attempt
---@field last_error? dataworks.Error the error of the previous attempt
---@field retry_cost? integer the number of tokens that the last retry took from the retry budget
---@field admission? dataworks.Admission the last decision of the limit
---@field slept_until? number the intended end of the last sleep that was not interrupted
---@field queue_timeout? boolean true if the queue of the limit is longer than the time until the deadline
---@field announced_attempt? integer the number of the last attempt that had a "request" event
---@field attempt_started number
---@field unchecked? boolean true: the script of a task is not checked
---@field request? userdata|table the request of the present attempt; the fields below belong to this attempt too
---@field signed_request? userdata|table the request as it was signed, which a transport of the program cannot change
---@field keys? userdata the prepared keys that signed the request
---@field reply? table
---@field result? table

-- The steps of one attempt. A step returns true to continue with the next step, RESTART to begin again with the first
-- step, or nil and the fields of an error to end the attempt.

local RESTART = {}

--- Fails if the client is closed, if the proxy is wrong, or if nginx runs a phase in which a call cannot wait.
local function check_usable(caller)
  local _, proxy_error = caller.proxy()
  if caller.closed or proxy_error then
    return nil, proxy_error or CLIENT_CLOSED
  end
  local transport = caller.in_nginx and caller:open_transport()
  if transport and transport.can_wait then
    return transport:can_wait()
  end
  return true
end

--- Builds and signs the request of an attempt.
---@param sign fun(name, row, params, context): userdata|table|nil, table|nil
local function build_with(sign, caller, call)
  if not caller.endpoint then
    return nil, caller.unresolved
  end
  local keys, err = caller.key_cache:get(call.deadline)
  if not keys then
    return nil, err
  end
  call.keys = keys
  local row = call.row
  call.request, err = sign(row.name, row, call.params, {
    signer = keys, endpoint = caller.endpoint, date = caller.now(), nonce = caller.nonce(),
    user_agent = caller.user_agent, unchecked = call.unchecked,
  })
  if not call.request then
    return nil, param_hint(row, err)
  end
  return true
end

local function build(caller, call)
  return build_with(caller.sign, caller, call)
end

--- Asks the limit when the call may continue. A call that has to wait keeps its place in the queue.
local function enqueue(caller, call)
  local admission, err = caller.limit:enqueue(caller, call)
  call.admission = admission
  if not admission then
    call.queue_timeout = not caller.closed
  end
  return admission, err
end

--- Sleeps for the time that the limit asks for. Emits an event, unless this sleep continues a wait or only keeps calls
--- in order.
local function sleep_in_queue(caller, call, admission, continues)
  local before, seconds = caller.clock(), admission.nap or admission.wait
  if not (continues or admission.in_order) then
    caller.events:emit_wait(call, before, admission)
  end
  local interrupted = caller:sleep(seconds, admission.sleep_until)
  if caller.closed then
    return nil, CLIENT_CLOSED
  elseif interrupted then
    return nil, { kind = "cancelled", sent = false, message = "the task was cancelled" }
  end
  call.slept_until = math.max(before, call.slept_until or before) + seconds
  return true
end

--- Waits until the limit admits the call. Drops the request before the wait, because its date would be old after the
--- wait, and because the requests of many waiting calls would use much memory.
local function wait_for_rate_limit(caller, call)
  local admission, err = enqueue(caller, call)
  local napping = false
  while admission and admission.wait > 0 do
    call.request = nil
    local ok
    ok, err = caller:open_transport()
    if ok then
      ok, err = sleep_in_queue(caller, call, admission, napping)
      napping = admission.nap ~= nil and not admission.in_order
    end
    if not ok then
      return nil, err
    end
    admission, err = enqueue(caller, call)
  end
  if caller.closed then
    return nil, CLIENT_CLOSED
  end
  return admission and true, err
end

local function sign_after_rate_limit(caller, call)
  return call.request ~= nil or build(caller, call)
end

--- Emits the event "request", once per attempt.
local function announce(caller, call)
  if call.announced_attempt ~= call.attempts then
    call.announced_attempt = call.attempts
    caller.events:emit_request(call, caller.endpoint)
  end
  if caller.closed then -- The callback on_event has closed the client.
    return nil, CLIENT_CLOSED
  end
  return true
end

local function send(caller, call)
  local transport, err = caller:open_transport()
  if not transport then
    return nil, err
  end
  local time_left = call.deadline - caller.clock()
  if time_left <= 0 then
    return nil, { kind = "timeout", sent = false, message = "the deadline passed before the request was sent" }
  end
  local request = call.request
  -- A transport of the program may change the request that it gets, but the diagnosis of a refused signature needs the
  -- request as it was signed.
  call.signed_request = caller.owns_transport and request or {
    method = request.method, url = request.url, headers = tables.merge(request.headers), body = request.body,
  }
  local reply, failure = transport:send(request, {
    timeout = time_left, connect_timeout = math.min(caller.connect_timeout, time_left), proxy = (caller.proxy()),
    still_valid = caller.owns_transport and caller.still_valid or nil,
  })
  local mistake = caller.find_mistake and caller.find_mistake(reply, failure)
  if mistake then
    return nil, mistake
  elseif reply then
    if not caller.owns_transport then -- A transport of the program may leave these fields out.
      reply.headers, reply.body = reply.headers or {}, reply.body or ""
    end
    call.reply = reply
    return true
  elseif failure.kind == "stale_in_queue" then
    return RESTART -- so that the request is signed with the present date
  end
  return nil, response.redact(failure, failures.redactor(caller, call.signed_request))
end

local function read_reply(caller, call)
  call.result = response.result(call.reply, call.row.status)
  if call.result then
    return true
  end
  local fields
  call.result, fields = response.read(call.reply, call.row.status, {
    request = call.signed_request, redact = failures.redactor(caller, call.signed_request), now = caller.now,
  })
  return call.result and true, fields
end

-- The request is built before the wait for the rate limit, so that an invalid call fails at once. After a wait the
-- request is built again, so that its date and its keys are current.
local STEPS = { check_usable, build, wait_for_rate_limit, sign_after_rate_limit, announce, send, read_reply }

local function run_steps(caller, call)
  call.request, call.signed_request, call.reply, call.result = nil, nil, nil, nil
  for at = 1, #STEPS do
    local outcome, err = STEPS[at](caller, call)
    if outcome == RESTART then
      return run_steps(caller, call)
    elseif not outcome then
      return nil, err
    end
  end
  return call.result
end

--- Makes one attempt. Returns the result, or nil and the error of the attempt.
local function attempt(caller, call)
  call.attempts, call.attempt_started = call.attempts + 1, caller.clock()
  local result, fields = run_steps(caller, call)
  local err
  if not result then
    err = failures.complete(caller, call, fields)
    call.possibly_sent = call.possibly_sent or err.may_have_acted
  end
  if call.reply then
    caller.limit:on_response(caller, call, err)
  end
  caller.events:emit_response(call, caller.clock, err)
  return result, err
end

-- Decisions between two attempts

--- Corrects the clock or expires the keys, if that is the cause of the error. Returns true when a retry may succeed.
--- Each cause is tried once per call: if the service refuses the second request too, the cause is a different one.
local function recover(caller, call, err)
  local cause = error_codes.recoverable_cause(err)
  call.recovered = call.recovered or {}
  if not cause or call.recovered[cause] then
    return false
  end
  call.recovered[cause] = true
  if cause == "clock" then
    return caller.clock_skew:correct(call.reply.headers.date)
  end
  return caller.key_cache:expire(call.keys)
end

--- Returns the number of seconds until the next attempt. Returns nil if the error ends the call.
local function decide(caller, call, err)
  if recover(caller, call, err) then
    return caller.clock() < call.deadline and 0 or nil
  end
  local decision = retry.decide(call, err, caller)
  err.gave_up = decision.gave_up
  if decision.delay then
    caller.retry_budget:take(decision.cost)
    call.retries, call.retry_cost = call.retries + 1, decision.cost
  end
  return decision.delay
end

--- Ends the call with the error of its last attempt, because the queue of the limit is too long for a retry. The retry
--- gives its tokens back to the retry budget.
local function end_without_retry(caller, call, err)
  if call.retry_cost then
    caller.retry_budget:refill(call.retry_cost)
  end
  err.gave_up = "deadline"
  return nil, err
end

--- Refills the retry budget, and returns the result with the ClientToken of the call.
local function succeed(caller, call, result)
  caller.retry_budget:refill(call.retry_cost)
  if call.client_token and result.ClientToken == nil then
    result.ClientToken = call.client_token
  end
  return result
end

local function run_attempts(caller, call)
  while true do
    local result, err = attempt(caller, call)
    if result then
      return succeed(caller, call, result)
    elseif call.queue_timeout then
      if call.last_error then
        return end_without_retry(caller, call, call.last_error)
      end
      return nil, err
    end
    local delay = decide(caller, call, err)
    if not delay then
      return nil, err
    elseif err.retry_after and error_codes.is_throttled(err) then
      enqueue(caller, call) -- before the delay, so that later calls do not overtake the retry
    end
    if call.queue_timeout then
      return end_without_retry(caller, call, err)
    end
    call.last_error = err
    caller.events:emit_retry(call, delay, err)
    if delay > 0 then
      local until_time = caller.clock() + delay
      call.slept_until = not caller:sleep(delay) and until_time or nil
    end
  end
end

-- A whole call

--- Carries out a call, with its retries.
---@return table|nil result the decoded reply
function M.perform(caller, row, params, options)
  local started = caller.clock()
  local params_to_send, client_token = client_tokens.add(row, params, caller.nonce, options.client_token)
  -- All fields of a call without a retry are listed, so that Lua allocates the table at its full size.
  local call = {
    row = row, params = params_to_send, client_token = client_token, started = started,
    deadline = started + (options.timeout or caller.timeout), attempts = 0, retries = 0,
    max_retries = options.retries or caller.max_retries, unchecked = options.unchecked, admission = nil,
    announced_attempt = nil, attempt_started = started, keys = nil, request = nil, signed_request = nil, reply = nil,
    result = nil,
  }
  local result, err = run_attempts(caller, call)
  if call.admission and call.admission.token then
    caller.limit:leave(caller, call.admission.token)
  end
  return result, err
end

--- Returns the signed request of a call, as a table, without sending it.
---@param unchecked? boolean true: the script of a task is not checked
function M.request(caller, row, params, unchecked)
  local call = { row = row, params = (client_tokens.add(row, params, caller.nonce)), unchecked = unchecked }
  local ok, fields = build_with(core.request, caller, call)
  if ok then
    return call.request
  end
  local err = errors.new(fields)
  err.action, err.sent, err.may_have_acted = row.name, false, false
  return nil, err
end

return M
