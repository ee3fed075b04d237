-- Limits how fast requests are sent: at the rate of the option `limit`, and not at all during a pause that the service
-- asked for. The methods return decisions; the pipeline of a call acts on them.

local bucket = require "dataworks.limit.bucket"
local check_options = require "dataworks.util.check_options"
local error_codes = require "dataworks.protocol.error_codes"
local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"

local M = {}

local adaptive = lazy "dataworks.limit.adaptive"
local core = lazy "dataworks.core" -- for texts only: a limit needs no C
local shared = lazy "dataworks.limit.shared"

-- Seconds. A shorter time counts as none.
local CLOCK_RESOLUTION = 1e-6
-- Seconds until the next try while another worker holds the lock on the state.
local LOCK_RETRY = 0.001
-- With an adaptive limit a call sleeps for this part of its wait, at least for so many seconds, and asks again. A later
-- call could overtake it only if the rate grew by more than the reciprocal meanwhile.
local NAP, MIN_NAP = 0.25, 0.01
-- Seconds. After a pause, calls without a rate start at random times within this.
local SPREAD = 0.1

---@class dataworks.LimitOptions
---@field qps? number calls per second; with `adaptive` the maximum
---@field burst? integer calls that may start at once after a rest, 1
---@field adaptive? boolean lowers the rate when the service throttles
---@field dict? string name of a lua_shared_dict: one limit for all workers of an nginx
---@field key? string name of this limit in the dict, "default"
local OPTIONS = { qps = "rate", burst = "positive_count", adaptive = "boolean", dict = "text", key = "text" }

---@class dataworks.Limit
---@field qps number|nil
---@field burst integer
---@field adaptive boolean
---@field store dataworks.SharedState|nil
---@field state dataworks.Adaptive|nil unless it is in the store
local Limit = { __name = "dataworks.Limit" }
Limit.__index = Limit

function Limit:__tostring()
  local rate = self.qps and core.decimal(self.qps) .. " calls a second" or "no limit"
  return ("dataworks.Limit (%s%s)"):format(rate, self.adaptive and ", adaptive" or "")
end

-- The option

local function to_options(option)
  if option == "adaptive" then
    return { adaptive = true }
  elseif type(option) == "number" then
    return { qps = option }
  end
  return option
end

--- Says why an option `limit` is refused.
---@param option number|"adaptive"|dataworks.LimitOptions|dataworks.Limit
---@return string|nil mistake
function M.find_mistake(option)
  if getmetatable(option) == Limit then
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
  elseif options.key and not options.dict then
    return "key is the name of a limit in a dict, and there is no dict"
  end
  return options.dict and shared.find_mistake("dict", options.dict)
end

---@param option number|"adaptive"|dataworks.LimitOptions|dataworks.Limit|nil checked; nil: only pauses delay calls
---@return dataworks.Limit
function M.new(option)
  if getmetatable(option) == Limit then
    return option
  end
  local options = to_options(option) or {}
  local self = { qps = options.qps, burst = options.burst or 1, adaptive = options.adaptive or false }
  if options.dict then
    self.store = shared.new(options.dict, options.key or "default")
  else
    self.state = bucket.new()
  end
  return setmetatable(self, Limit)
end

--- A limit for several clients of one account.
---@param option number|"adaptive"|dataworks.LimitOptions
---@return dataworks.Limit
function M.make(option)
  local mistake = M.find_mistake(option)
  if mistake then
    misuse("dataworks.limit: " .. mistake)
  end
  return M.new(option)
end

-- The state. Nothing yields between open and close.

local function open(self, caller)
  if not self.store then
    return self.state
  end
  while true do
    local state, err = self.store:open()
    if state or err then
      return state, err
    end
    caller:sleep(LOCK_RETRY)
  end
end

local function close(self, state)
  if self.store then
    return self.store:close(state)
  end
  return true
end

local function is_paused(state, now)
  return state.since - now > CLOCK_RESOLUTION
end

-- The queue

---@class dataworks.Admission a decision: when a call may send its next request
---@field wait number seconds, as far as is known; 0: now
---@field nap? number seconds after which to ask again, since the rate may change meanwhile
---@field reason? "limit"|"throttled" why the call waits
---@field token? number place of a waiting call in the queue
---@field sent_at? number adaptive limit: when the request was let through
---@field pace? number adaptive limit: requests in the second before

local function paused_too_long(wait, time_left)
  return {
    kind = "timeout", sent = false, retry_after = wait,
    message = ("the service asked for a pause of all calls after Throttling: %s s of it are left, and %s s "
      .. "for this call"):format(core.decimal(wait, 1), core.decimal(time_left, 1)),
    advice = "Call again after the pause, or with a longer timeout",
  }
end

local function queue_too_long(self, state, wait, time_left)
  return {
    kind = "timeout", sent = false,
    message = ("the limit of %s calls a second has a queue of %s s, and %s s are left for this call"):format(
      core.decimal(math.floor(state.rate * 1000 + 0.5) / 1000), core.decimal(wait, 1), core.decimal(time_left, 1)),
    advice = self.adaptive and "Start fewer calls at once, or give them a longer timeout"
      or "Start fewer calls at once, give them a longer timeout, or raise qps if the account has more",
  }
end

local function admit(self, state, now)
  if not self.adaptive then
    return { wait = 0 }
  end
  return { wait = 0, sent_at = now, pace = adaptive.count_attempt(state, now) }
end

--- Without a rate, all calls would start at the same moment after a pause: adds a random time.
local function spread(caller, call, token, now, wait)
  local extra = not token and caller.random() * SPREAD or 0
  return now + wait + extra < call.deadline and wait + extra or wait
end

local function decide(self, state, caller, call)
  local now = caller.clock()
  -- Another worker may have set the rate, or the configuration before a reload. An adaptive rate may be lower.
  if not self.adaptive or self.qps and (state.rate or math.huge) > self.qps then
    bucket.set_rate(state, now, self.qps)
  end
  local token = call.admission and call.admission.token
  if state.rate and not token then
    token = bucket.take(state, now, self.burst)
  end
  local due = bucket.due(state, token)
  -- A sleep that returned counts in full: the sleep of the program may take no time, or return too early.
  local wait = due - math.max(now, call.slept_until or now)
  local paused = is_paused(state, now)
  if wait <= CLOCK_RESOLUTION then
    return admit(self, state, now)
  elseif due >= call.deadline then
    if token then
      bucket.give_back(state, token)
    end
    local time_left = call.deadline - now
    return nil, paused and paused_too_long(wait, time_left) or queue_too_long(self, state, wait, time_left)
  end
  return {
    wait = spread(caller, call, token, now, wait), reason = paused and "throttled" or "limit", token = token,
    nap = self.adaptive and token and wait > MIN_NAP and math.max(MIN_NAP, wait * NAP) or nil,
  }
end

--- Gives a call a place in the queue, or says how long a queued call still waits.
---@param caller dataworks.Caller its clock, random and sleep are used
---@param call dataworks.Call with the admission of the last decision
---@return dataworks.Admission|nil
---@return table|nil err fields of an error: the wait is longer than the call's deadline allows
function Limit:enqueue(caller, call)
  local state, err = open(self, caller)
  if not state then
    return nil, err
  end
  local admission, too_long = decide(self, state, caller, call)
  local closed, write_error = close(self, state)
  if not closed then
    return nil, write_error
  end
  return admission, too_long
end

--- Frees the place of a call that ended while it waited.
---@param caller dataworks.Caller
---@param token number
function Limit:leave(caller, token)
  local state = open(self, caller)
  if state then
    bucket.give_back(state, token)
    close(self, state)
  end
end

--- Is there a pause that the service asked for?
---@param now number
---@return boolean
function Limit:is_paused(now)
  return self.state ~= nil and is_paused(self.state, now)
end

-- Replies

--- Does the limit itself slow down after this error? Then a retry costs nothing of the retry budget.
---@param err dataworks.Error
---@return boolean
function Limit:handles_throttling(err)
  return (self.adaptive or self.qps ~= nil) and error_codes.is_throttled(err)
end

--- Adapts the rate to a reply. Pauses all calls when a throttled reply says for how long; the error of an exhausted
--- daily quota is not retryable and pauses nothing.
---@param caller dataworks.Caller
---@param call dataworks.Call
---@param err dataworks.Error|nil
function Limit:on_response(caller, call, err)
  local throttled = err and error_codes.is_throttled(err)
  local pause = throttled and err.retryable and err.retry_after
  local state = (pause or self.adaptive) and open(self, caller)
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
  close(self, state)
end

return M
