-- Remembers nonces for at least one window. Two generations are kept, and the older one is dropped as a whole.

local M = {}
M.__index = M

---@param window number seconds
---@return table
function M.new(window)
  return setmetatable({ window = window, current = {}, previous = {} }, M)
end

--- Records a nonce; true when it is new.
---@param nonce string
---@param now number seconds
---@return boolean
function M:add(nonce, now)
  self.current_since = self.current_since or now
  local age = now - self.current_since
  if age >= self.window then
    self.previous = age < 2 * self.window and self.current or {}
    self.current, self.current_since = {}, now
  end
  if self.current[nonce] or self.previous[nonce] then
    return false
  end
  self.current[nonce] = true
  return true
end

return M
