-- What is to be called when, the earliest first: a binary heap.

local M = {}

local Timers = {}
Timers.__index = Timers

function M.new()
  return setmetatable({ heap = {}, count = 0, made = 0 }, Timers)
end

-- Of two for the same time the older one is first.
local function earlier(a, b)
  return a.at < b.at or a.at == b.at and a.number < b.number
end

local function put(self, timer, place)
  self.heap[place], timer.place = timer, place
end

local function rise(self, timer, place)
  while place > 1 do
    local above = (place - place % 2) / 2
    if not earlier(timer, self.heap[above]) then
      break
    end
    put(self, self.heap[above], place)
    place = above
  end
  put(self, timer, place)
end

local function sink(self, timer, place)
  while true do
    local below = place * 2
    if below > self.count then
      break
    elseif below < self.count and earlier(self.heap[below + 1], self.heap[below]) then
      below = below + 1
    end
    if not earlier(self.heap[below], timer) then
      break
    end
    put(self, self.heap[below], place)
    place = below
  end
  put(self, timer, place)
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
  local place = timer.place
  if not place or self.heap[place] ~= timer then
    return
  end
  timer.place = nil
  local last = self.heap[self.count]
  self.heap[self.count] = nil
  self.count = self.count - 1
  if last ~= timer then
    sink(self, last, place)
    rise(self, last, last.place)
  end
end

---@return number|nil the time of the first
function Timers:due()
  local first = self.heap[1]
  return first and first.at
end

--- Calls what is due; what that adds has to wait for the next time.
---@param now number
function Timers:fire(now)
  local last = self.made
  while self.count > 0 and self.heap[1].at <= now and self.heap[1].number <= last do
    local timer = self.heap[1]
    self:remove(timer)
    timer.call()
  end
end

return M
