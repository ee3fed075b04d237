-- Temporary credentials: fetched once for all who ask, ahead of their expiry, and kept while they are valid when that
-- fails. The secrets stay in closures.

local errors = require "dataworks.error"
local failures = require "dataworks.util.credential_failure"
local error_codes = require "dataworks.protocol.error_codes"

local M = {}

-- Seconds before the expiry, or this part of a shorter life; and up to half as much more, so that many clients don't
-- refresh at once.
local AHEAD, AHEAD_PART = 300, 1 / 4

-- How long those without an expiry are used before they are fetched again.
local UNDATED = 5

-- What was fetched this recently is not fetched again when the service calls it expired.
local RECENT = 5

local LONGEST_PAUSE = 60
local LONGEST_WAIT = 60

-- A fetch that takes longer was given up with its coroutine.
local ABANDONED = 120

-- A fetch of its own that has not begun after this will not: there were too many others.
local NOT_BEGUN = 1

---@class dataworks.Provider
---@field name? string
---@field get fun(deadline: number): dataworks.Credentials|nil, table|nil the deadline is one of host.clock
---@field expire fun(): boolean forgets what it has fetched; can there be others?

---@param name string for events
---@param fetch fun(deadline: number): dataworks.Credentials|nil, table|nil
---@param host dataworks.CredentialHost
---@param stored? dataworks.Credentials|nil fetched before by somebody else, with their expiration
---@return dataworks.Provider
function M.new(name, fetch, host, stored)
  local held, expires, due, fetched_at
  local failure, failed = nil, 0
  local retry_at, ahead_at = -math.huge, -math.huge
  local busy, absent = false, false
  if host.shared then
    fetch = host.shared(name, fetch)
  end

  local function is_busy()
    return busy ~= false and host.clock() - busy.since < ABANDONED
  end

  local function hold(found, since)
    local now = host.now()
    held, fetched_at, expires = found, since, found.expiration or now + UNDATED
    due = expires
    if found.expiration then
      due = expires - math.min(AHEAD, (expires - now) * AHEAD_PART) * (1 + host.random() / 2)
    end
  end

  local function keep(found)
    if found.expiration and found.expiration <= host.now() then
      return nil, failures.new "what was fetched has expired already; is the clock of this machine right?"
    end
    hold(found, host.clock())
    failure, failed, retry_at, ahead_at = nil, 0, -math.huge, -math.huge
    return found
  end

  --- A fetch that the caller's deadline cut short says nothing about the next; unless it was one ahead, which would
  --- hold up one call after the other.
  local function remember(why, ahead)
    if why.absent or why.hurried and not ahead then
      return
    end
    failed = failed + 1
    local pause = why.pause or math.min(LONGEST_PAUSE, 2 ^ (failed - 1)) * (0.5 + host.random() / 2)
    local again = host.clock() + pause
    if ahead then
      ahead_at = again
      return
    elseif (why.status or 0) >= 500 or error_codes.is_throttled(why) then
      -- The caller may repeat its call, but not before that can help.
      why.retry_after = why.retry_after or pause
    end
    failure, retry_at = why, again
  end

  local function tell(found, problem, elapsed)
    host.emit {
      type = "refresh", provider = name, elapsed = elapsed,
      expires = found and found.expiration and found.expiration - host.now() or nil,
      error = problem and errors.new(problem) or nil,
    }
  end

  local function release(mine)
    if busy == mine then
      busy = false
    end
    if mine.gate then
      mine.gate.open()
    end
  end

  local function fetch_for_all(mine, deadline, ahead)
    local found, why = fetch(deadline)
    if found then
      found, why = keep(found)
    end
    if not found then
      remember(why, ahead)
    end
    mine.found, mine.why = found, why
    absent = not found and why.absent
    release(mine)
    if not absent then
      tell(found, why or found.problem, host.clock() - mine.since)
    end
    return found, why
  end

  --- A function of its own: the variables of a coroutine that was killed are gone, also for functions made in it.
  local function fetcher(mine, deadline, ahead)
    return function()
      if not mine.begun then
        mine.begun = true
        local ok, err = pcall(fetch_for_all, mine, deadline, ahead)
        mine.raised = not ok and { err }
        release(mine)
      end
    end
  end

  --- So that it goes on for the others when whoever asked is killed meanwhile.
  local function fetch_apart(mine, deadline, ahead)
    local wait = mine.gate.wait
    local started = mine.gate.run_detached(fetcher(mine, deadline, ahead))
    if not started or not wait(math.min(NOT_BEGUN, (deadline - host.clock()) / 2)) and not mine.begun then
      mine.begun = true
      return fetch_for_all(mine, deadline, ahead)
    elseif not wait(math.min(ABANDONED, deadline - host.clock() + NOT_BEGUN)) then
      return nil, failures.hurried(failures.new "fetching them takes too long")
    elseif mine.raised then
      error(mine.raised[1], 0)
    end
    return mine.found, mine.why
  end

  local function refresh(deadline, gate, ahead)
    if host.closed() then
      return nil, failures.CLOSED
    end
    local mine = { since = host.clock(), gate = gate }
    busy = mine
    -- What was not set up most likely isn't now, and that takes no time to find out.
    if gate and gate.run_detached and not absent then
      return fetch_apart(mine, deadline, ahead)
    end
    return fetch_for_all(mine, deadline, ahead)
  end

  if stored and stored.expiration > host.now() then
    hold(stored, -math.huge)
  end

  local provider = { name = name }

  --- Refreshing ahead may take half of what time there is, since the call can go on without.
  local function get_valid(deadline)
    local clock = host.clock()
    if host.now() < due or clock < ahead_at or is_busy() then
      return held
    end
    local gate, wrong = host.gate()
    if wrong then
      return held
    end
    return refresh(math.min(clock + (deadline - clock) / 2, clock + LONGEST_WAIT), gate, true) or held
  end

  --- Waits until another call is done with fetching them.
  ---@return boolean|nil true: it is done; nil: nothing is to be waited for here
  ---@return table|nil failure
  local function let_fetch(deadline)
    local other = is_busy() and busy
    if not other or not other.gate then
      return nil
    end
    local open, lost = other.gate.wait(math.min(LONGEST_WAIT, deadline - host.clock()))
    if open == nil and busy ~= other then
      return true -- it ended without, and one of those who waited is on it already
    elseif open ~= false then
      return open
    elseif lost then
      return false, failures.of_call(failures.new("another call is fetching them: " .. lost.message), lost)
    end
    return false, failures.hurried(failures.new "another call is fetching them, and that takes too long")
  end

  function provider.get(deadline)
    while true do
      if held and host.now() < expires then
        return get_valid(deadline)
      end
      local gate, wrong = host.gate()
      if wrong then
        return nil, wrong
      end
      local open, why = let_fetch(deadline)
      if why then
        return nil, why
      elseif not open then
        if failure and host.clock() < retry_at then
          return nil, failure
        end
        return refresh(deadline, gate)
      end
    end
  end

  function provider.expire()
    if not held then
      return is_busy()
    elseif host.clock() - fetched_at < RECENT then
      return false
    end
    held, failure, retry_at = nil, nil, -math.huge
    return true
  end

  return provider
end

return M
