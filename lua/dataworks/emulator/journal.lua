-- One entry for each call, oldest first. Beyond a limit, the oldest entry is dropped.

local M = {}
M.__index = M

local MAX_ENTRIES = 50000

---@return table
function M.new()
  return setmetatable({ first = 1, last = 0 }, M)
end

---@param entry table
function M:add(entry)
  self.last = self.last + 1
  entry.number = self.last
  self[self.last] = entry
  if self.last - self.first >= MAX_ENTRIES then
    self[self.first] = nil
    self.first = self.first + 1
  end
end

---@param action string|nil only the calls of this action
---@return table[]
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
