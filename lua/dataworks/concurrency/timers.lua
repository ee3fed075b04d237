-- Keeps timers in the order of their times, in a binary heap. Most timers are deadlines, which are removed before they
-- are due. A removed timer therefore stays in the heap until it is the first timer, or until half of the timers in the
-- heap are removed ones. An error, for example from Ctrl-C, can interrupt a change of the heap at any point. The next
-- change then repairs the heap first.

local M = {}

---@class dataworks.Timers
---@field heap table[] timers: { at, number, call, argument }. `call` is false after a timer was removed or called.
---@field count integer the number of timers in the heap
---@field removed integer the number of removed timers in the heap
---@field made integer the number of timers that were ever added
---@field moving table|false the timer that a change of the heap is moving
local Timers = {}
Timers.__index = Timers

function M.new()
  return setmetatable({ heap = {}, count = 0, removed = 0, made = 0, moving = false }, Timers)
end

--- Returns whether timer a comes before timer b. Of two timers for the same time, the older one comes first.
local function is_earlier(a, b)
  return a.at < b.at or a.at == b.at and a.number < b.number
end

--- Places a timer at `place` in the heap, or above it where it belongs.
local function sift_up(heap, timer, place)
  while place > 1 do
    local above = (place - place % 2) / 2
    if not is_earlier(timer, heap[above]) then
      break
    end
    heap[place] = heap[above]
    place = above
  end
  heap[place] = timer
end

--- Places a timer at `place` in the heap, or below it where it belongs.
local function sift_down(heap, timer, place, count)
  while true do
    local below = place * 2
    if below > count then
      break
    elseif below < count and is_earlier(heap[below + 1], heap[below]) then
      below = below + 1
    end
    if not is_earlier(heap[below], timer) then
      break
    end
    heap[place] = heap[below]
    place = below
  end
  heap[place] = timer
end

local function rebuild(self, timers)
  local heap, count = {}, 0
  for _, timer in pairs(timers) do
    if timer.call then
      count = count + 1
      heap[count] = timer
    end
  end
  for place = (count - count % 2) / 2, 1, -1 do
    sift_down(heap, heap[place], place, count)
  end
  self.heap, self.count, self.removed = heap, count, 0
end

--- Repairs the heap after an interrupted move. The moving timer may be missing in the heap, and another timer may be in
--- two places.
local function repair(self)
  local all = {}
  for _, timer in pairs(self.heap) do
    all[timer] = timer
  end
  all[self.moving] = self.moving
  rebuild(self, all)
  self.moving = false
end

local function take_first(self)
  local heap, count = self.heap, self.count
  local last = heap[count]
  self.moving = last
  heap[count] = nil
  self.count = count - 1
  if count > 1 then
    sift_down(heap, last, 1, count - 1)
  end
  self.moving = false
end

local function get_first(self)
  if self.moving then
    repair(self)
  end
  local first = self.heap[1]
  while first and not first.call do
    take_first(self)
    self.removed = self.removed - 1
    first = self.heap[1]
  end
  return first
end

--- Adds a timer that calls call(argument) when the time is `at` or later.
function Timers:add(at, call, argument)
  if self.moving then
    repair(self)
  end
  self.made = self.made + 1
  local timer = { at = at, call = call, argument = argument, number = self.made }
  self.moving = timer
  self.count = self.count + 1
  sift_up(self.heap, timer, self.count)
  self.moving = false
  return timer
end

--- Removes a timer. Does nothing if the timer was already called or removed, or if it is nil or false because an
--- interruption prevented its addition.
function Timers:remove(timer)
  if timer and timer.call then
    timer.call = false
    self.removed = self.removed + 1
    if self.removed * 2 > self.count and not self.moving then
      self.moving = timer
      rebuild(self, self.heap)
      self.moving = false
    end
  end
end

---@return number|nil at the time of the first timer; nil if there is no timer
function Timers:due()
  local first = get_first(self)
  return first and first.at
end

--- Calls the timers that are due. Timers that are added by these calls wait for the next call of this function.
function Timers:fire(now)
  local last = self.made
  local first = get_first(self)
  while first and first.at <= now and first.number <= last do
    local call = first.call
    first.call = false
    take_first(self)
    call(first.argument)
    first = get_first(self)
  end
end

return M
