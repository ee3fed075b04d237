-- How fast requests are sent: at the account's rate, and not at all during a pause that the service asked for. Each
-- function returns a decision; the pipeline of a call carries it out.

local bucket = require "dataworks.limit.bucket"
local error_codes = require "dataworks.protocol.error_codes"
local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"
local nearest = lazy "dataworks.util.nearest"

local M = {}

-- Loaded on first use.
local function adaptive() return require "dataworks.limit.adaptive" end
local function shared() return require "dataworks.limit.shared" end

-- Seconds. A shorter time counts as none.
local CLOCK_RESOLUTION = 1e-6
-- Seconds until the next try while another worker holds the lock on the state.
local LOCK_RETRY = 0.001
-- Seconds. After a pause, calls without a rate start at random times within this.
local SPREAD = 0.1

---@class dataworks.LimitOptions
---@field qps? number calls per second; with `adaptive` the maximum
---@field burst? integer calls that may start at once after a rest, 1
---@field adaptive? boolean lowers the rate when the service throttles
---@field dict? string name of a lua_shared_dict: one limit for all workers of an nginx
---@field key? string name of this limit in the dict, "default"
local OPTIONS = { qps = "number", burst = "number", adaptive = "boolean", dict = "string", key = "string" }

---@class dataworks.Limit
---@field qps number|nil
---@field burst integer
---@field adaptive boolean
---@field store dataworks.SharedState|nil
---@field state dataworks.Adaptive|nil when not shared
local Limit = { __name = "dataworks.Limit" }
Limit.__index = Limit

function Limit:__tostring()
  local rate = self.qps and ("%g calls a second"):format(self.qps) or "no limit"
  return ("dataworks.Limit (%s%s)"):format(rate, self.adaptive and ", adaptive" or "")
end

-- Making one

local function positive(value)
  return type(value) == "number" and value > 0 and value < math.huge
end

local function wrong_field(options)
  for name, value in pairs(options) do
    if not OPTIONS[name] then
      return ("unknown option %s%s"):format(tostring(name), nearest.hint(name, OPTIONS))
    elseif type(value) ~= OPTIONS[name] then
      return ("%s must be a %s, got %s"):format(name, OPTIONS[name], type(value))
    elseif value == "" then
      return ("%s must not be empty"):format(name)
    end
  end
  if options.qps and not positive(options.qps) then
    return "qps must be calls a second, above 0, got " .. tostring(options.qps)
  elseif options.burst and not (positive(options.burst) and options.burst % 1 == 0) then
    return "burst must be a whole number above 0, got " .. tostring(options.burst)
  end
end

local function wrong_together(options)
  if not options.qps and not options.adaptive then
    return "give qps, or adaptive = true"
  elseif options.key and not options.dict then
    return "key is the name of a limit in a dict, and there is no dict"
  end
  return options.dict and shared().wrong(options.dict)
end

local function normal(option)
  if option == "adaptive" then
    return { adaptive = true }
  elseif type(option) == "number" then
    return { qps = option }
  end
  return option
end

--- The reason why an option `limit` is refused.
---@param option number|"adaptive"|dataworks.LimitOptions|dataworks.Limit
---@return string|nil
function M.wrong(option)
  if getmetatable(option) == Limit then
    return nil
  end
  local options = normal(option)
  if type(options) ~= "table" then
    return ("must be calls a second, \"adaptive\" or a table, got %s"):format(
      type(option) == "string" and ("%q"):format(option) or type(option))
  end
  local wrong = wrong_field(options) or wrong_together(options)
  return wrong
end

---@param option number|"adaptive"|dataworks.LimitOptions|dataworks.Limit|nil checked; nil: only pauses delay calls
---@return dataworks.Limit
function M.new(option)
  if getmetatable(option) == Limit then
    return option
  end
  local options = normal(option) or {}
  local self = { qps = options.qps, burst = options.burst or 1, adaptive = options.adaptive or false }
  if options.dict then
    self.store = shared().new(options.dict, options.key or "default")
  else
    self.state = bucket.new()
  end
  return setmetatable(self, Limit)
end

--- A limit for several clients of one account.
---@param option number|"adaptive"|dataworks.LimitOptions
---@return dataworks.Limit
function M.make(option)
  local wrong = M.wrong(option)
  if wrong then
    misuse("dataworks.limit: " .. wrong)
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

--- Until the first throttle an adaptive limit uses the configured rate, if there is one. Replaces a rate that another
--- worker set, or the configuration before a reload.
local function set_rate(self, state, now)
  if not self.adaptive then
    bucket.set_rate(state, now, self.qps)
  elseif self.qps and (state.rate or math.huge) > self.qps then
    bucket.set_rate(state, now, self.qps)
  end
end

-- Waiting for a turn

---@class dataworks.Turn a decision: when a call may send its next request
---@field wait number seconds; 0: now
---@field reason? "limit"|"throttled" why the call waits
---@field token? number its place in the queue, while it waits
---@field sent_at? number of a request that an adaptive limit lets pass
---@field pace? number requests in the second before it

local function paused_too_long(wait, left)
  return {
    kind = "timeout", sent = false, retry_after = wait,
    message = ("the service asked for a pause of all calls after Throttling: %.1f s of it are left, and %.1f s "
      .. "for this call"):format(wait, left),
    advice = "Call again after the pause, or with a longer timeout",
  }
end

local function queue_too_long(self, state, wait, left)
  return {
    kind = "timeout", sent = false,
    message = ("the limit of %.4g calls a second has a queue of %.1f s, and %.1f s are left for this call"):format(
      state.rate, wait, left),
    advice = self.adaptive and "Start fewer calls at once, or give them a longer timeout"
      or "Start fewer calls at once, give them a longer timeout, or raise qps if the account has more",
  }
end

local function pass(self, state, now)
  if not self.adaptive then
    return { wait = 0 }
  end
  return { wait = 0, sent_at = now, pace = adaptive().sent(state, now) }
end

--- Without a rate nothing spreads the calls that wait for the end of the same pause.
local function spread(caller, call, token, now, wait)
  local extra = not token and caller.random() * SPREAD or 0
  return now + wait + extra < call.deadline and wait + extra or wait
end

local function decide(self, state, caller, call)
  local now = caller.clock()
  set_rate(self, state, now)
  local token = call.turn and call.turn.token
  if state.rate and not token then
    token = bucket.take(state, now, self.burst)
  end
  local due = bucket.due(state, token)
  local wait = due - now
  local is_paused = state.since - now > CLOCK_RESOLUTION
  -- A sleep that ended counts as slept: the sleep of a host may take no time, or wake too early.
  if wait <= CLOCK_RESOLUTION or call.slept_until and due <= call.slept_until + CLOCK_RESOLUTION then
    return pass(self, state, now)
  elseif due >= call.deadline then
    if token then
      bucket.give_back(state, token)
    end
    local left = call.deadline - now
    return nil, is_paused and paused_too_long(wait, left) or queue_too_long(self, state, wait, left)
  end
  return {
    wait = spread(caller, call, token, now, wait), reason = is_paused and "throttled" or "limit", token = token,
  }
end

--- Gives a call a place in the queue, or says when the place it has comes up.
---@param caller dataworks.Caller for its clock, random and sleep
---@param call dataworks.Call with the turn of the last decision
---@return dataworks.Turn|nil
---@return table|nil err fields of an error: the turn comes after the call's deadline
function Limit:enqueue(caller, call)
  local state, err = open(self, caller)
  if not state then
    return nil, err
  end
  local turn, too_long = decide(self, state, caller, call)
  local closed, full = close(self, state)
  if not closed then
    return nil, full
  end
  return turn, too_long
end

--- Did the service ask for a pause that still lasts?
---@param now number
---@return boolean
function Limit:is_paused(now)
  return self.state ~= nil and self.state.since - now > CLOCK_RESOLUTION
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

-- What replies say

--- Does the limit itself slow down after this error? Then a retry costs nothing of the retry budget.
---@param err dataworks.Error
---@return boolean
function Limit:handles_throttling(err)
  return (self.adaptive or self.qps ~= nil) and error_codes.is_throttled(err)
end

--- Learns from a reply. A pause that the service asks for holds for all calls, unless it is longer than any call:
--- that of a quota per day, whose error is not retryable.
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
    adaptive().throttled(state, now, call.turn.sent_at or now, call.turn.pace or 0)
  elseif self.adaptive then
    adaptive().passed(state, now, self.qps)
  end
  if pause then
    bucket.pause(state, now, pause)
  end
  close(self, state)
end

return M
