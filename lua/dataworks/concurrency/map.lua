-- Implements dataworks.map, which calls one function for many items, several at a time.

local check_options = require "dataworks.util.check_options"
local errors = require "dataworks.error"
local misuse = require "dataworks.util.misuse"
local recovery = require "dataworks.concurrency.recovery"
local run = require "dataworks.concurrency.run"
local tables = require "dataworks.util.tables"
local tasks = require "dataworks.concurrency.task"
local yielding = require "dataworks.concurrency.yielding"

local M = {}

local DEFAULT_CONCURRENCY = 64

---@class dataworks.MapOptions
---@field concurrency? integer the maximum number of items at a time; default: 64
---@field on_progress? fun(event: { done: integer, total: integer, index: integer, value: any, err: any }) called
--- after each item; if the callback raises an error, the map ends

local OPTIONS = { concurrency = "count", on_progress = "function" }

local function cancelled_error(message)
  return errors.new { kind = "cancelled", sent = false, message = message }
end

local function not_started_result()
  return { err = cancelled_error "the map ended before this item began" }
end

local function task_result(task)
  if task.state == "failed" then
    task:mark_reported()
    return { err = task.err }
  elseif task.state == "skipped" then
    return not_started_result()
  end
  local value, err = task.results[1], task.results[2]
  if value == nil and err ~= nil then
    return { err = err }
  end
  return { value = value }
end

---@class dataworks.Map
---@field mapper dataworks.Task the task in which the map runs
---@field indexes table<dataworks.Task, integer> the indexes of the items in progress
---@field ended dataworks.Task[] the tasks that have ended and whose results were not taken yet
---@field reason table|false the reason why the map ends early, or false

local function start_items(self)
  local function on_end(task)
    self.ended[#self.ended + 1] = task
    if self.is_waiting then
      self.mapper:wake()
    end
  end
  while self.started < #self.items and self.in_progress < self.concurrency and not self.reason do
    local index = self.started + 1
    self.started, self.in_progress = index, self.in_progress + 1
    local task = self.mapper.loop:spawn(self.fn, self.items[index], index)
    self.indexes[task] = index
    task.on_end = on_end
  end
end

--- Ends the map early: cancels the items in progress, and starts no others.
local function stop(self, reason)
  if not self.reason then
    self.reason = reason
    for task in pairs(self.indexes) do
      task:cancel()
    end
  end
end

local function take_result(self, task)
  local index, result = self.indexes[task], task_result(task)
  self.indexes[task] = nil
  self.in_progress = self.in_progress - 1
  self.done = self.done + 1
  self.results[index] = result
  if self.reason then
    return
  end
  local stopped = errors.run_callback("on_progress", self.on_progress, {
    done = self.done, total = #self.items, index = index, value = result.value, err = result.err,
  })
  if stopped then
    stop(self, errors.new(stopped))
  end
end

--- Waits until at least one item has ended, and takes the results of all items that have ended.
local function take_results(self)
  if #self.ended == 0 then
    self.is_waiting = true
    self.mapper:suspend()
    self.is_waiting = false
  end
  local ended = self.ended
  self.ended = {}
  for _, task in ipairs(ended) do
    take_result(self, task)
  end
end

--- Runs the map in the current task. Returns when no item is in progress.
local function map_in_task(items, fn, options)
  ---@type dataworks.Map
  local self = {
    mapper = tasks.current(), items = items, fn = fn, concurrency = options.concurrency or DEFAULT_CONCURRENCY,
    on_progress = options.on_progress, started = 0, in_progress = 0, done = 0, results = {}, indexes = {}, ended = {},
    reason = false, is_waiting = false,
  }
  while true do
    if self.mapper.is_cancelled then
      stop(self, cancelled_error "the map was cancelled")
    end
    start_items(self)
    if self.in_progress == 0 then
      break
    end
    take_results(self)
  end
  for index = self.started + 1, #items do
    self.results[index] = not_started_result()
  end
  return self.results, self.reason or nil
end

--- Raises misuse if an argument of map is wrong. Returns the options.
local function check(items, fn, options)
  if type(items) ~= "table" then
    misuse("dataworks.map: items must be a list, got " .. check_options.describe(items))
  elseif #items == 0 and items.n == nil and next(items) ~= nil then
    misuse "dataworks.map: items must be a list, got a table that has no item 1"
  end
  local hole = tables.find_hole(items)
  if hole then
    misuse(("dataworks.map: items[%d] is nil: the list has a hole"):format(hole))
  end
  run.check("map", fn)
  options = check_options.check("dataworks.map", OPTIONS, options)
  if options.concurrency == 0 then
    misuse "dataworks.map: concurrency must be 1 or more"
  elseif tasks.running() and not tasks.current() then
    misuse("dataworks.map: only a task can wait for its items: not a coroutine of your own" .. yielding.ADVICE)
  end
  return options
end

--- Calls fn(item, index) for each item. The map runs in the current task, or outside tasks in a loop of its own.
---@param items any[]
---@param fn fun(item: any, index: integer): any, any returns a value, or nil and an error
---@param options? dataworks.MapOptions
---@return ({ value: any }|{ err: any })[] results in the order of the items
---@return any err the reason why the map ended early, or the error of failed tasks that an item spawned and no task
--- joined
function M.map(items, fn, options)
  options = check(items, fn, options)
  if tasks.current() then
    return map_in_task(items, fn, options)
  end
  local loop = run.loop()
  local main = loop:spawn(map_in_task, items, fn, options)
  local ok, err = recovery.drive(loop)
  if not ok or main.state ~= "finished" then
    error(main.err or err, 0)
  end
  local _, failure = loop.failed_tasks:report()
  return main.results[1], main.results[2] or failure
end

return M
