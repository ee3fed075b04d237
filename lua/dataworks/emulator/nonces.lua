-- Remembers what was seen for at least one window, in two generations, so that forgetting costs no scan.

local M = {}
M.__index = M

---@param window number seconds
---@return table
function M.new(window)
  return setmetatable({ window = window, current = {}, previous = {}, turned = nil }, M)
end

--- Records a key; true when it is new.
---@param key string
---@param now number seconds
---@return boolean
function M:add(key, now)
  self.turned = self.turned or now
  if now - self.turned >= self.window then
    local stale = now - self.turned >= 2 * self.window
    self.previous, self.current = stale and {} or self.current, {}
    self.turned = now
  end
  if self.current[key] or self.previous[key] then
    return false
  end
  self.current[key] = true
  return true
end

return M
