-- Remembers each nonce for at least `window` seconds. The nonces are in two sets. After each window, the older set is
-- dropped, and a new set begins.

local M = {}
M.__index = M

--- Creates an empty memory for nonces.
---@param window number seconds for which a nonce is remembered
function M.new(window)
  return setmetatable({ window = window, current = {}, previous = {} }, M)
end

--- Records a nonce.
---@param now number the current time in seconds
---@return boolean is_new false if the nonce was recorded before
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
