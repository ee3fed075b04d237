-- Caches temporary credentials: fetches them once for all calls, and renews them before they expire.

local error_codes = require "dataworks.protocol.error_codes"
local failures = require "dataworks.util.credential_failure"
local flights = require "dataworks.credentials.flight"

local M = {}

-- Credentials are renewed 300 seconds before they expire. If they are valid for less than 1200 seconds, they are
-- renewed when a quarter of that time is left. A random addition of up to a half prevents many clients from renewing at
-- once.
local RENEWAL_SECONDS, RENEWAL_PART = 300, 1 / 4

-- Seconds for which credentials without an expiry are used.
local UNDATED_SECONDS = 5

-- When the service says that credentials have expired, credentials fetched less than this many seconds ago are kept.
local MIN_AGE = 5

-- The longest pause, in seconds, between failed fetches.
local MAX_PAUSE = 60

-- While the present credentials are still valid, a call spends at most half of its remaining time, and at most this
-- many seconds, on fetching new ones.
local MAX_EARLY_SECONDS = 60

local NEVER = -math.huge

---@alias dataworks.CredentialFetch
---| fun(subject: table, deadline: number): dataworks.Credentials|nil, dataworks.CredentialFailure|nil

---@class dataworks.CredentialCache: dataworks.Provider
---@field host dataworks.CredentialHost
---@field fetch dataworks.CredentialFetch
---@field subject table the first argument of fetch
---@field held dataworks.Credentials|nil the present credentials
---@field expires_at number when they expire, by host.now
---@field renew_at number when to renew them, by host.now
---@field fetched_at number when they were fetched, by host.clock
---@field flight dataworks.Flight|nil the last fetch
---@field failed integer the number of failed fetches since the last success
---@field failure dataworks.CredentialFailure|nil what `get` returns until retry_at
---@field retry_at number when to fetch again after a failure, by host.clock
---@field early_retry_at number when to fetch again after a failed early renewal, by host.clock
local Cache = {}
Cache.__index = Cache

--- Makes these the present credentials.
local function hold(self, found, fetched_at)
  local host = self.host
  local now = host.now()
  self.held, self.fetched_at = found, fetched_at
  self.expires_at = found.expiration or now + UNDATED_SECONDS
  self.renew_at = self.expires_at
  if found.expiration then
    local early = math.min(RENEWAL_SECONDS, (self.expires_at - now) * RENEWAL_PART)
    self.renew_at = self.expires_at - early * (1 + host.random() / 2)
  end
end

local function forget_failure(self)
  self.failure, self.failed, self.retry_at, self.early_retry_at = nil, 0, NEVER, NEVER
end

--- Records a failed fetch, and decides when to fetch again.
local function remember_failure(self, failure, is_early)
  -- If the deadline of the call ended the fetch, another call may have more time, so the next call fetches at once. But
  -- after an early renewal that took too long there is a pause, because otherwise each call would have to wait.
  if failure.not_configured or failure.cut_short and not is_early then
    return
  end
  local host = self.host
  self.failed = self.failed + 1
  local pause = failure.pause or math.min(MAX_PAUSE, 2 ^ (self.failed - 1)) * (0.5 + host.random() / 2)
  local retry_at = host.clock() + pause
  if is_early then
    self.early_retry_at = retry_at
    return
  elseif (failure.status or 0) >= 500 or error_codes.is_throttled(failure) then
    -- A retry of the call before the next fetch would fail again.
    failure.retry_after = failure.retry_after or pause
  end
  self.failure, self.retry_at = failure, retry_at
end

--- Fetches credentials. Stores them in the cache, or records the failure.
---@param deadline number
---@param is_early boolean whether the present credentials are still valid
---@return dataworks.Credentials|nil
---@return dataworks.CredentialFailure|nil
function Cache:load(deadline, is_early)
  local host = self.host
  local found, failure = self.fetch(self.subject, deadline)
  if found and found.expiration and found.expiration <= host.now() then
    found, failure = nil, failures.new "what was fetched has expired already; is the clock of this machine right?"
  end
  if found then
    hold(self, found, host.clock())
    forget_failure(self)
  else
    remember_failure(self, failure, is_early)
  end
  return found, failure
end

--- Returns whether a fetch is in progress.
local function is_fetching(self)
  return self.flight ~= nil and self.flight:is_running()
end

--- Starts a fetch and returns its result.
local function start_flight(self, latch, deadline, is_early)
  if self.host:is_closed() then
    return nil, failures.CLOSED
  end
  local last = self.flight
  local flight = flights.new(self, latch, deadline, is_early)
  self.flight = flight
  -- If the provider was not configured at the last fetch, another fetch most likely ends at once, so it needs no timer.
  if latch and latch.run_detached and not (last and last.state == "not_configured") then
    return flight:run_detached()
  end
  return flight:run()
end

--- Returns the present credentials, which are valid. If it is time to renew them and no other call is doing so, fetches
--- new ones and returns those.
local function get_valid(self, deadline)
  local host = self.host
  local clock = host.clock()
  if host.now() < self.renew_at or clock < self.early_retry_at or is_fetching(self) then
    return self.held
  end
  local latch, refusal = host:latch()
  if refusal then
    return self.held
  end
  local latest = clock + math.min((deadline - clock) / 2, MAX_EARLY_SECONDS)
  return start_flight(self, latch, latest, true) or self.held
end

--- Returns valid credentials. Fetches them, or waits for the fetch of another call, if there are none.
---@param deadline number
---@return dataworks.Credentials|nil
---@return dataworks.CredentialFailure|nil
function Cache:get(deadline)
  while not (self.held and self.host.now() < self.expires_at) do
    local latch, refusal = self.host:latch()
    if refusal then
      return nil, refusal
    end
    local has_ended, failure = false, nil
    if is_fetching(self) and self.flight.latch then
      has_ended, failure = self.flight:wait(deadline)
    end
    if failure then
      return nil, failure
    elseif not has_ended and self.failure and self.host.clock() < self.retry_at then
      return nil, self.failure
    elseif not has_ended then
      return start_flight(self, latch, deadline, false)
    end
  end
  return get_valid(self, deadline)
end

--- Forgets the present credentials, unless they were fetched very recently.
---@return boolean may_differ whether the next credentials may be different ones
function Cache:expire()
  if not self.held then
    return is_fetching(self)
  elseif self.host.clock() - self.fetched_at < MIN_AGE then
    return false
  end
  self.held, self.failure, self.retry_at = nil, nil, NEVER
  return true
end

--- Creates a cache, which is a provider.
---@param name string the name of the provider in events
---@param host dataworks.CredentialHost
---@param fetch dataworks.CredentialFetch
---@param subject table
---@param stored? dataworks.Credentials|nil credentials that another program has fetched; must have an `expiration`
---@return dataworks.CredentialCache
function M.new(name, host, fetch, subject, stored)
  local self = setmetatable({ name = name, host = host, fetch = fetch, subject = subject }, Cache)
  if host.shared then
    self.fetch, self.subject = host.shared:wrap(name, fetch, subject)
  end
  forget_failure(self)
  if stored and stored.expiration > host.now() then
    hold(self, stored, NEVER)
  end
  return self
end

return M
