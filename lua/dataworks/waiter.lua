-- Polls until success, failure or a deadline. Knows no network and no clock of its own.

local M = {}

local TIMEOUT, DELAY, MAX_DELAY = 600, 1, 5
local GROWTH = 1.5

---@class dataworks.WaitOptions
---@field timeout? number seconds in all, 600
---@field delay? number seconds before the second poll, 1; it grows by half each time
---@field max_delay? number seconds between polls at the most, 5
---@field on_progress? fun(event: table) before each wait

---@class dataworks.Poller
---@field poll fun(seconds_left: number): "success"|"failure"|"pending", any, table|nil state of the thing, value, error
---@field clock fun(): number
---@field sleep fun(seconds: number)
---@field random fun(): number

-- Three quarters of the delay to all of it, so that many waiters spread.
local function jittered(delay, random)
  return delay * (0.75 + 0.25 * random())
end

local function timed_out(started, options, poller, attempts, last)
  return {
    kind = "timeout", sent = false, attempts = attempts, elapsed = poller.clock() - started,
    message = ("not ready after %g seconds"):format(options.timeout or TIMEOUT)
      .. (last and "; the last poll failed: " .. tostring(last) or ""),
  }
end

---@param poller dataworks.Poller
---@param options dataworks.WaitOptions
---@return any value
---@return table|nil err fields of an error
function M.run(poller, options)
  local started = poller.clock()
  local deadline = started + (options.timeout or TIMEOUT)
  local delay, longest = options.delay or DELAY, options.max_delay or MAX_DELAY
  local attempts = 0
  while true do
    attempts = attempts + 1
    local state, value, err = poller.poll(deadline - poller.clock())
    if state == "success" then return value end
    if state == "failure" then return nil, err end
    local pause = jittered(math.min(delay, longest), poller.random)
    delay = delay * GROWTH
    if poller.clock() + pause >= deadline then return nil, timed_out(started, options, poller, attempts, err) end
    if options.on_progress then
      options.on_progress { step = "waiting", elapsed = poller.clock() - started, attempt = attempts, delay = pause, status = value, error = err }
    end
    poller.sleep(pause)
  end
end

return M
