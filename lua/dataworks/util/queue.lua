-- A first-in, first-out queue. An error between any two steps, as Ctrl-C raises one, may leave a gap but loses no other
-- value.

---@class dataworks.Queue
local Queue = {}
Queue.__index = Queue

---@return integer including gaps
function Queue:length()
  return self.last - self.first + 1
end

function Queue:push(value)
  local last = self.last + 1
  self.list[last] = value
  self.last = last
end

---@return any value nil: a gap, or the queue is empty
function Queue:pop()
  local list, first = self.list, self.first
  local value = list[first]
  if first < self.last then
    list[first] = nil
    self.first = first + 1
  elseif first == self.last then
    list[first] = nil
    self.first = 1 -- so that an emptied queue reuses its table
    self.last = 0
  end
  return value
end

---@return any[] in order, without the gaps
function Queue:values()
  local values = {}
  for place = self.first, self.last do
    values[#values + 1] = self.list[place]
  end
  return values
end

---@return dataworks.Queue
return function()
  return setmetatable({ list = {}, first = 1, last = 0 }, Queue)
end
