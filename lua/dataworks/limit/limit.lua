-- How fast calls may go onto the wire: at the rate the account has, and not at all while the service asks to wait.

local bucket = require "dataworks.limit.bucket"
local lazy = require "dataworks.util.lazy"
local nearest = lazy "dataworks.util.nearest"
local retry = require "dataworks.call.retry"

local M = {}

-- Loaded by those who use them.
local function adaptive() return require "dataworks.limit.adaptive" end
local function shared() return require "dataworks.limit.shared" end

-- Below this no clock tells times apart.
local MOMENT = 1e-6
-- Until another worker is done with the state, in seconds.
local BUSY = 0.001
-- Calls without a rate come back spread over this after a pause, in seconds.
local SPREAD = 0.1

---@class dataworks.LimitOptions
---@field qps? number calls a second; with `adaptive` at the most
---@field burst? integer calls that may go at once after a rest, 1
---@field adaptive? boolean finds the rate by what is throttled
---@field dict? string name of a lua_shared_dict: one limit for all workers of an nginx
---@field key? string of this limit among those in the dict, "default"
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

--- What is wrong with an option `limit`.
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

---@param option number|"adaptive"|dataworks.LimitOptions|dataworks.Limit|nil found right; nil: only pauses hold up
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
    error("dataworks.limit: " .. wrong, 2)
  end
  return M.new(option)
end

-- The state: between open and close nothing yields.

local function open(self, caller)
  if not self.store then
    return self.state
  end
  while true do
    local state, err = self.store:open()
    if state or err then
      return state, err
    end
    caller:sleep(BUSY)
  end
end

local function close(self, state)
  if self.store then
    return self.store:close(state)
  end
  return true
end

--- Before anything is throttled an adaptive limit has the rate that was given, if one was. What another worker, or
--- the configuration before a reload, went by is replaced.
local function set_rate(self, state, now)
  if not self.adaptive then
    bucket.set_rate(state, now, self.qps)
  elseif self.qps and (state.rate or math.huge) > self.qps then
    bucket.set_rate(state, now, self.qps)
  end
end

-- Waiting for one's turn

local CANCELLED = { kind = "cancelled", sent = false, message = "the task was cancelled" }

local function too_long(self, state, wait, left, paused)
  if paused then
    return {
      kind = "timeout", sent = false, retry_after = wait,
      message = ("the service asked for a pause of all calls after Throttling: %.1f s of it are left, and %.1f s "
        .. "for this call"):format(wait, left),
      advice = "Call again after the pause, or with a longer timeout",
    }
  end
  return {
    kind = "timeout", sent = false,
    message = ("the limit of %.4g calls a second has a queue of %.1f s, and %.1f s are left for this call"):format(
      state.rate, wait, left),
    advice = self.adaptive and "Start fewer calls at once, or give them a longer timeout"
      or "Start fewer calls at once, give them a longer timeout, or raise qps if the account has more",
  }
end

--- The seconds to wait, 0 to go, or the fields of an error. The call's place in the line is kept in the call.
local function turn(self, state, call, now)
  set_rate(self, state, now)
  if state.rate and not call.token then
    call.token = bucket.take(state, now, self.burst)
  end
  local due = bucket.due(state, call.token)
  local wait = due - now
  local paused = state.since - now > MOMENT
  -- A sleep is believed: a host's may take no time, or wake a moment early.
  if wait <= MOMENT or call.slept_to and due <= call.slept_to + MOMENT then
    return 0
  elseif due >= call.deadline then
    if call.token then
      bucket.give_back(state, call.token)
      call.token = nil
    end
    return nil, too_long(self, state, wait, call.deadline - now, paused)
  end
  return wait, paused and "throttled" or "limit"
end

--- Puts a call in the line, at the first time.
---@param caller dataworks.Caller
---@param call dataworks.Call
---@return number|nil wait seconds until it may go, as far as is known
---@return string|table what it waits for, "limit" or "throttled"; without a wait the fields of an error
function Limit:line_up(caller, call)
  local state, err = open(self, caller)
  if not state then
    return nil, err
  end
  local now = caller.clock()
  local wait, what = turn(self, state, call, now)
  if wait == 0 then
    call.token = nil
    if self.adaptive then
      call.sent_at, call.pace = now, adaptive().sent(state, now)
    end
  end
  local ok, full = close(self, state)
  if not ok then
    return nil, full
  end
  return wait, what
end

--- Waits for the turn of a call that has one to come.
---@param caller dataworks.Caller
---@param call dataworks.Call
---@param wait number what line_up said
---@param reason "limit"|"throttled"
---@return true|nil
---@return table|nil err fields of an error
function Limit:wait(caller, call, wait, reason)
  while wait > 0 do
    local before = caller.clock()
    local spread = not call.token and caller.random() * SPREAD or 0
    if before + wait + spread < call.deadline then
      wait = wait + spread
    end
    caller.events:emit {
      type = "wait", action = call.action, attempt = call.attempts, reason = reason, delay = wait,
      elapsed = before - call.started,
    }
    if caller:sleep(wait) then
      return nil, CANCELLED
    end
    call.slept_to = before + wait
    wait, reason = self:line_up(caller, call)
    if not wait then
      return nil, reason
    end
  end
  return true
end

--- Has the service asked for a pause that still lasts?
---@param now number
---@return boolean
function Limit:is_paused(now)
  return self.state ~= nil and self.state.since - now > MOMENT
end

--- The place of a call that has ended without its turn is free.
---@param caller dataworks.Caller
---@param call dataworks.Call
function Limit:leave(caller, call)
  local token = call.token
  local state = token and open(self, caller)
  if state then
    call.token = nil
    bucket.give_back(state, token)
    close(self, state)
  end
end

-- What replies tell

--- Does the limit see to it that repeating this does not add to the load? Then it need not cost the budget anything.
---@param err dataworks.Error
---@return boolean
function Limit:paces(err)
  return (self.adaptive or self.qps ~= nil) and retry.throttled(err)
end

--- A pause that a throttled reply asks for is for all calls, save for a quota that no pause of a call's length brings
--- back.
---@param caller dataworks.Caller
---@param call dataworks.Call
---@param err dataworks.Error|nil
function Limit:heard(caller, call, err)
  local throttled = err and retry.throttled(err)
  local pause = throttled and err.retryable and err.retry_after
  if not pause and not self.adaptive then
    return
  end
  local state = open(self, caller)
  if not state then
    return
  end
  local now = caller.clock()
  if throttled and self.adaptive then
    adaptive().throttled(state, now, call.sent_at or now, call.pace or 0)
  elseif self.adaptive then
    adaptive().passed(state, now, self.qps)
  end
  if pause then
    bucket.pause(state, now, pause)
  end
  close(self, state)
end

return M
