-- A loop runs tasks in one thread. The tasks take turns. The loop also has their timers and their requests.

local check_options = require "dataworks.util.check_options"
local core = require "dataworks.core"
local failed_tasks = require "dataworks.concurrency.failed_tasks"
local latches = require "dataworks.concurrency.latch"
local misuse = require "dataworks.util.misuse"
local new_queue = require "dataworks.util.queue"
local recovery = require "dataworks.concurrency.recovery"
local scheduler = require "dataworks.transport.scheduler"
local tasks = require "dataworks.concurrency.task"
local timers = require "dataworks.concurrency.timers"
local transfers = require "dataworks.transport.curl_transfers"

local M = {}

local unpack_list = table.unpack or unpack

scheduler.current_task = tasks.current
scheduler.latch = latches.new

function scheduler.is_cancelled()
  local task = tasks.running()
  return task and task.is_cancelled
end

---@class dataworks.Loop
---@field tasks table<dataworks.Task, true> the tasks that are not completed
---@field alive integer the number of tasks that are not completed
---@field ready dataworks.Queue entries of the form {task, number of values, values to resume the task with...}
local Loop = { __name = "dataworks.Loop" }
Loop.__index = Loop

function M.new()
  local self = {
    alive = 0, tasks = {}, failed_tasks = failed_tasks.new(), ready = new_queue(), timers = timers.new(),
    closed = false,
  }
  self.transfers = transfers.new(self)
  return setmetatable(self, Loop)
end

function Loop:__tostring()
  return ("dataworks.Loop (%s, %d tasks)"):format(self.closed and "closed" or "open", self.alive)
end

--- Raises misuse if `self` is not a loop, or if the loop is closed.
local function check_open(self, method)
  check_options.check_self(Loop, self, method)
  if self.closed then
    misuse(method .. ": the loop is closed")
  end
end

-- Tasks

--- Creates a task that calls fn with the other arguments. The task first runs in the next round of the loop.
---@param fn function
---@return dataworks.Task
function Loop:spawn(fn, ...)
  check_open(self, "spawn")
  if type(fn) ~= "function" then
    misuse("spawn: fn must be a function, as in function() ... end, got " .. check_options.describe(fn))
  end
  local task = tasks.new(self, fn)
  -- The order matters when an error such as that of Ctrl-C ends this function early: a known task must be in the queue.
  self.ready:push { task, select("#", ...), ... }
  self.tasks[task] = true
  self.alive = self.alive + 1
  return task
end

--- Removes a task that has ended.
---@param task dataworks.Task
function Loop:remove(task)
  self.tasks[task] = nil
  self.alive = self.alive - 1
end

--- Counts the tasks again, because a spawn that ended early may have left its task out of the count.
---@return boolean has_tasks
function Loop:recount()
  self.alive = 0
  for _ in pairs(self.tasks) do
    self.alive = self.alive + 1
  end
  return self.alive > 0
end

function Loop:cancel_all()
  for task in pairs(self.tasks) do
    task:cancel()
  end
end

-- Rounds

--- Gives each ready task a turn. A task that becomes ready during this function gets its turn in the next round.
local function run_ready(self)
  for _ = 1, self.ready:length() do
    local entry = self.ready:pop()
    local task = entry and entry[1]
    local state = task and task.state
    if state == "new" and task.is_cancelled then
      task:skip()
    elseif state == "new" or state == "ready" then -- after an interruption, a queued task may be in another state
      task:resume(unpack_list(entry, 3, 2 + entry[2]))
    end
  end
end

--- Returns the seconds until a task can continue even if no reply arrives.
local function seconds_until_due(self)
  if self.ready:length() > 0 then
    return 0
  end
  local due = self.timers:due()
  return due and math.max(due - core.clock(), 0) or math.huge
end

--- Raises an error with the traceback of one task, because no task can ever continue.
local function raise_deadlock(self)
  local task = next(self.tasks)
  local message = ("every task waits for another one; one of %d waits here:"):format(self.alive)
  error(debug.traceback(task.thread, message, 2), 0) -- level 2 omits the frames of the wait
end

--- Runs one round: first the ready tasks, then the requests, then the timers.
---@return boolean has_tasks whether the loop still has tasks
local function run_round(self, timeout)
  run_ready(self)
  self.transfers:advance()
  local wait = seconds_until_due(self)
  if wait == math.huge and not self.transfers:is_busy() and self:recount() then
    raise_deadlock(self)
  elseif self.alive <= 0 then
    wait = 0
  end
  self.transfers:poll(math.min(wait, timeout))
  self.timers:fire(core.clock())
  return self.alive > 0 or self:recount()
end

--- Runs rounds until no task is left.
function Loop:drive()
  while run_round(self, math.huge) do -- luacheck: ignore 542
  end
end

-- Methods for a program that has an event loop of its own

--- Runs the ready tasks, and then waits at most `timeout` seconds for replies and timers. When no task is left, raises
--- the error of failed tasks that no task has joined.
---@param timeout? number seconds; default: 0
---@return boolean has_tasks whether the loop still has tasks
function Loop:step(timeout)
  check_open(self, "step")
  if timeout ~= nil and (type(timeout) ~= "number" or timeout ~= timeout) then
    misuse("step: timeout must be a number of seconds, got " .. check_options.describe(timeout, "number"))
  elseif tasks.running() then
    misuse "step: a task can't step a loop"
  end
  local ok, more = pcall(run_round, self, timeout or 0)
  if not ok then
    error(recovery.recover(self, more), 0)
  elseif more then
    return true
  end
  local has_failed, err = self.failed_tasks:report()
  if has_failed then
    self.failed_tasks:clear()
    error(err, 0)
  end
  return false
end

---@return number seconds the time until the next step is needed even if nothing arrives; math.huge if there is no
--- such time
function Loop:timeout()
  check_open(self, "timeout")
  return math.min(seconds_until_due(self), self.transfers:timeout())
end

--- Returns a descriptor. When the descriptor is readable, something has arrived, and the program should call `step`.
--- The descriptor stays the same until the loop is closed.
---@return integer|nil fd nil if the system has no epoll; the program must then call `step` every few milliseconds
function Loop:fd()
  check_open(self, "fd")
  return self.transfers:fd()
end

--- Closes the connections. Requests in flight are cancelled, and unfinished tasks are dropped.
---@return any err the error of failed tasks that no task has joined
function Loop:close()
  check_options.check_self(Loop, self, "close")
  local task = tasks.running()
  if task and task.loop == self then
    misuse "close: a task can't close its own loop; close it where it is stepped"
  elseif not self.closed then
    self.closed = true
    self.transfers:close()
  end
  local _, err = self.failed_tasks:report()
  return err
end

return M
