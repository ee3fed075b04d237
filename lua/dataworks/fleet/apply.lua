-- Applies a manifest: queues what differs from the ledger, claims tasks and works on several at a time, until the fleet
-- has no unfinished task. Any number of processes can do that with one ledger.

local concurrency = require "dataworks.concurrency.run"
local core = require "dataworks.core"
local error_codes = require "dataworks.protocol.error_codes"
local ids = require "dataworks.util.ids"
local transports = require "dataworks.transport.choose"
local works = require "dataworks.fleet.work"

local M = {}

-- Seconds between two looks for tasks: while this runner works, and while only others work.
local BUSY_PAUSE, IDLE_PAUSE = 0.02, 0.3
local MAX_RETRIES = 8
local MAX_RETRY_DELAY = 60

--- Final codes that mean that a quota of calls is used up.
local QUOTA = { ["Throttling.Day"] = true, ["Throttling.Api.Risk"] = true, ["Throttling.Resource"] = true }

--- Returns the reason why an error stops the whole run; nil if it concerns one task.
local function reason_to_stop(err)
  if err.kind == "credentials" or error_codes.refuses_keys(err) then
    return "credentials"
  end
  return QUOTA[err.code] and "quota" or nil
end

---@class dataworks.fleet.Run
---@field options table
---@field ledger dataworks.fleet.Ledger
---@field owner string a random id
---@field claims table<string, dataworks.fleet.Claim> by name
---@field in_flight integer
---@field left integer|nil how many tasks of the fleet were unfinished when this runner was last idle
---@field done integer
---@field failed integer
---@field stopped string|nil why no more tasks are claimed
---@field cause dataworks.Error|nil the error that stopped the run

local function emit(run, event)
  if run.options.on_event then
    event.done, event.failed, event.in_flight = run.done, run.failed, run.in_flight
    run.options.on_event(event)
  end
end

local function stop(run, reason, cause)
  if not run.stopped then
    run.stopped, run.cause = reason, cause
  end
end

--- Returns whether another try of the task may succeed.
local function is_passing(err)
  return err.retryable or err.kind == "timeout" or err.kind == "transport" or err.may_have_acted
end

--- Returns the text of an error without the id of its request, so that equal causes have equal texts.
local function cause_of(err)
  local brief = setmetatable({}, getmetatable(err))
  for name, value in pairs(err) do
    brief[name] = value
  end
  brief.request_id = nil
  return tostring(brief)
end

--- Ends a claim after an error.
local function fail(run, claim, err)
  local name, reason = claim.name, reason_to_stop(err)
  if reason then
    stop(run, reason, err)
    run.ledger:give_back(claim, cause_of(err), 0)
  elseif err.kind == "cancelled" then
    run.ledger:give_back(claim, nil, 0)
  elseif is_passing(err) and tonumber(claim.tries) <= MAX_RETRIES then
    local delay = math.min(err.retry_after or 0.1 * 2 ^ tonumber(claim.tries), MAX_RETRY_DELAY)
    run.ledger:give_back(claim, cause_of(err), delay * (0.5 + core.random()))
    emit(run, { type = "retry", name = name, err = err })
  else
    run.ledger:give_back(claim, cause_of(err))
    run.failed = run.failed + 1
    emit(run, { type = "failed", name = name, err = err, cause = cause_of(err) })
    if run.options.max_failures and run.failed >= run.options.max_failures then
      stop(run, "failures", err)
    end
  end
end

--- Writes the outcome of the work on a claim.
local function end_claim(run, claim, work, outcome)
  local fault = outcome.state == "failed" and outcome.err
  if claim.lost then
    emit(run, { type = "lost", name = claim.name })
  elseif outcome.state == "finished" and run.ledger:finish(claim, work.task.digest) then
    run.done = run.done + 1
    emit(run, { type = "done", name = claim.name, FileId = claim.file_id })
  elseif type(fault) == "table" and fault.failed then
    fail(run, claim, fault.failed)
  elseif fault then
    error(fault, 0)
  end
end

--- Stops the run because of an error that is not about one task.
local function stop_by_fault(run, fault)
  run.fault = run.fault or fault
  stop(run, "fault")
end

--- Works on a claim in a task of the loop. There is no pcall around the work, since Lua 5.1 can't yield across it.
local function start(run, claim)
  local work = {
    client = run.options.client, ledger = run.ledger, lease = run.options.lease, project = ids.native(run.project),
    fleet = run.fleet, claim = claim, task = core.decode(claim.spec), emit = function(event) emit(run, event) end,
  }
  run.claims[claim.name] = claim
  run.in_flight = run.in_flight + 1
  concurrency.spawn(works.run, work).on_end = function(outcome)
    run.in_flight = run.in_flight - 1
    if run.claims[claim.name] == claim then
      run.claims[claim.name] = nil
    end
    local ok, fault = pcall(end_claim, run, claim, work, outcome)
    if outcome.state == "failed" then
      outcome:mark_reported()
    end
    if not ok then
      stop_by_fault(run, fault)
    end
  end
end

--- Renews the leases, and marks the claims that are lost.
local function heartbeat(run)
  local nap = math.min(0.1, run.options.lease / 3)
  while not run.ended do
    local held = {}
    for name, claim in pairs(run.claims) do
      held[name] = not claim.lost and claim or nil
    end
    local renewed = run.ledger:renew(run.owner, run.options.lease, held)
    for name, claim in pairs(held) do
      claim.lost = claim.lost or not renewed[name]
    end
    emit(run, { type = "counts", counts = run.ledger:counts() })
    local wake = core.clock() + run.options.lease / 3
    while not run.ended and core.clock() < wake do
      if transports.sleep(nap) == "cancelled" then
        return
      end
    end
  end
end

--- Claims and works until the fleet has no unfinished task, until the run stops, or until Ctrl-C cancels this task.
local function claim_and_work(run)
  while true do
    local free, claims = run.options.concurrency - run.in_flight, {}
    if free > 0 and not run.stopped then
      claims = run.ledger:claim(run.owner, free, run.options.lease)
      for _, claim in ipairs(claims) do
        start(run, claim)
      end
    end
    if run.in_flight == 0 then
      local counts = run.ledger:counts()
      run.left = counts["0"] + counts["1"]
      emit(run, { type = "counts", counts = counts })
      if run.stopped or run.left == 0 then
        return
      end
    end
    if transports.sleep(#claims == 0 and run.in_flight == 0 and IDLE_PAUSE or BUSY_PAUSE) == "cancelled" then
      return stop(run, "interrupted")
    end
  end
end

--- Spawns a task of the run whose error stops the run.
local function spawn(run, fn)
  local task = concurrency.spawn(fn, run)
  task.on_end = function(outcome)
    if outcome.state == "failed" then
      outcome:mark_reported()
      stop_by_fault(run, outcome.err)
    end
    -- The heartbeat ends with the work, whatever ended the work.
    run.ended = run.ended or fn == claim_and_work
  end
end

local function run_loop(run)
  spawn(run, heartbeat)
  spawn(run, claim_and_work)
end

---@class dataworks.fleet.Result
---@field done integer how many tasks this runner applied
---@field failed { name: string, error: string }[] the tasks that failed, in any runner
---@field left integer how many tasks are unfinished. With `only`, other tasks are not counted
---@field stopped string|nil why the run ended early: quota, failures or credentials
---@field cause dataworks.Error|nil

--- Works on a ledger until the fleet is applied.
---@param manifest dataworks.fleet.Manifest
---@param ledger dataworks.fleet.Ledger
---@param options { client: dataworks.Client, lease: number, concurrency: integer, max_failures?: integer,
---  on_event?: function, label: string, matches: fun(name: string): boolean }
---@return dataworks.fleet.Result
function M.run(manifest, ledger, options)
  local run = {
    options = options, ledger = ledger, owner = core.nonce(), claims = {}, in_flight = 0, done = 0, failed = 0,
    project = manifest.project, fleet = manifest.fleet,
  }
  ledger:join(run.owner, options.label)
  local ok, interruption = pcall(concurrency.run, run_loop, run)
  local left, problem = pcall(ledger.leave, ledger, run.owner)
  if not ok or run.fault then
    error(run.fault or interruption, 0)
  elseif not left then
    error(problem, 0)
  end
  local failed = {}
  for name, row in pairs(ledger:rows()) do
    if row.state == "3" and options.matches(name) then
      failed[#failed + 1] = { name = name, error = row.error }
    end
  end
  table.sort(failed, function(a, b) return a.name < b.name end)
  return {
    done = run.done, failed = failed, left = run.left, stopped = run.stopped, cause = run.cause,
  }
end

return M
