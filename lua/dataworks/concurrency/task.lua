-- A task is a coroutine that a loop resumes. While one task waits for a reply, for a time or for another task, other
-- tasks run.

local check_options = require "dataworks.util.check_options"
local core = require "dataworks.core"
local errors = require "dataworks.error"
local misuse = require "dataworks.util.misuse"
local scheduler = require "dataworks.transport.scheduler"
local yielding = require "dataworks.concurrency.yielding"

local M = {}

local unpack_list = table.unpack or unpack

-- Tasks yield this value when they wait. If a task yields another value, the yield belongs to the program.
local WAIT = {}

local COMPLETED = { finished = true, failed = true, skipped = true }

-- The task that the loop is resuming; nil between the turns of tasks.
local running

---@class dataworks.Task
---@field loop dataworks.Loop
---@field thread thread
---@field state "new"|"starting"|"ready"|"running"|"waiting"|"finished"|"failed"|"skipped"
--- "new": queued for its first turn; "starting": has its first turn;
--- "ready": queued for a later turn; "skipped": cancelled before its first turn
---@field is_cancelled boolean whether the task was cancelled; a cancelled task continues, but its waits end
--- immediately
---@field joiners table<dataworks.Task, true>
---@field results table|nil the return values of a finished task
---@field err any the error of a failed task
---@field on_end fun(task: dataworks.Task)|nil
local Task = { __name = "dataworks.Task" }
Task.__index = Task

--- Creates a coroutine. Lua 5.1 can't make a coroutine of a C function, so the C function is wrapped in a Lua function.
local function create_thread(fn)
  local ok, thread = pcall(coroutine.create, fn)
  return ok and thread or coroutine.create(function(...) return fn(...) end)
end

--- Creates a task, which the caller must queue in the loop.
function M.new(loop, fn)
  return setmetatable({
    loop = loop, thread = create_thread(fn), state = "new", is_cancelled = false, joiners = {}, stop = false,
    argument = false,
  }, Task)
end

--- Returns the running task if it can wait here. A task can't wait in a coroutine of the program, or where Lua can't
--- yield.
function M.current()
  return running and coroutine.running() == running.thread and yielding.can_yield() and running or nil
end

--- Returns the running task, even if it can't wait here. Returns nil if an interruption ended the task's turn.
function M.running()
  local status = running and coroutine.status(running.thread)
  return (status == "running" or status == "normal") and running or nil
end

--- Forgets the running task. After an interruption, the recovery calls this function, because the stored task may no
--- longer run.
function M.forget_running()
  running = nil
end

function M.cancelled_error()
  return errors.new { kind = "cancelled", sent = false, message = scheduler.CANCELLED }
end

function Task:is_completed()
  return COMPLETED[self.state] == true
end

function Task:__tostring()
  return ("dataworks.Task (%s%s)"):format(self.is_cancelled and "cancelled, " or "", self.state)
end

-- Waiting. Only the task itself calls these functions, in its own coroutine, where current() returns the task.

--- Waits until the loop resumes the task. If anything else resumes the coroutine, the task yields again.
local function await_turn(self, ...)
  if self.state == "running" then
    return ...
  end
  return await_turn(self, coroutine.yield(WAIT))
end

--- Waits until wake() is called. If the task is cancelled, stop(argument) is called, and must wake the task. Without
--- `stop`, a cancellation wakes the task immediately.
---@return any ... the values that were passed to wake()
function Task:suspend(stop, argument)
  self.state, self.stop, self.argument = "waiting", stop or Task.wake, stop and argument or self
  return await_turn(self, coroutine.yield(WAIT))
end

--- Queues the task, so that the loop resumes it with the given values.
function Task:make_ready(...)
  self.loop.ready:push { self, select("#", ...), ... }
  self.state = "ready"
end

--- Makes a waiting task ready. Has no effect on any other task.
function Task:wake(...)
  if self.state == "waiting" then
    self:make_ready(...)
    self.argument = false
  end
end

--- Ends the wait in the same way as a cancellation does.
function Task:interrupt()
  if self.state == "waiting" then
    self.stop(self.argument)
  end
end

function Task:pause()
  self:make_ready()
  await_turn(self, coroutine.yield(WAIT))
end

--- Waits for a time. Returns "cancelled" if the task is cancelled before or meanwhile.
---@param seconds number
---@param wake_at? number the time of core.clock at which the task wakes; default: after `seconds`. Tasks wake in the
--- order of their times, also if these have passed
function Task:sleep(seconds, wake_at)
  if self.is_cancelled then
    self:pause()
    return "cancelled"
  end
  local timers = self.loop.timers -- kept here, because an interruption replaces the loop's timers
  local timer = timers:add(wake_at or core.clock() + seconds, Task.wake, self)
  self:suspend()
  timers:remove(timer)
  return self.is_cancelled and "cancelled" or nil
end

-- Running

--- Sets the final state of a task, wakes the tasks that have joined it, and calls on_end.
local function complete(self, state)
  self.loop:remove(self)
  self.state = state
  for joiner in pairs(self.joiners) do
    joiner:wake()
  end
  if self.on_end then
    self.on_end(self)
  end
end

--- Marks the task as failed, and keeps the error. If the error is text, a traceback is added.
function Task:fail(err)
  if err == nil then
    err = "nil was raised"
  end
  self.err = type(err) == "string" and debug.traceback(self.thread, err) or err
  self.loop.failed_tasks:add(self)
  complete(self, "failed")
end

function Task:skip()
  complete(self, "skipped")
end

--- Updates the state of a task after its coroutine has yielded, returned or failed.
local function settle(self, ok, ...)
  if not ok then
    local err = ...
    self:fail(err)
    -- Recognizes the error that the interpreters raise at Ctrl-C. LuaJIT may raise this error inside a task, although
    -- the error is meant for the whole program.
    if err == "interrupted!" or type(err) == "string" and err:find "^[^\n]*:%d+: interrupted!$" then
      self:mark_reported()
      error(self.err, 0)
    end
  elseif coroutine.status(self.thread) == "dead" then
    self.results = { n = select("#", ...), ... }
    complete(self, "finished")
  elseif (...) ~= WAIT then
    self:make_ready()
  end
end

--- Gives the task a turn, which lasts until the task waits or ends.
function Task:resume(...)
  running = self
  -- The recovery skips a task that is still starting, since it may not have its arguments.
  self.state = self.state == "new" and "starting" or "running"
  settle(self, coroutine.resume(self.thread, ...))
  running = nil
end

-- Methods for programs

--- Returns the running task, which is going to wait for this task. Raises misuse if it can't wait for this task.
local function find_joiner(self)
  local joiner = M.current()
  if not joiner then
    misuse("join: only a task of the same loop can wait for a task: not a coroutine of your own" .. yielding.ADVICE
      .. "; start the waiting function with dataworks.spawn")
  elseif joiner == self then
    misuse "join: a task can't wait for itself"
  elseif joiner.loop ~= self.loop then
    misuse "join: the task belongs to another loop"
  end
  return joiner
end

--- Marks the error of a failed task as reported, because the caller has the error. The loop then does not report the
--- error again.
function Task:mark_reported()
  self.loop.failed_tasks:remove(self)
end

--- Waits for the task to end.
---@return any ... the return values of the task's function; nil if the task failed or was skipped
---@return any err the error of the task; if the error is text, a traceback is appended
function Task:join()
  check_options.check_self(Task, self, "join")
  local joiner = not self:is_completed() and find_joiner(self)
  while not self:is_completed() do
    if joiner.is_cancelled then
      joiner:pause()
      return nil, M.cancelled_error()
    end
    self.joiners[joiner] = true
    joiner:suspend()
    self.joiners[joiner] = nil
  end
  if self.state == "failed" then
    self:mark_reported()
    return nil, self.err
  elseif self.state == "skipped" then
    return nil, M.cancelled_error()
  end
  return unpack_list(self.results, 1, self.results.n)
end

--- Cancels the task. Its present wait and each later wait end immediately, and a call that waits returns nil and an
--- error of kind "cancelled". A task that has not had its first turn is skipped.
---@return boolean is_cancelled false if the task had already ended
function Task:cancel()
  check_options.check_self(Task, self, "cancel")
  if self:is_completed() then
    return false
  elseif not self.is_cancelled then
    self.is_cancelled = true
    self:interrupt()
  end
  return true
end

return M
