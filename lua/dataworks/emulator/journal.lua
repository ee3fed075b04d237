-- The journal: one entry for each call. When the journal is full, a new entry replaces the oldest one.

local M = {}
M.__index = M

local MAX_ENTRIES = 50000

function M.new()
  return setmetatable({ first = 1, last = 0 }, M)
end

--- Adds an entry, and sets its field `number`, which counts all entries from 1.
function M:add(entry)
  self.last = self.last + 1
  entry.number = self.last
  self[self.last] = entry
  if self.last - self.first >= MAX_ENTRIES then
    self[self.first] = nil
    self.first = self.first + 1
  end
end

--- Returns the entries, oldest first.
---@param action string|nil if present, only entries of this action are returned
function M:list(action)
  local out = {}
  for i = self.first, self.last do
    if not action or self[i].action == action then
      out[#out + 1] = self[i]
    end
  end
  return out
end

return M
