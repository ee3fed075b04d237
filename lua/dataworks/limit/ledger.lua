-- A limit that the processes of several machines share through a database. A row has the time of the next free slot:
-- each call starts in a slot of its own. One statement reserves slots, so that a process that is stopped holds no lock.

local core = require "dataworks.core"
local databases = require "dataworks.database.database"
local errors = require "dataworks.error"
local error_codes = require "dataworks.protocol.error_codes"
local inside_nginx = require "dataworks.util.inside_nginx"
local schema = require "dataworks.database.schema"

local M = {}

-- Seconds. A shorter wait is treated as no wait.
local CLOCK_RESOLUTION = 1e-6
-- Seconds of slots that a busy process reserves with one statement.
local MAX_BLOCK = 0.05
-- Seconds after its time in which a slot can be used, because a busy process wakes up late. A process that stood still
-- for longer, as after SIGSTOP, takes new slots. Otherwise all of its waiting calls would start at the same moment.
local MAX_LATENESS = 0.05
-- Seconds after which a process asks again whether another one has met a throttled reply.
local MAX_AGE = 0.25
-- Seconds of the pause of all processes after a throttled reply that does not say how long to wait.
local THROTTLED_PAUSE = 0.2

local RESERVE = [[insert into limits as l (key, tat, paused_until)
  values ($1, {microseconds} - cast($2 as bigint) + cast($3 as bigint), 0)
  on conflict (key) do update
  set tat = {greatest}(l.tat, l.paused_until, {microseconds} - cast($2 as bigint)) + cast($3 as bigint)
  returning cast(tat - cast($3 as bigint) - {microseconds} as text) as wait,
    cast(paused_until - {microseconds} as text) as pause]]

local ASK = "select cast(paused_until - {microseconds} as text) as pause from limits where key = $1"

local PAUSE = [[update limits set paused_until = {greatest}(paused_until, {microseconds} + cast($2 as bigint))
  where key = $1]]

---@class dataworks.LedgerLimit
---@field qps number
---@field burst integer
---@field url string
---@field key string
---@field step number seconds between two slots
---@field lateness number
---@field block integer how many slots the next statement reserves
---@field slot number|nil the time of the next reserved slot, by the clock of the client
---@field left integer how many reserved slots are left
---@field returned number[] the times of slots that calls have given back
---@field paused_until number
---@field known_at number when paused_until was read
---@field database dataworks.Database|nil
local Limit = { __name = "dataworks.LedgerLimit" }
Limit.__index = Limit

function Limit:__tostring()
  return ("dataworks.Limit (%s calls a second, shared through %s)"):format(core.decimal(self.qps),
    databases.printable(self.url))
end

--- Checks the fields of the option that only a limit with a ledger has.
---@return string|nil mistake the end of a message
function M.find_mistake(options)
  if options.adaptive or options.dict then
    return ("ledger can't be combined with %s"):format(options.dict and "dict" or "adaptive")
  elseif inside_nginx() then
    return "ledger is not for nginx, whose worker would wait for the database; use dict"
  end
end

---@return boolean
function M.is(value)
  return getmetatable(value) == Limit
end

function M.new(options)
  local burst, step = options.burst or 1, 1 / options.qps
  return setmetatable({
    qps = options.qps, burst = burst, url = options.ledger, key = options.key or "default", step = step,
    lateness = math.max((burst - 1) * step, MAX_LATENESS), block = 1, left = 0, returned = {},
    paused_until = -math.huge, known_at = -math.huge,
  }, Limit)
end

-- The database

--- Runs a statement. Returns its first row; or nil and the fields of an error.
local function query(self, caller, sql, ...)
  local arguments, count = { self.key, ... }, 1 + select("#", ...)
  local function sleep(seconds)
    return caller:sleep(seconds) and "cancelled" or nil
  end
  local ok, result = pcall(function()
    if not self.database then
      local database = databases.open(self.url, {
        is_forgetful = true, sleep = sleep, probe = function() return "unknown" end,
      })
      schema.migrate(database)
      self.database = database
    end
    return self.database:transaction(function(db)
      return db:query(sql, (table.unpack or unpack)(arguments, 1, count))[1] or {}
    end, sleep)
  end)
  if ok then
    return result
  elseif errors.is(result) then
    return nil, { kind = result.kind, sent = false, message = result.message, advice = result.advice }
  end
  error(result, 0)
end

local function microseconds(seconds)
  return ("%.0f"):format(seconds * 1e6)
end

local function learn(self, now, row)
  self.known_at = now
  self.paused_until = row.pause and now + tonumber(row.pause) / 1e6 or self.paused_until
end

--- Reserves slots. A process that has used all slots of its last block in time reserves twice as many.
local function reserve(self, caller)
  local count = self.block -- another call may change the field while the database is busy
  local row, err = query(self, caller, RESERVE, microseconds((self.burst - 1) * self.step),
    microseconds(count * self.step))
  if not row then
    return nil, err
  end
  local now = caller.clock()
  learn(self, now, row)
  self.slot, self.left = now + tonumber(row.wait) / 1e6, count
  self.block = math.min(count * 2, math.max(1, math.floor(self.qps * MAX_BLOCK)))
  return true
end

-- Slots

local function is_usable(self, slot, now)
  return now - slot <= self.lateness and slot >= self.paused_until
end

--- Takes the next reserved slot that is usable; nil if there is none.
local function take_reserved(self, now)
  while #self.returned > 0 do
    local slot = table.remove(self.returned, 1)
    if is_usable(self, slot, now) then
      return slot
    end
  end
  while self.left > 0 do
    local slot = self.slot
    self.slot, self.left = slot + self.step, self.left - 1
    if is_usable(self, slot, now) then
      return slot
    end
    self.block = 1
  end
end

local function give_back(self, slot)
  table.insert(self.returned, slot)
  table.sort(self.returned)
end

--- Returns a slot; or nil and the fields of an error.
local function take(self, caller)
  local slot = take_reserved(self, caller.clock())
  while not slot do
    local ok, err = reserve(self, caller)
    if not ok then
      return nil, err
    end
    slot = take_reserved(self, caller.clock())
  end
  return slot
end

--- Asks for a pause that another process met, if the last answer is old.
local function refresh(self, caller)
  if caller.clock() - self.known_at <= MAX_AGE then
    return true
  end
  local row, err = query(self, caller, ASK)
  if row then
    learn(self, caller.clock(), row)
  end
  return row, err
end

local function too_long(self, slot, now, call)
  return {
    kind = "timeout", sent = false, retry_after = self.paused_until > now and self.paused_until - now or nil,
    message = ("the limit of %s calls a second, which is shared through the ledger, has a queue of %s s, and %s s are "
      .. "left for this call"):format(core.decimal(self.qps), core.decimal(slot - now, 1),
      core.decimal(call.deadline - now, 1)),
    advice = "Start fewer calls at once, give them a longer timeout, or raise qps if the account has more",
  }
end

--- Gives a call a slot. For a call that has one, returns how long the call still waits.
---@param call dataworks.Call its field `admission` is the last decision
---@return dataworks.Admission|nil
---@return table|nil err the fields of an error
function Limit:enqueue(caller, call)
  local slot, known, err = call.admission and call.admission.token, true, nil
  if slot and slot <= math.max(caller.clock(), call.slept_until or 0) then
    known, err = refresh(self, caller)
  end
  if known and not (slot and is_usable(self, slot, caller.clock())) then
    slot, err = take(self, caller)
  end
  if err then
    return nil, err
  end
  local now = caller.clock()
  local wait = slot - math.max(now, call.slept_until or now)
  if wait <= CLOCK_RESOLUTION then
    return { wait = 0 }
  elseif slot >= call.deadline then
    give_back(self, slot)
    return nil, too_long(self, slot, now, call)
  end
  return { wait = wait, token = slot, reason = self:is_paused(now) and "throttled" or "limit" }
end

--- Frees the slot of a call that ended while it was in the queue.
function Limit:leave(_, slot)
  give_back(self, slot)
end

---@return boolean
function Limit:is_paused(now)
  return self.paused_until - now > CLOCK_RESOLUTION
end

-- Replies

function Limit:handles_throttling(err) -- luacheck: no self
  return error_codes.is_throttled(err)
end

--- Pauses the calls of all processes after a throttled reply. The error of an exhausted daily quota is not retryable,
--- and does not pause the calls. If the ledger fails here, the next call says so.
function Limit:on_response(caller, _, err)
  if err and err.retryable and error_codes.is_throttled(err) then
    local pause = err.retry_after or THROTTLED_PAUSE
    self.paused_until = math.max(self.paused_until, caller.clock() + pause)
    query(self, caller, PAUSE, microseconds(pause))
  end
end

return M
