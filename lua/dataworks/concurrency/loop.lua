-- Tasks that take turns in one thread: each is a coroutine, and what it waits for, a reply, a time or another task, is
-- waited for by all of them at once.

local core = require "dataworks.core"
local errors = require "dataworks.error"
local gates = require "dataworks.concurrency.latch"
local inside_nginx = require "dataworks.util.inside_nginx"
local timers = require "dataworks.concurrency.timers"
local transfers = require "dataworks.transport.curl_transfers"
local yielding = require "dataworks.concurrency.yielding"

local M = {}

local unpack_list = table.unpack or unpack

-- What a task gives up its turn with, so that a yield of the program's own is told apart.
local WAITS = {}

-- Of tasks that died together these many are told.
local MOST_TOLD = 10

local CANCELLED = "the task was cancelled"

-- The loop whose turn it is.
local active

---@class dataworks.Task
local Task = { __name = "dataworks.Task" }
Task.__index = Task

---@class dataworks.Loop
local Loop = { __name = "dataworks.Loop" }
Loop.__index = Loop

local function cancelled()
  return errors.new { kind = "cancelled", sent = false, message = CANCELLED }
end

--- The running task, if it can wait here: not in a coroutine of the program's own, nor where Lua can't yield.
---@return dataworks.Task|nil
function M.current()
  local task = active and active.running
  return task and coroutine.running() == task.thread and yielding.allowed() and task or nil
end

--- The loop that is running, whoever asks. One that was interrupted amid a task's turn is none.
---@return dataworks.Loop|nil
function M.active()
  local task = active and active.running
  local status = task and coroutine.status(task.thread)
  return (status == "running" or status == "normal") and active or nil
end

---@return dataworks.Loop
function M.new()
  if inside_nginx() then
    error("dataworks.loop: inside nginx requests yield to nginx already; use ngx.thread.spawn", 0)
  end
  local self = {
    alive = 0, tasks = {}, ready = {}, first = 1, last = 0, running = false, closed = false, died = {}, deaths = 0,
    timers = timers.new(),
  }
  self.transfers = transfers.new(self)
  return setmetatable(self, Loop)
end

function Loop:__tostring()
  return ("dataworks.Loop (%s, %d tasks)"):format(self.closed and "closed" or "open", self.alive)
end

-- Waiting: always in a coroutine of a task that current() gave.

--- Until the loop gives it a turn. Whoever else resumes the coroutine gets nothing, and breaks nothing.
local function await_turn(self, ...)
  if self.loop.running == self then
    return ...
  end
  return await_turn(self, coroutine.yield(WAITS))
end

function Task:wake()
  self.loop:wake(self)
end

--- Until wake, or until the task is cancelled. That wakes it too, or does what is given, which has to wake it.
---@param stop? fun(argument: any)
---@param argument any
function Task:suspend(stop, argument)
  self.waiting, self.stop, self.argument = true, stop or Task.wake, stop and argument or self
  return await_turn(self, coroutine.yield(WAITS))
end

--- Ends its wait.
function Task:interrupt()
  if self.waiting then
    self.stop(self.argument)
  end
end

---@param task dataworks.Task
function Loop:wake(task, ...)
  if task.waiting then
    task.waiting, task.argument = false, false
    self:enqueue(task, ...)
  end
end

function Loop:enqueue(task, ...)
  local last = self.last + 1
  self.ready[last] = { task, select("#", ...), ... }
  self.last = last
end

--- Lets the others have a turn.
function Task:pause()
  self.loop:enqueue(self)
  await_turn(self, coroutine.yield(WAITS))
end

---@param seconds number
---@return "cancelled"|nil
function Task:sleep(seconds)
  if self.is_cancelled then
    self:pause()
    return "cancelled"
  end
  local timers_then = self.loop.timers -- those of an interrupted loop are replaced
  local timer = timers_then:add(core.clock() + math.max(seconds, 0), Task.wake, self)
  self:suspend()
  timers_then:remove(timer)
  return self.is_cancelled and "cancelled" or nil
end

local function lost(sent)
  return { kind = "cancelled", sent = sent, message = CANCELLED }
end

--- For what can't wait here: has the task been cancelled whose turn it is? Then as a session's failure.
---@return table|nil
function M.refusal()
  local loop = M.active()
  return loop and loop.running.is_cancelled and lost(false) or nil
end

local function cancel(flight)
  flight:cancel(CANCELLED)
end

--- Sends a request for a pool of sessions; as a session's send.
function Task:transfer(pool, request, limits)
  if self.is_cancelled then
    self:pause()
    return nil, lost(false)
  end
  local flight, err = self.loop.transfers:start(self, pool, request, limits)
  if not flight then
    return nil, err
  end
  local status, headers, body = self:suspend(cancel, flight)
  if not status and not headers then -- it was in an interruption
    return nil, lost "unknown"
  end
  return status, headers, body
end

-- Tasks

--- What died: its traceback too, where the error is text.
local function die(self, task, err)
  task.died = true
  task.err = type(err) == "string" and debug.traceback(task.thread, err) or err
  if task.err == nil then
    task.err = debug.traceback(task.thread, "nil was raised")
  end
  self.deaths = self.deaths + 1
  self.died[task] = self.deaths
end

local function finish(self, task)
  self.alive = self.alive - 1
  self.tasks[task] = nil
  task.over, task.waiting = true, false
  for joiner in pairs(task.joiners) do
    self:wake(joiner)
  end
  if task.on_end then
    task.on_end(task)
  end
end

--- Ctrl-C, as the interpreters raise it. LuaJIT may do so in a task, but it is meant for the program.
local function is_interruption(err)
  return type(err) == "string" and (err == "interrupted!" or err:find "^[^\n]*:%d+: interrupted!$" ~= nil)
end

local function settle(self, task, ok, ...)
  if not ok then
    die(self, task, (...))
  elseif coroutine.status(task.thread) == "dead" then
    task.results = { n = select("#", ...), ... }
  else
    if (...) ~= WAITS then
      self:enqueue(task) -- a yield of the program's own: the others have a turn
    end
    return
  end
  finish(self, task)
  if not ok and is_interruption((...)) then
    task:tell()
    error(task.err, 0)
  end
end

local function resume(self, task, entry)
  local before = active
  active, self.running = self, task
  settle(self, task, coroutine.resume(task.thread, unpack_list(entry, 3, 2 + entry[2])))
  active, self.running = before, false
end

--- What it died of is for who asks now, and for nobody else to raise.
function Task:tell()
  self.loop.died[self] = nil
end

local function check_loop(self, what, level)
  if getmetatable(self) ~= Loop then
    error(("%s: call it as a method of a loop, loop:%s()"):format(what, what), level + 1)
  end
end

local function check_open(self, what)
  check_loop(self, what, 3)
  if self.closed then
    error(what .. ": the loop is closed", 3)
  end
end

--- Lua 5.1 makes no coroutine of a function that is written in C.
local function thread_of(fn)
  local ok, thread = pcall(coroutine.create, fn)
  return ok and thread or coroutine.create(function(...) return fn(...) end)
end

---@param fn function
---@return dataworks.Task
function Loop:spawn(fn, ...)
  check_open(self, "spawn")
  if type(fn) ~= "function" then
    error(("spawn: a function was expected, got %s"):format(type(fn)), 2)
  end
  local task = setmetatable({
    loop = self, thread = thread_of(fn), joiners = {}, waiting = false, stop = Task.wake, argument = false,
    over = false, died = false, is_cancelled = false, is_begun = false,
  }, Task)
  self.alive = self.alive + 1
  self.tasks[task] = true
  self:enqueue(task, ...)
  return task
end

function Task:__tostring()
  local state = not self.over and (self.is_cancelled and "cancelled" or "running")
    or self.died and "died" or "finished"
  return ("dataworks.Task (%s)"):format(state)
end

local function check_task(self, what, level)
  if getmetatable(self) ~= Task then
    error(("%s: call it as a method of a task, task:%s()"):format(what, what), level + 1)
  end
end

local function check_can_join(self)
  check_task(self, "join", 3)
  if self.over then
    return
  end
  local task = M.current()
  if not task then
    error("join: it waits, and only a task of the same loop can wait for a task: not a coroutine of your own"
      .. yielding.ADVICE, 3)
  elseif task == self then
    error("join: a task can't wait for itself", 3)
  elseif task.loop ~= self.loop then
    error("join: the task is of another loop", 3)
  end
  return task
end

--- Waits for a task. What it raised comes as nil and the error, a text with its traceback.
---@return any ... what its function returned; or nil
---@return any err
function Task:join()
  local joiner = check_can_join(self)
  while not self.over do
    if joiner.is_cancelled then
      joiner:pause()
      return nil, cancelled()
    end
    self.joiners[joiner] = true
    joiner:suspend()
    self.joiners[joiner] = nil
  end
  if self.died then
    self:tell()
    return nil, self.err
  elseif not self.results then
    return nil, cancelled()
  end
  return unpack_list(self.results, 1, self.results.n)
end

--- Ends what the task waits for, and whatever it would wait for from now on: a call gives nil and an error of kind
--- "cancelled". A task that has not begun does not begin.
---@return boolean was it still running?
function Task:cancel()
  check_task(self, "cancel", 2)
  if self.over then
    return false
  elseif not self.is_cancelled then
    self.is_cancelled = true
    self:interrupt()
  end
  return true
end

-- Turns

--- Those that are ready now; what they make ready is for the next time.
local function run_ready(self)
  local last = self.last
  while self.first <= last do
    local entry = self.ready[self.first]
    self.ready[self.first] = nil
    self.first = self.first + 1
    local task = entry[1]
    local is_over = not task or task.over -- it may have died just before it gave up its turn
    if not is_over and task.is_cancelled and not task.is_begun then
      finish(self, task)
    elseif not is_over then
      task.is_begun = true
      resume(self, task, entry)
    end
  end
  if self.first > self.last then
    self.first, self.last = 1, 0 -- a list that moved on for ever would be made anew again and again
  end
end

--- Seconds until a task goes on without a reply.
local function until_due(self)
  if self.first <= self.last then
    return 0
  end
  local due = self.timers:due()
  return due and math.max(due - core.clock(), 0) or math.huge
end

--- Seconds until there is something to do even if nothing arrives; math.huge: never.
---@return number
function Loop:timeout()
  check_open(self, "timeout")
  return math.min(until_due(self), self.transfers:timeout())
end

--- A descriptor that is readable when something has arrived, for the event loop of a host; the same one until the loop
--- is closed. nil: the system has none, and the host steps every few milliseconds.
---@return integer|nil
function Loop:fd()
  check_open(self, "fd")
  return self.transfers:fd()
end

--- Nothing will ever wake a task.
local function deadlock(self)
  local task = next(self.tasks)
  local message = ("every task waits for another one; one of %d waits here:"):format(self.alive)
  error(debug.traceback(task.thread, message, 2), 0) -- without what this module adds
end

local function turn(self, timeout)
  run_ready(self)
  self.transfers:advance()
  local wait = until_due(self)
  if self.alive == 0 then
    wait = 0
  elseif wait == math.huge and not self.transfers:is_busy() then
    deadlock(self)
  end
  self.transfers:poll(math.min(wait, timeout))
  self.timers:fire(core.clock())
  return self.alive > 0
end

--- Until no task is left.
function Loop:drive()
  while turn(self, math.huge) do -- luacheck: ignore 542
  end
end

function Loop:cancel_all()
  local list = {}
  for task in pairs(self.tasks) do
    list[#list + 1] = task
  end
  for _, task in ipairs(list) do
    task:cancel()
  end
end

--- What died and was not joined, in this order; with a chief no more than up to it.
local function dead_of(self, chief)
  local list = {}
  for task, number in pairs(self.died) do
    if not chief or number <= self.died[chief] then
      list[#list + 1] = task
    end
  end
  table.sort(list, function(a, b) return self.died[a] < self.died[b] end)
  return list
end

--- A line of each behind an error that is text.
local function with_others(err, list, first)
  local lines = {}
  for _, task in ipairs(list) do
    if task ~= first then
      lines[#lines + 1] = "  " .. tostring(task.err):match "^[^\n]*"
    end
  end
  local more = #lines
  if more == 0 or type(err) ~= "string" then
    return err
  elseif more > MOST_TOLD then
    lines[MOST_TOLD + 1] = "  ..."
  end
  return ("%s\n%d more died, of:\n%s"):format(err, more, table.concat(lines, "\n", 1, math.min(more, MOST_TOLD + 1)))
end

--- What tasks died of that nobody has joined: the first one's error, and if that is text, a line of each other.
---@param chief? dataworks.Task that has died: it goes first, and what died after it did so since it was cancelled then
---@return boolean has one died?
---@return any err
function Loop:unreported(chief)
  local list = dead_of(self, chief)
  local first = chief or list[1]
  if not first then
    return false
  end
  return true, with_others(first.err, list, first)
end

--- After an error out of the loop itself, as Ctrl-C raises it between any two steps: all tasks are cancelled, and none
--- is left without a turn to come.
---@param err any
---@return any err with what had died before
function Loop:recover(err)
  err = with_others(err, dead_of(self))
  active, self.running = nil, false
  self.timers = timers.new()
  self:cancel_all()
  local queued, list = {}, {}
  for place = self.first, self.last do
    local entry = self.ready[place]
    self.ready[place] = entry or { false }
    queued[entry and entry[1] or false] = true
  end
  for task in pairs(self.tasks) do
    list[#list + 1] = task
  end
  self.alive = #list
  for _, task in ipairs(list) do
    if coroutine.status(task.thread) == "dead" then
      die(self, task, "interrupted!")
      finish(self, task)
    elseif not queued[task] then
      task.waiting, task.argument = false, false
      self:enqueue(task)
    end
  end
  return err
end

--- Does what is to be done, and waits for at most so long for more. The last step raises what a task died of that
--- nobody has joined.
---@param timeout? number seconds, 0
---@return boolean are there tasks left?
function Loop:step(timeout)
  check_open(self, "step")
  if timeout ~= nil and (type(timeout) ~= "number" or timeout ~= timeout) then
    error("step: seconds were expected, got " .. tostring(timeout), 2)
  elseif M.active() then
    error("step: a task can't step a loop", 2)
  end
  local ok, more = pcall(turn, self, timeout or 0)
  if not ok then
    error(self:recover(more), 0)
  elseif more then
    return true
  end
  local has_died, err = self:unreported()
  if has_died then
    self.died = {}
    error(err, 0)
  end
  return false
end

--- Closes the connections. What is under way is cancelled, and comes to nothing more.
---@return any err what a task died of that nobody has joined
function Loop:close()
  check_loop(self, "close", 2)
  if M.active() == self then
    error("close: a task can't close its own loop; who steps the loop can", 2)
  elseif not self.closed then
    self.closed = true
    self.transfers:close()
  end
  local _, err = self:unreported()
  return err
end

--- For who waits until another task has done something for all.
---@return dataworks.Gate|nil outside tasks nil
function M.gate()
  local opener = M.current()
  return opener and gates.new(opener, M.current, cancelled)
end

return M
