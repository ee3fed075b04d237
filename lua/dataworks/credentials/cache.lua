-- Keeps temporary credentials. They are fetched once for all calls, used while they are valid, and renewed before they
-- expire.

local error_codes = require "dataworks.protocol.error_codes"
local failures = require "dataworks.util.credential_failure"
local flights = require "dataworks.credentials.flight"

local M = {}

-- Renewal begins RENEWAL_SECONDS before the credentials expire. Credentials with a short life are renewed in the last
-- RENEWAL_PART of their life instead. Up to half of this time is added at random, so that many clients do not renew at
-- the same time.
local RENEWAL_SECONDS, RENEWAL_PART = 300, 1 / 4

-- Credentials without an expiry are used for this many seconds.
local UNDATED_SECONDS = 5

-- Seconds. If the service calls younger credentials expired, they are fetched again once.
local MIN_AGE = 5

-- The longest pause, in seconds, between failed fetches.
local MAX_PAUSE = 60

-- An early renewal takes at most half of the call's time, and at most this many seconds, because the call can continue
-- with the present credentials.
local MAX_EARLY_SECONDS = 60

local NEVER = -math.huge

---@alias dataworks.CredentialFetch
---| fun(subject: table, deadline: number): dataworks.Credentials|nil, dataworks.CredentialFailure|nil

---@class dataworks.CredentialCache: dataworks.Provider
---@field host dataworks.CredentialHost
---@field fetch dataworks.CredentialFetch
---@field subject table the first argument of `fetch`
---@field held dataworks.Credentials|nil
---@field expires_at number a time of host.now; renew_at is such a time too
---@field renew_at number
---@field fetched_at number a time of host.clock; retry_at and early_retry_at are such times too
---@field flight dataworks.Flight|nil the last fetch
---@field failed integer the number of failed fetches since the last successful fetch
---@field failure dataworks.CredentialFailure|nil the failure that `get` returns until retry_at
---@field retry_at number
---@field early_retry_at number
---@field refused_young boolean whether the last credentials were refused at once
---@field replaced_young boolean whether the present credentials replace others that were refused at once
local Cache = {}
Cache.__index = Cache

local function hold(self, found, fetched_at)
  local host = self.host
  local now = host.now()
  self.held, self.fetched_at = found, fetched_at
  self.replaced_young, self.refused_young = self.refused_young, false
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

--- Decides after a failure when credentials may be fetched again.
local function remember_failure(self, failure, is_early)
  -- If a fetch failed because the deadline of its call passed, the next fetch may still succeed. An early renewal is
  -- the exception: if each renewal hung, each call would be delayed.
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
    -- The caller may retry its call. Before the next fetch is allowed, such a retry would fail.
    failure.retry_after = failure.retry_after or pause
  end
  self.failure, self.retry_at = failure, retry_at
end

--- Fetches credentials and holds them. After a failure, decides when to fetch again.
---@param is_early boolean whether the present credentials are still valid
function Cache:load(deadline, is_early)
  local host = self.host
  local found, failure = self.fetch(self.subject, deadline)
  if found and found.expiration and found.expiration <= host.now() then
    found, failure = nil, failures.new "the credentials have expired already; is the clock of this machine right?"
  end
  if found then
    hold(self, found, host.clock())
    forget_failure(self)
  else
    remember_failure(self, failure, is_early)
  end
  return found, failure
end

local function is_fetching(self)
  return self.flight ~= nil and self.flight:is_running()
end

local function start_flight(self, latch, deadline, is_early)
  if self.host:is_closed() then
    return nil, failures.CLOSED
  end
  local last = self.flight
  local flight = flights.new(self, latch, deadline, is_early)
  self.flight = flight
  -- A detached fetch is not worthwhile if the provider is not configured, because finding this out takes no time.
  if latch and latch.run_detached and not (last and last.state == "not_configured") then
    return flight:run_detached()
  end
  return flight:run()
end

--- Returns the valid credentials at hand. If it is time to renew them, and no other call renews them, fetches new
--- credentials first.
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

--- Forgets the present credentials. Credentials that were fetched a moment ago are forgotten once: the service may
--- refuse them because another one was issued meanwhile. If their successors are refused as quickly, the cause is
--- another one.
---@return boolean may_differ whether the next credentials may be different ones
function Cache:expire()
  if not self.held then
    return is_fetching(self)
  end
  local is_young = self.host.clock() - self.fetched_at < MIN_AGE
  if is_young and self.replaced_young then
    return false
  end
  self.refused_young = is_young
  self.held, self.failure, self.retry_at = nil, nil, NEVER
  return true
end

---@param name string the name of the provider in events
---@param stored? dataworks.Credentials|nil credentials that another program has fetched; they have an expiration
function M.new(name, host, fetch, subject, stored)
  local self = setmetatable({ name = name, host = host, fetch = fetch, subject = subject }, Cache)
  if host.shared then
    self.fetch, self.subject = host.shared:wrap(name, fetch, subject)
  end
  self.refused_young, self.replaced_young = false, false
  forget_failure(self)
  if stored and stored.expiration > host.now() then
    hold(self, stored, NEVER)
  end
  return self
end

return M
