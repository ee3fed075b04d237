-- Runs many functions at once in few timers of nginx. A timer for each function would not work: nginx runs at most 256
-- timers at a time (lua_max_running_timers), drops the others, and says so only in its log. A carrier is a timer that
-- runs many functions, each in a thread of its own.

local semaphores = require "ngx.semaphore"

local M = {}

local MAX_THREADS = 100 -- threads that a carrier runs at once
-- nginx frees some of a thread's memory only when the timer ends. Therefore a carrier ends after this many threads.
local MAX_STARTED = 1000
local MAX_START_DELAY = 1 -- a timer that has not started after this many seconds was dropped by nginx

local carriers = {}

--- Runs a function in the current thread. Logs an error that the function raises.
local function run_job(carrier, job)
  local ok, message = xpcall(function() job.fn(false, job.argument) end, debug.traceback)
  if not ok then
    ngx.log(ngx.ERR, message)
  end
  carrier.ended[#carrier.ended + 1] = coroutine.running()
  carrier.changed:post(1)
end

--- Waits for the threads that have ended, so that nginx frees them.
local function reap(carrier)
  local ended = carrier.ended
  carrier.ended = {}
  for _, thread in ipairs(ended) do
    ngx.thread.wait(thread)
  end
  carrier.count = carrier.count - #ended
end

--- Starts a thread for each function that waits.
local function start_jobs(carrier)
  local jobs = carrier.jobs
  carrier.jobs = {}
  for _, job in ipairs(jobs) do
    ngx.thread.spawn(run_job, carrier, job)
  end
end

--- Removes a carrier from the list, so that it takes no more functions.
local function remove(carrier)
  for i = #carriers, 1, -1 do
    if carriers[i] == carrier then
      table.remove(carriers, i)
    end
  end
end

--- Runs in the timer of a carrier, until the carrier has no more functions.
local function carry(premature, carrier)
  if carrier.has_begun then
    return
  end
  carrier.has_begun = true
  if premature then
    remove(carrier)
    for _, job in ipairs(carrier.jobs) do
      job.fn(true, job.argument)
    end
    return
  end
  while carrier.count > 0 do
    start_jobs(carrier)
    carrier.changed:wait(60)
    reap(carrier)
  end
  remove(carrier)
end

local function start_timer(carrier)
  carrier.started_at = ngx.now()
  return ngx.timer.at(0, carry, carrier)
end

--- Returns a carrier that can take another function. If there is none, starts one.
local function find_carrier()
  for _, carrier in ipairs(carriers) do
    if carrier.count < MAX_THREADS and carrier.total < MAX_STARTED then
      return carrier
    end
  end
  local carrier = { jobs = {}, ended = {}, count = 0, total = 0, has_begun = false, changed = semaphores.new(0) }
  local ok, message = start_timer(carrier)
  if not ok then
    return nil, message
  end
  carriers[#carriers + 1] = carrier
  return carrier
end

--- Calls fn(premature, argument) soon, as ngx.timer.at(0, fn, argument) does.
---@param fn fun(premature: boolean, argument: any) premature is true if the worker exits
---@param argument any
---@return boolean|nil ok nil if nginx can't start a timer
---@return string|nil message the reason
function M.run(fn, argument)
  local carrier, message = find_carrier()
  if not carrier then
    return nil, message
  end
  carrier.count, carrier.total = carrier.count + 1, carrier.total + 1
  carrier.jobs[#carrier.jobs + 1] = { fn = fn, argument = argument }
  carrier.changed:post(1)
  return true
end

--- Restarts the timers that nginx has dropped. The program must call this function about once a second.
function M.check()
  for _, carrier in ipairs(carriers) do
    if not carrier.has_begun and ngx.now() - carrier.started_at > MAX_START_DELAY then
      start_timer(carrier)
    end
  end
end

--- Returns the number of timers that run or are about to start.
---@return integer timers
function M.count()
  return #carriers
end

return M
