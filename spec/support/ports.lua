-- Chooses ports of 127.0.0.1 for the servers of specs.

local nginx_ports = require "dataworks.emulator.nginx.ports"

local M = {}

local COUNT = 15

local function is_free(first, taken)
  for port = first, first + COUNT - 1 do
    if taken[port] then return false end
  end
  return true
end

--- Returns a random port. No program listens on this port or on the fourteen ports after it. Another program may listen
--- there a moment later.
---@return integer
function M.random()
  local taken = nginx_ports.taken()
  local port
  local file = assert(io.open("/dev/urandom", "rb"))
  repeat
    local a, b = file:read(2):byte(1, 2)
    port = 15000 + (a * 256 + b) % 16000
  until is_free(port, taken)
  file:close()
  return port
end

return M
