-- Runs many functions at once in few timers. nginx runs at most lua_max_running_timers (256) at a time, and drops the
-- others with nothing but a line in its log. A carrier is a timer that runs a thread for each of many functions.

local semaphores = require "ngx.semaphore"

local M = {}

local MAX_THREADS = 100 -- of a carrier at once
-- nginx frees some memory of a thread only at the end of its timer: after so many threads a carrier takes no more.
local MAX_STARTED = 1000
local MAX_START_DELAY = 1 -- seconds after which nginx must have dropped a timer

local carriers = {}

local function run_job(carrier, job)
  local ok, message = xpcall(function() job.fn(false, job.argument) end, debug.traceback)
  if not ok then
    ngx.log(ngx.ERR, message)
  end
  carrier.ended[#carrier.ended + 1] = coroutine.running()
  carrier.changed:post(1)
end

--- Frees the threads that have ended.
local function reap(carrier)
  local ended = carrier.ended
  carrier.ended = {}
  for _, thread in ipairs(ended) do
    ngx.thread.wait(thread)
  end
  carrier.count = carrier.count - #ended
end

local function start_jobs(carrier)
  local jobs = carrier.jobs
  carrier.jobs = {}
  for _, job in ipairs(jobs) do
    ngx.thread.spawn(run_job, carrier, job)
  end
end

local function remove(carrier)
  for i = #carriers, 1, -1 do
    if carriers[i] == carrier then
      table.remove(carriers, i)
    end
  end
end

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

--- Returns a carrier with room for a function.
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

--- Runs fn(premature, argument) soon, as ngx.timer.at(0, fn, argument) does.
---@param fn fun(premature: boolean, argument: any)
---@param argument any
---@return boolean|nil ok
---@return string|nil message why nginx has no timer
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

--- Starts the timers again that nginx has dropped. To be called every second or so.
function M.check()
  for _, carrier in ipairs(carriers) do
    if not carrier.has_begun and ngx.now() - carrier.started_at > MAX_START_DELAY then
      start_timer(carrier)
    end
  end
end

---@return integer timers
function M.count()
  return #carriers
end

return M
