-- What is to be called when, the earliest first: a binary heap. Most timers are deadlines that nobody comes to, so one
-- that is removed stays in its place until it is the first, or half of them are such.

local M = {}

local Timers = {}
Timers.__index = Timers

function M.new()
  return setmetatable({ heap = {}, count = 0, removed = 0, made = 0 }, Timers)
end

-- Of two for the same time the older one is first.
local function earlier(a, b)
  return a.at < b.at or a.at == b.at and a.number < b.number
end

local function rise(self, timer, place)
  local heap = self.heap
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

local function sink(self, timer, place)
  local heap = self.heap
  while true do
    local below = place * 2
    if below > self.count then
      break
    elseif below < self.count and earlier(heap[below + 1], heap[below]) then
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

local function sweep(self)
  local heap, kept = self.heap, 0
  for place = 1, self.count do
    local timer = heap[place]
    heap[place] = nil
    if timer.call then
      kept = kept + 1
      heap[kept] = timer
    end
  end
  self.count, self.removed = kept, 0
  for place = (kept - kept % 2) / 2, 1, -1 do
    sink(self, heap[place], place)
  end
end

local function take_first(self)
  local heap, count = self.heap, self.count
  local last = heap[count]
  heap[count] = nil
  self.count = count - 1
  if count > 1 then
    sink(self, last, 1)
  end
end

--- The first of those that were not removed.
local function first_of(self)
  local first = self.heap[1]
  while first and not first.call do
    take_first(self)
    self.removed = self.removed - 1
    first = self.heap[1]
  end
  return first
end

---@param at number
---@param call fun()
---@return table timer
function Timers:add(at, call)
  self.made = self.made + 1
  local timer = { at = at, call = call, number = self.made }
  self.count = self.count + 1
  rise(self, timer, self.count)
  return timer
end

--- It may be done again, after it fired, or to one of others.
function Timers:remove(timer)
  if timer.call then
    timer.call = false
    self.removed = self.removed + 1
    if self.removed * 2 > self.count then
      sweep(self)
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
    call()
    first = first_of(self)
  end
end

return M
