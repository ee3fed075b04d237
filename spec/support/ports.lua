-- Chooses ports of 127.0.0.1 for the servers of specs.

local M = {}

--- Returns a random port. This port and the fourteen ports after it are probably free.
---@return integer
function M.random()
  local file = assert(io.open("/dev/urandom", "rb"))
  local a, b = file:read(2):byte(1, 2)
  file:close()
  return 15000 + (a * 256 + b) % 16000
end

return M
