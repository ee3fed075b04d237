-- What is to be called when, the earliest first: a binary heap. Most timers are deadlines that nobody comes to, so one
-- that is removed stays in its place until it is the first, or half of them are such. A change that was interrupted, as
-- by Ctrl-C, is mended before the next.

local M = {}

local Timers = {}
Timers.__index = Timers

function M.new()
  return setmetatable({ heap = {}, count = 0, removed = 0, made = 0, moving = false }, Timers)
end

-- Of two for the same time the older one is first.
local function earlier(a, b)
  return a.at < b.at or a.at == b.at and a.number < b.number
end

local function rise(heap, timer, place)
  while place > 1 do
    local above = (place - place % 2) / 2
    if not earlier(timer, heap[above]) then
      break
    end
    heap[place] = heap[above]
    place = above
  end
  heap[place] = timer
end

local function sink(heap, timer, place, count)
  while true do
    local below = place * 2
    if below > count then
      break
    elseif below < count and earlier(heap[below + 1], heap[below]) then
      below = below + 1
    end
    if not earlier(heap[below], timer) then
      break
    end
    heap[place] = heap[below]
    place = below
  end
  heap[place] = timer
end

--- Makes the heap anew of those timers that were not removed.
local function remake(self, timers)
  local heap, count = {}, 0
  for _, timer in pairs(timers) do
    if timer.call then
      count = count + 1
      heap[count] = timer
    end
  end
  for place = (count - count % 2) / 2, 1, -1 do
    sink(heap, heap[place], place, count)
  end
  self.heap, self.count, self.removed = heap, count, 0
end

--- While one is on its way to its place, it may be in none, and another one in two.
local function mend(self)
  local all = {}
  for _, timer in pairs(self.heap) do
    all[timer] = timer
  end
  all[self.moving] = self.moving
  remake(self, all)
  self.moving = false
end

local function take_first(self)
  local heap, count = self.heap, self.count
  local last = heap[count]
  self.moving = last
  heap[count] = nil
  self.count = count - 1
  if count > 1 then
    sink(heap, last, 1, count - 1)
  end
  self.moving = false
end

--- The first of those that were not removed.
local function first_of(self)
  if self.moving then
    mend(self)
  end
  local first = self.heap[1]
  while first and not first.call do
    take_first(self)
    self.removed = self.removed - 1
    first = self.heap[1]
  end
  return first
end

---@param at number
---@param call fun(argument: any)
---@param argument any
---@return table timer
function Timers:add(at, call, argument)
  if self.moving then
    mend(self)
  end
  self.made = self.made + 1
  local timer = { at = at, call = call, argument = argument, number = self.made }
  self.moving = timer
  self.count = self.count + 1
  rise(self.heap, timer, self.count)
  self.moving = false
  return timer
end

--- It may be done again, after it fired, or to one of others; or to nil, where adding it was interrupted.
function Timers:remove(timer)
  if timer and timer.call then
    timer.call = false
    self.removed = self.removed + 1
    if self.removed * 2 > self.count and not self.moving then
      self.moving = timer
      remake(self, self.heap)
      self.moving = false
    end
  end
end

---@return number|nil the time of the first
function Timers:due()
  local first = first_of(self)
  return first and first.at
end

--- Calls what is due; what that adds has to wait for the next time.
---@param now number
function Timers:fire(now)
  local last = self.made
  local first = first_of(self)
  while first and first.at <= now and first.number <= last do
    local call = first.call
    first.call = false
    take_first(self)
    call(first.argument)
    first = first_of(self)
  end
end

return M
