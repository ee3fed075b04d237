-- What is to be called when, the earliest first: a binary heap. One whose change was interrupted, as by Ctrl-C, is made
-- anew of the set of all.

local M = {}

local Timers = {}
Timers.__index = Timers

function M.new()
  return setmetatable({ heap = {}, count = 0, made = 0, all = {}, changing = false }, Timers)
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

local function insert(self, timer)
  self.count = self.count + 1
  rise(self, timer, self.count)
end

local function mend(self)
  self.heap, self.count = {}, 0
  for timer in pairs(self.all) do
    insert(self, timer)
  end
  self.changing = false
end

---@param at number
---@param call fun()
---@return table timer
function Timers:add(at, call)
  if self.changing then mend(self) end
  self.made = self.made + 1
  local timer = { at = at, call = call, number = self.made }
  self.changing = true
  self.all[timer] = true
  insert(self, timer)
  self.changing = false
  return timer
end

--- It may be done again, after it fired, or to one of others; or to nil, where adding it was interrupted.
function Timers:remove(timer)
  if self.changing then mend(self) end
  if not timer or not self.all[timer] then
    return
  end
  self.changing = true
  self.all[timer] = nil
  local last = self.heap[self.count]
  self.heap[self.count] = nil
  self.count = self.count - 1
  if last ~= timer then
    sink(self, last, timer.place)
    rise(self, last, last.place)
  end
  self.changing = false
end

---@return number|nil the time of the first
function Timers:due()
  if self.changing then mend(self) end
  local first = self.heap[1]
  return first and first.at
end

--- Calls what is due; what that adds has to wait for the next time.
---@param now number
function Timers:fire(now)
  if self.changing then mend(self) end
  local last = self.made
  while self.count > 0 and self.heap[1].at <= now and self.heap[1].number <= last do
    local timer = self.heap[1]
    self:remove(timer)
    timer.call()
  end
end

return M
