-- dataworks.map: one function for many items at once.

local guard = require "dataworks.util.guard"
local errors = require "dataworks.error"
local loops = require "dataworks.concurrency.loop"
local options_of = require "dataworks.util.check_options"
local run = require "dataworks.concurrency.run"
local yielding = require "dataworks.concurrency.yielding"

local M = {}

local CONCURRENCY = 64

---@class dataworks.MapOptions
---@field concurrency? integer items at a time, 64
---@field on_progress? fun(event: { done: integer, total: integer, index: integer, value: any, err: any }) after each
--- item; what it raises ends the map
local OPTIONS = { concurrency = "count", on_progress = "function" }

local function not_begun()
  return errors.new { kind = "cancelled", sent = false, message = "the map ended before this item was begun" }
end

local function outcome(task)
  if task.died then
    task:tell()
    return { err = task.err }
  elseif not task.results then
    return { err = not_begun() }
  end
  local value, err = task.results[1], task.results[2]
  if value == nil and err ~= nil then
    return { err = err }
  end
  return { value = value }
end

---@class dataworks.Map
local Map = {}
Map.__index = Map

local function start_more(self)
  while self.started < #self.items and self.busy < self.concurrency and not self.stopped do
    local index = self.started + 1
    self.started, self.busy = index, self.busy + 1
    local task = self.mapper.loop:spawn(self.fn, self.items[index], index)
    self.tasks[task] = index
    task.on_end = function()
      self.ended[#self.ended + 1] = task
      if self.is_waiting then
        self.mapper:wake()
      end
    end
  end
end

local function stop(self, why)
  if not self.stopped then
    self.stopped = why
    for task in pairs(self.tasks) do
      task:cancel()
    end
  end
end

local function take(self, task)
  local index = self.tasks[task]
  self.tasks[task] = nil
  self.busy = self.busy - 1
  self.done = self.done + 1
  local result = outcome(task)
  self.results[index] = result
  local ok, err = true, nil
  if not self.stopped then
    ok, err = guard("on_progress", self.on_progress, {
      done = self.done, total = #self.items, index = index, value = result.value, err = result.err,
    })
  end
  if not ok then
    stop(self, errors.new(err))
  end
end

--- In the mapper's own task: until all that was begun has ended, however it came to that.
local function carry_on(self)
  while true do
    if self.mapper.is_cancelled then
      stop(self, errors.new { kind = "cancelled", sent = false, message = "the map was cancelled" })
    end
    start_more(self)
    if self.busy == 0 then
      break
    elseif #self.ended == 0 then
      self.is_waiting = true
      self.mapper:suspend()
      self.is_waiting = false
    end
    local ended = self.ended
    self.ended = {}
    for _, task in ipairs(ended) do
      take(self, task)
    end
  end
  for index = self.started + 1, #self.items do
    self.results[index] = { err = not_begun() }
  end
  return self.results, self.stopped or nil
end

local function map_here(items, fn, options)
  return carry_on(setmetatable({
    mapper = loops.current(), items = items, fn = fn, concurrency = options.concurrency or CONCURRENCY,
    on_progress = options.on_progress, started = 0, busy = 0, done = 0, results = {}, tasks = {}, ended = {},
    stopped = false, is_waiting = false,
  }, Map))
end

--- Calls fn(item, index) for each item, many at once, inside dataworks.run or outside.
---@param items any[]
---@param fn fun(item: any, index: integer): any, any value; or nil and an error
---@param options? dataworks.MapOptions
---@return ({ value: any }|{ err: any })[] results in the order of the items
---@return any err why it ended early; or what a task died of that an item has spawned and nobody has joined
function M.map(items, fn, options)
  if type(items) ~= "table" then
    error(("dataworks.map: a list was expected, got %s"):format(type(items)), 3)
  elseif #items == 0 and items.n == nil and next(items) ~= nil then
    error("dataworks.map: a list was expected, got a table that has no item 1", 3)
  end
  run.check("map", fn, 3)
  options = options_of.check("dataworks.map", OPTIONS, options, 3)
  if options.concurrency == 0 then
    error("dataworks.map: concurrency must be 1 or more", 3)
  end
  if loops.current() then
    local results, err = map_here(items, fn, options)
    return results, err
  elseif loops.active() then
    error("dataworks.map: it waits, and only a task of the loop can: not a coroutine of your own"
      .. yielding.ADVICE, 3)
  end
  local loop = loops.new()
  local main = loop:spawn(map_here, items, fn, options)
  local ok, err = run.drive(loop)
  if main.died then
    error(main.err, 0)
  elseif not main.results then
    error(err, 0)
  end
  -- What an item has spawned, and nobody has joined, takes no results with it.
  local _, dead = loop:unreported()
  return main.results[1], not ok and err or main.results[2] or dead
end

return M
