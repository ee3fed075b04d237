-- One fetch of temporary credentials, which serves all calls that need the credentials at that time.

local errors = require "dataworks.error"
local failures = require "dataworks.util.credential_failure"

local M = {}

-- A call waits at most this many seconds for the fetch of another call.
local MAX_WAIT = 60

-- After this many seconds, a fetch counts as lost, because nginx may have killed its coroutine.
local MAX_SECONDS = 120

-- Seconds. If nginx has too many timers, a detached fetch does not start. After this time, the call itself fetches.
local MAX_START_DELAY = 1

---@class dataworks.Flight
---@field cache dataworks.CredentialCache
---@field latch dataworks.Latch|nil the latch that opens when the fetch ends
---@field deadline number
---@field is_early boolean true: the present credentials are still valid
---@field since number
---@field state "queued"|"running"|"found"|"not_configured"|"failed"|"raised"
---@field found dataworks.Credentials|nil
---@field failure dataworks.CredentialFailure|nil
---@field raised any the error in the state "raised"
local Flight = {}
Flight.__index = Flight

--- Creates a flight. Its fetch has not started yet.
function M.new(cache, latch, deadline, is_early)
  return setmetatable({
    cache = cache, latch = latch, deadline = deadline, is_early = is_early, state = "queued",
    since = cache.host.clock(),
  }, Flight)
end

--- Returns whether the fetch has not ended and does not count as lost.
function Flight:is_running()
  return (self.state == "queued" or self.state == "running") and self.cache.host.clock() - self.since < MAX_SECONDS
end

--- Sets the final state, and opens the latch for the calls that wait.
local function finish(self, state)
  local latch = self.latch
  self.state, self.latch = state, nil
  if latch then
    latch.open()
  end
end

local function emit_refresh(self)
  local host, found = self.cache.host, self.found
  local problem = self.failure or found.problem
  host.events:emit {
    type = "refresh", provider = self.cache.name, elapsed = host.clock() - self.since,
    expires = found and found.expiration and found.expiration - host.now() or nil,
    error = problem and errors.new(problem) or nil,
  }
end

--- Fetches the credentials in the coroutine of the caller.
function Flight:run()
  self.state = "running"
  local found, failure = self.cache:load(self.deadline, self.is_early)
  self.found, self.failure = found, failure
  finish(self, found and "found" or failure.not_configured and "not_configured" or "failed")
  if self.state ~= "not_configured" then
    emit_refresh(self)
  end
  return found, failure
end

--- Returns the function that a detached fetch runs. The function is created here and not inside run_detached, because
--- nginx breaks closures over live local variables of a coroutine when it kills this coroutine.
local function detached_function(self)
  return function()
    if self.state == "queued" then
      local ok, err = pcall(self.run, self)
      if not ok then
        self.raised = err
        finish(self, "raised")
      end
    end
  end
end

--- Fetches the credentials in a separate coroutine. If the caller is killed, the fetch continues for the other calls.
function Flight:run_detached()
  local latch, clock = self.latch, self.cache.host.clock
  local is_done = latch.run_detached(detached_function(self))
    and latch.wait(math.min(MAX_START_DELAY, (self.deadline - clock()) / 2))
  if not is_done and self.state == "queued" then
    return self:run()
  end
  is_done = is_done or latch.wait(math.min(MAX_SECONDS, self.deadline - clock() + MAX_START_DELAY))
  if not is_done then
    return nil, failures.cut_short "fetching the credentials takes too long"
  elseif self.state == "raised" then
    error(self.raised, 0)
  end
  return self.found, self.failure
end

--- Waits until the fetch of another call ends.
---@return boolean has_ended true: the caller must check the cache again; false without a failure: the caller must fetch
function Flight:wait(deadline)
  local is_open, lost = self.latch.wait(math.min(MAX_WAIT, deadline - self.cache.host.clock()))
  if is_open == nil then
    -- The coroutine of the fetch ended without a result, or the caller can't wait here. Another waiting call may
    -- already have started a new fetch.
    return self.cache.flight ~= self
  elseif is_open then
    return true
  elseif lost then
    return false, failures.of_request(failures.new("another call is fetching the credentials: " .. lost.message), lost)
  end
  return false, failures.cut_short "another call is fetching the credentials, and the fetch takes too long"
end

return M
