-- Ports to listen on.

local shell = require "dataworks.emulator.shell"

local M = {}

local FIRST_PORT, LAST_PORT = 20000, 32000

--- Addresses in /proc/net that conflict with a listener on 127.0.0.1.
local LOCAL_ADDRESSES = { ["0100007F"] = true, ["00000000"] = true, [("0"):rep(32)] = true }

--- The ports in use, as far as the system shows them. nginx would retry a used port for seconds.
---@return table<integer, boolean>
function M.taken()
  local taken = {}
  for _, path in ipairs({ "/proc/net/tcp", "/proc/net/tcp6" }) do
    local file = io.open(path, "r")
    for line in file and file:lines() or function() end do
      local address, port = line:match("^%s*%d+: (%x+):(%x+) %x+:%x+ 0A")
      if LOCAL_ADDRESSES[address] then
        taken[tonumber(port, 16)] = true
      end
    end
    if file then
      file:close()
    end
  end
  return taken
end

--- A random port that is not in use.
---@return integer
function M.random()
  local taken = M.taken()
  local port
  repeat
    local number = tonumber(shell.output_of("od -An -N2 -tu2 /dev/urandom")) or math.random(0, 65535)
    port = FIRST_PORT + number % (LAST_PORT - FIRST_PORT)
  until not taken[port]
  return port
end

return M
