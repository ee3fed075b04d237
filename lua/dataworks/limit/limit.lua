-- Limits how many requests are sent per second. The option `limit` sets the rate. During a pause that the service asked
-- for, no request is sent. The methods return decisions, and the pipeline of a call does the waiting.

local bucket = require "dataworks.limit.bucket"
local check_options = require "dataworks.util.check_options"
local error_codes = require "dataworks.protocol.error_codes"
local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"
local new_waiting_calls = require "dataworks.limit.waiting"

local M = {}

local adaptive = lazy "dataworks.limit.adaptive"
local core = lazy "dataworks.core" -- used for messages only
local ledger = lazy "dataworks.limit.ledger"
local shared = lazy "dataworks.limit.shared"
local too_long = lazy "dataworks.limit.too_long"

-- Seconds. A shorter wait is treated as no wait.
local CLOCK_RESOLUTION = 1e-6
-- Seconds between two attempts to lock the state, while another worker holds the lock.
local LOCK_RETRY = 0.001
-- With an adaptive limit, a call sleeps for this part of its wait, but at least for MIN_NAP and at most for MAX_NAP
-- seconds, and then asks the limit again, because the rate may have risen. After an early throttle, the rate can rise a
-- hundred times within seconds.
local NAP, MIN_NAP, MAX_NAP = 0.25, 0.01, 1
-- Seconds. If a call wakes up later than that, the process stood still.
local MAX_LATENESS = 0.05
-- Seconds. If there is no rate, the calls that waited for a pause start at random times within this time.
local SPREAD = 0.1
-- The number of times that a call sleeps once more because calls with lower tokens still wait.
local MAX_SLEEPS_IN_ORDER = 2

---@class dataworks.LimitOptions
---@field qps? number calls per second; if `adaptive` is true, the maximum of the rate
---@field burst? integer number of calls that may start at once after a time without calls; default: 1
---@field adaptive? boolean true: the rate is lowered when the service throttles
---@field dict? string the name of a lua_shared_dict through which all workers of an nginx share the limit
---@field ledger? string a database through which processes share the limit: a path, or postgresql://...
---@field key? string the name of the limit in the dict or the ledger; default: "default"

local OPTIONS = {
  qps = "rate", burst = "positive_count", adaptive = "boolean", dict = "text", ledger = "text", key = "text",
}

---@class dataworks.Limit
---@field qps number|nil
---@field burst integer
---@field adaptive boolean
---@field store dataworks.SharedState|nil holds the state of a limit that has a dict
---@field state dataworks.Adaptive|nil the state of a limit that has no dict
---@field waiting dataworks.WaitingCalls the calls of this process that hold a token and wait
local Limit = { __name = "dataworks.Limit" }
Limit.__index = Limit

function Limit:__tostring()
  local rate = self.qps and core.decimal(self.qps) .. " calls a second" or "no limit"
  return ("dataworks.Limit (%s%s)"):format(rate, self.adaptive and ", adaptive" or "")
end

-- The option

--- Returns the option as a table. A mistake in the option is not detected here.
local function to_options(option)
  if option == "adaptive" then
    return { adaptive = true }
  elseif type(option) == "number" then
    return { qps = option }
  end
  return option
end

--- Returns whether a value is a limit that M.new has made.
local function is_limit(value)
  return getmetatable(value) == Limit or type(value) == "table" and getmetatable(value) and ledger.is(value)
end

--- Checks the option `limit`.
---@return string|nil mistake the end of a message; nil if the option is right
function M.find_mistake(option)
  if is_limit(option) then
    return nil
  end
  local options = to_options(option)
  if type(options) ~= "table" then
    return ("must be calls a second, \"adaptive\" or a table, got %s"):format(
      type(option) == "string" and ("%q"):format(option) or type(option))
  end
  local mistake = check_options.find_mistake(OPTIONS, options)
  if mistake then
    return mistake
  elseif not options.qps and not options.adaptive then
    return "give qps, or adaptive = true"
  elseif options.key and not options.dict and not options.ledger then
    return "key is the name of a limit in a dict or a ledger, and there is none"
  elseif options.ledger then
    return ledger.find_mistake(options)
  end
  return options.dict and shared.find_mistake("dict", options.dict)
end

--- Returns the limit of a client.
---@param option number|"adaptive"|dataworks.LimitOptions|dataworks.Limit|nil the checked option; nil for a limit
--- without a rate
function M.new(option)
  if is_limit(option) then
    return option
  end
  local options = to_options(option) or {}
  if options.ledger then
    return ledger.new(options)
  end
  return setmetatable({
    qps = options.qps, burst = options.burst or 1, adaptive = options.adaptive or false,
    store = options.dict and shared.new(options.dict, options.key or "default"),
    state = not options.dict and bucket.new() or nil, waiting = new_waiting_calls(),
  }, Limit)
end

--- Creates a limit that several clients of one account can share. Raises if the option is wrong.
---@param option number|"adaptive"|dataworks.LimitOptions
---@return dataworks.Limit
function M.make(option)
  local mistake = M.find_mistake(option)
  if mistake then
    misuse("dataworks.limit: " .. mistake)
  end
  return M.new(option)
end

-- The state. The code between load_state and save_state must not yield.

--- Returns the state of the limit. A shared state is locked; if another worker holds the lock, the call sleeps first. A
--- closed client cannot sleep: its call gets no state.
local function load_state(self, caller)
  if not self.store then
    return self.state
  end
  while true do
    local state, err = self.store:lock_and_load()
    if state or err then
      return state, err
    end
    if caller:sleep(LOCK_RETRY) then
      return nil, { kind = "cancelled", sent = false, message = "the client was closed, or the task was cancelled" }
    end
  end
end

local function save_state(self, state)
  if self.store then
    return self.store:save_and_unlock(state)
  end
  return true
end

--- Returns whether calls can be delayed by a rate. A limit without a rate is never shared, and only pauses delay calls.
local function has_rate(self)
  return self.adaptive or self.qps ~= nil
end

local function is_paused(state, now)
  return state.since - now > CLOCK_RESOLUTION
end

-- The queue

---@class dataworks.Admission a decision on when a call may send its next request
---@field wait number seconds until the call may send, according to the present rate; 0 if the call may send now
---@field nap? number seconds after which the call should ask again, because the rate may have changed
---@field sleep_until? number the time at which this process wakes the call; calls wake in the order of these times
---@field reason? "limit"|"throttled" the reason why the call waits
---@field token? number the place of a waiting call in the queue
---@field sent_at? number for an adaptive limit: the time at which the request was admitted
---@field pace? number for an adaptive limit: the number of requests in the last second
---@field in_order? integer how many times the call has slept so that earlier calls go first
---@field late? number how late the call woke up before it slept for the order

---@type dataworks.Admission
local ADMITTED = { wait = 0 }

--- Adds a random time to the wait of a call without a token, so that not all calls start at the end of a pause.
local function spread(caller, call, token, now, wait)
  local extra = not token and caller.random() * SPREAD or 0
  return now + wait + extra < call.deadline and wait + extra or wait
end

--- Keeps late calls in order. Calls are late, for example, if the machine stopped the process when they were due.
--- While a call with a lower token waits, a call sleeps once more, until its turn, which has passed: timers wake their
--- calls in the order of their times. One such sleep is not always enough, because other calls can wake from a nap in
--- that time, and naps do not end in the order of the tokens. The number of these sleeps is limited, because a call
--- whose task is abandoned keeps its place until it is collected. If the first call still sleeps, because the rate was
--- lower when it fell asleep, the others wait for it.
---@return dataworks.Admission|nil admission nil if the call may go
local function keep_in_order(self, state, call, token, now, late)
  local slept = call.admission and call.admission.in_order or 0
  local first, first_call = nil, nil
  if token and state.rate then
    first, first_call = self.waiting:first()
  end
  if not first or first >= token or slept == MAX_SLEEPS_IN_ORDER then
    return nil
  end
  local wakes_at = first_call.admission and first_call.admission.sleep_until or now
  local nap = math.max(0, wakes_at - now)
  return {
    wait = math.max(CLOCK_RESOLUTION, nap), nap = nap, reason = "limit", token = token, late = late,
    sleep_until = nap > 0 and wakes_at or bucket.turn(state, token), in_order = nap > 0 and slept or slept + 1,
  }
end

--- Returns how late a call woke up from the sleep that the last decision asked for.
local function lateness(call, now)
  local last = call.admission
  return last and (last.late or last.sleep_until and now - last.sleep_until) or 0
end

--- Admits a call. If the process stood still, the tokens that became due meanwhile are not all used at once: the next
--- ones are due one after the other from now on. A shared state stays as it is, because the other workers have gone on.
---@return dataworks.Admission
local function admit(self, state, token, now, late)
  if token and state.rate and late > MAX_LATENESS and not self.store then
    bucket.limit_level(state, now, token + self.burst - 1)
  end
  return self.adaptive and { wait = 0, sent_at = now, pace = adaptive.count_attempt(state, now) } or ADMITTED
end

--- Decides whether a call may send now, has to wait, or fails because the wait is longer than its deadline allows.
local function decide(self, state, caller, call)
  local now = caller.clock()
  -- A shared state may hold another rate: that of another worker, or of the configuration before nginx reloaded it. The
  -- rate of an adaptive limit may be lower than qps, but not higher.
  if not self.adaptive or self.qps and (state.rate or math.huge) > self.qps then
    bucket.set_rate(state, now, self.qps)
  end
  local token = call.admission and call.admission.token
  if state.rate and not token then
    token = bucket.take(state, now, self.burst)
  end
  local due = bucket.due(state, token)
  -- A sleep counts with its intended length, because the option `sleep` may return before the time has passed.
  local from = math.max(now, call.slept_until or now)
  local wait = due - from
  if wait <= CLOCK_RESOLUTION then
    local late = lateness(call, now)
    return keep_in_order(self, state, call, token, now, late) or admit(self, state, token, now, late)
  end
  local paused = is_paused(state, now)
  if due >= call.deadline then
    if token then
      bucket.give_back(state, token)
    end
    local time_left = call.deadline - now
    return nil, paused and too_long.paused(wait, time_left) or too_long.queued(self, state, wait, time_left)
  end
  local nap = self.adaptive and token and wait > MIN_NAP and math.min(math.max(MIN_NAP, wait * NAP), MAX_NAP) or nil
  wait = spread(caller, call, token, now, wait)
  return {
    wait = wait, nap = nap, sleep_until = from + (nap or wait), token = token,
    reason = paused and "throttled" or "limit",
  }
end

--- Loads the state, decides, and saves the state.
local function decide_on_state(self, caller, call)
  local state, err = load_state(self, caller)
  if not state then
    return nil, err
  end
  local admission, refusal = decide(self, state, caller, call)
  local saved, write_error = save_state(self, state)
  if not saved then
    return nil, write_error
  end
  return admission, refusal
end

--- Notes whether a call waits with a token.
local function track(self, call, admission)
  local before, token = call.admission and call.admission.token, admission and admission.token
  if before and before ~= token then
    self.waiting:leave(before)
  end
  if token and token ~= before then
    self.waiting:enter(token, call)
  end
end

--- Gives a call a place in the queue. For a call that has a place, returns how long the call still waits.
---@param call dataworks.Call its field `admission` is the last decision
---@return dataworks.Admission|nil
---@return table|nil err the fields of an error, if the wait is longer than the call's deadline allows
function Limit:enqueue(caller, call)
  if not has_rate(self) and not is_paused(self.state, caller.clock()) then
    return ADMITTED
  end
  local admission, err = decide_on_state(self, caller, call)
  track(self, call, admission)
  return admission, err
end

--- Frees the place of a call that ended while it was in the queue.
function Limit:leave(caller, token)
  self.waiting:leave(token)
  local state = load_state(self, caller)
  if state then
    bucket.give_back(state, token)
    save_state(self, state)
  end
end

--- Returns whether all calls are paused because the service asked for a pause. For a shared limit, always returns
--- false, because the answer would need the lock.
function Limit:is_paused(now)
  return self.state ~= nil and is_paused(self.state, now)
end

-- Replies

--- Returns whether the limit delays the retries after this error. If it does, a retry takes no token from the retry
--- budget.
function Limit:handles_throttling(err)
  return has_rate(self) and error_codes.is_throttled(err)
end

--- Adapts the rate to a reply. If a throttled reply says how long to wait, pauses all calls for that time. The error of
--- an exhausted daily quota is not retryable, and does not pause the calls.
function Limit:on_response(caller, call, err)
  local throttled = err and error_codes.is_throttled(err)
  local pause = throttled and err.retryable and err.retry_after
  local state = (pause or self.adaptive) and load_state(self, caller)
  if not state then
    return
  end
  local now = caller.clock()
  if throttled and self.adaptive then
    adaptive.lower(state, now, call.admission.sent_at or now, call.admission.pace or 0)
  elseif self.adaptive then
    adaptive.raise(state, now, self.qps)
  end
  if pause then
    bucket.pause(state, now, pause)
  end
  save_state(self, state)
end

return M
