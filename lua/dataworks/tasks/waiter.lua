-- Polls an action until a reply shows success or failure, or until the deadline passes.

local core = require "dataworks.core"
local errors = require "dataworks.error"

local M = {}

local TIMEOUT, DELAY, MAX_DELAY, DELAY_GROWTH = 600, 1, 5, 1.5

-- The message keeps at most this many bytes of a status.
local MAX_STATUS_BYTES = 200

---@class dataworks.WaitOptions
---@field timeout? number seconds for all polls together; default: 600
---@field delay? number seconds before the second poll; default: 1. Each later delay is 1.5 times as long as the one
--- before.
---@field max_delay? number the longest delay in seconds; default: 5
---@field on_progress? fun(event: table) called before each delay; if the callback raises an error, the wait ends with
--- an error of kind "cancelled"

M.OPTIONS = { timeout = "seconds", delay = "seconds", max_delay = "seconds", on_progress = "function" }

---@alias dataworks.PollOutcome "success"|"failure"|"pending"

---@class dataworks.Watch
---@field row dataworks.Action the action that is polled
---@field params table
---@field unmet string the beginning of the message of a timeout, for example "the configuration is not ready"
---@field classify fun(result: table|nil, err: dataworks.Error|nil): dataworks.PollOutcome, any, dataworks.Error|nil
---  gets a reply, or an error that is not retryable; returns the outcome, then the result (on success) or a status to
---  show (when pending), then the error (on failure)

function M.deadline(caller, options)
  return caller.clock() + (options.timeout or TIMEOUT)
end

function M.call_timeout(caller, deadline)
  return math.min(deadline - caller.clock(), caller.timeout)
end

--- Makes one poll. A retryable error counts as pending.
local function poll(caller, watch, deadline)
  local result, err = caller:perform(watch.row, watch.params, { timeout = M.call_timeout(caller, deadline) })
  if err and err.retryable then
    return "pending", nil, err
  end
  return watch.classify(result, err)
end

local function failure(watch, fields, elapsed)
  local err = errors.new(fields)
  err.action, err.elapsed, err.retryable = watch.row.name, elapsed, true
  return err
end

local function timed_out(watch, elapsed, polls, status, last_err)
  local message = ("%s after %s s and %d polls"):format(watch.unmet, core.decimal(elapsed, 1), polls)
  if last_err then
    message = ("%s; the last poll failed: %s"):format(message, last_err.message)
  elseif status ~= nil then
    message = ("%s; the last status is %s"):format(message, errors.line(status, MAX_STATUS_BYTES))
  end
  return failure(watch, { kind = "timeout", sent = false, message = message, attempts = polls }, elapsed)
end

--- Reports a delay to the callback on_event and then to on_progress. If on_progress raises an error, returns the error
--- that ends the wait.
local function report(caller, watch, options, event)
  caller.events:emit {
    type = "wait", action = watch.row.name, attempt = event.attempt, elapsed = event.elapsed, delay = event.delay,
  }
  local stopped = errors.run_callback("on_progress", options.on_progress, event)
  return stopped and failure(watch, stopped, event.elapsed)
end

function M.wait(caller, watch, options)
  local started, polls = caller.clock(), 0
  local deadline = options.deadline or M.deadline(caller, options)
  local delay, max_delay = options.delay or DELAY, options.max_delay or MAX_DELAY
  local outcome, value, err
  while caller.clock() < deadline do
    outcome, value, err = poll(caller, watch, deadline)
    polls = polls + 1
    if outcome == "success" then
      return value
    elseif outcome == "failure" then
      return nil, err
    end
    local now = caller.clock()
    -- The pause is a random time between half of the delay and the whole delay, so that programs that start at the same
    -- time do not poll at the same time.
    local jittered = math.min(delay, max_delay) * (0.5 + 0.5 * caller.random())
    local pause = math.max(jittered, err and err.retry_after or 0)
    if now + pause >= deadline then
      break
    end
    local stopped = report(caller, watch, options, {
      step = "polling", elapsed = now - started, attempt = polls, status = value, delay = pause, error = err,
    })
    if stopped then
      return nil, stopped
    end
    caller:sleep(pause)
    delay = delay * DELAY_GROWTH
  end
  return nil, timed_out(watch, caller.clock() - started, polls, value, err)
end

return M
