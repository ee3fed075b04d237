-- A first-in, first-out queue. An error in the middle of an operation, such as an error raised by Ctrl-C, may lose the
-- value of that operation and leave a gap, but loses no other value.

---@class dataworks.Queue
local Queue = {}
Queue.__index = Queue

--- Returns the number of values, including gaps.
function Queue:length()
  return self.last - self.first + 1
end

function Queue:push(value)
  local last = self.last + 1
  self.list[last] = value
  self.last = last
end

--- Returns the first value without removing it.
---@return any value nil for a gap, or when the queue is empty
function Queue:first_value()
  return self.list[self.first]
end

--- Removes the first value.
---@return any value nil for a gap, or when the queue is empty
function Queue:pop()
  local list, first = self.list, self.first
  local value = list[first]
  if first < self.last then
    list[first] = nil
    self.first = first + 1
  elseif first == self.last then
    list[first] = nil
    self.first = 1 -- so that the positions of the list are used again
    self.last = 0
  end
  return value
end

function Queue:values()
  local values = {}
  for place = self.first, self.last do
    values[#values + 1] = self.list[place]
  end
  return values
end

--- Makes an empty queue.
return function()
  return setmetatable({ list = {}, first = 1, last = 0 }, Queue)
end
