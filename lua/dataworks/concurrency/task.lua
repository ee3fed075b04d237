-- A task: a coroutine that a loop resumes. While it waits for a reply, a time or another task, other tasks run.

local check_options = require "dataworks.util.check_options"
local core = require "dataworks.core"
local errors = require "dataworks.error"
local misuse = require "dataworks.util.misuse"
local scheduler = require "dataworks.transport.scheduler"
local yielding = require "dataworks.concurrency.yielding"

local M = {}

local unpack_list = table.unpack or unpack

-- Tasks yield this value when they wait. A yield of any other value is the program's own.
local WAIT = {}

local COMPLETED = { finished = true, failed = true, skipped = true }

-- The task whose coroutine the loop has resumed last, until it yields.
local running

---@class dataworks.Task
---@field loop dataworks.Loop
---@field thread thread
---@field state "new"|"ready"|"running"|"waiting"|"finished"|"failed"|"skipped" new: queued for its first turn; ready:
--- queued again; skipped: cancelled before its first turn
---@field is_cancelled boolean a cancelled task goes on, but its waits end at once
---@field joiners table<dataworks.Task, true>
---@field results table|nil of a finished task
---@field err any of a failed task
---@field on_end fun(task: dataworks.Task)|nil
local Task = { __name = "dataworks.Task" }
Task.__index = Task

--- Lua 5.1 makes no coroutine of a C function.
local function create_thread(fn)
  local ok, thread = pcall(coroutine.create, fn)
  return ok and thread or coroutine.create(function(...) return fn(...) end)
end

---@param loop dataworks.Loop
---@param fn function
---@return dataworks.Task
function M.new(loop, fn)
  return setmetatable({
    loop = loop, thread = create_thread(fn), state = "new", is_cancelled = false, joiners = {}, stop = false,
    argument = false,
  }, Task)
end

--- The running task, if it can wait here: not in a coroutine of the program's own, nor where Lua can't yield.
---@return dataworks.Task|nil
function M.current()
  return running and coroutine.running() == running.thread and yielding.can_yield() and running or nil
end

--- The running task, even where it can't wait. nil after an interruption during its turn.
---@return dataworks.Task|nil
function M.running()
  local status = running and coroutine.status(running.thread)
  return (status == "running" or status == "normal") and running or nil
end

--- For the recovery from an interruption, which may have left a task that no longer runs.
function M.forget_running()
  running = nil
end

---@return dataworks.Error
function M.cancelled_error()
  return errors.new { kind = "cancelled", sent = false, message = scheduler.CANCELLED }
end

---@return boolean
function Task:is_completed()
  return COMPLETED[self.state] ~= nil
end

function Task:__tostring()
  return ("dataworks.Task (%s%s)"):format(self.is_cancelled and "cancelled, " or "", self.state)
end

-- Waiting: only in the coroutine of the task itself, where current() returns it.

--- Waits for the loop. Any other resume of the coroutine gets nothing and changes nothing.
local function await_turn(self, ...)
  if self.state == "running" then
    return ...
  end
  return await_turn(self, coroutine.yield(WAIT))
end

--- Waits until wake(). When the task is cancelled, stop(argument) has to wake it; without a `stop` it is woken at once.
---@param stop? fun(argument: any)
---@param argument any
---@return any ... the values that wake() is called with
function Task:suspend(stop, argument)
  self.state, self.stop, self.argument = "waiting", stop or Task.wake, stop and argument or self
  return await_turn(self, coroutine.yield(WAIT))
end

--- Queues the task for its next turn.
function Task:make_ready(...)
  self.loop.ready:push { self, select("#", ...), ... }
  self.state = "ready"
end

--- Does nothing unless the task waits.
function Task:wake(...)
  if self.state == "waiting" then
    self:make_ready(...)
    self.argument = false
  end
end

--- Ends the wait as a cancellation does.
function Task:interrupt()
  if self.state == "waiting" then
    self.stop(self.argument)
  end
end

--- Gives the other tasks a turn.
function Task:pause()
  self:make_ready()
  await_turn(self, coroutine.yield(WAIT))
end

---@param seconds number
---@return "cancelled"|nil
function Task:sleep(seconds)
  if self.is_cancelled then
    self:pause()
    return "cancelled"
  end
  local timers = self.loop.timers -- an interruption replaces the loop's timers
  local timer = timers:add(core.clock() + math.max(seconds, 0), Task.wake, self)
  self:suspend()
  timers:remove(timer)
  return self.is_cancelled and "cancelled" or nil
end

-- Turns

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

--- Keeps the error, with a traceback if it is text.
---@param err any
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

local function settle(self, ok, ...)
  if not ok then
    local err = ...
    self:fail(err)
    -- Ctrl-C, as the interpreters raise it. LuaJIT may raise it in a task, but it is meant for the program.
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

--- Gives the task a turn: until it waits or ends.
function Task:resume(...)
  running = self
  self.state = "running"
  settle(self, coroutine.resume(self.thread, ...))
  running = nil
end

-- For programs

local function find_joiner(self)
  local joiner = M.current()
  if not joiner then
    misuse("join: only a task of the same loop can wait for a task: not a coroutine of your own" .. yielding.ADVICE)
  elseif joiner == self then
    misuse "join: a task can't wait for itself"
  elseif joiner.loop ~= self.loop then
    misuse "join: the task belongs to another loop"
  end
  return joiner
end

--- The caller has the error of a failed task, so the loop does not report it again.
function Task:mark_reported()
  self.loop.failed_tasks:remove(self)
end

--- Waits for the task to end.
---@return any ... what its function returned; nil when it failed or was skipped
---@return any err what it raised, if that is text with its traceback
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

--- Ends the task's wait, and each later wait at once: a call returns nil and an error of kind "cancelled". A task that
--- has not begun is skipped.
---@return boolean false: the task has ended already
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
