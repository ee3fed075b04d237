-- Finds ports on which nginx can listen.

local shell = require "dataworks.emulator.shell"

local M = {}

local FIRST_PORT, LAST_PORT = 20000, 32000

--- Addresses, as /proc/net shows them. If a program listens on one of them, no other program can listen on the same
--- port of 127.0.0.1.
local LOCAL_ADDRESSES = { ["0100007F"] = true, ["00000000"] = true, [("0"):rep(32)] = true }

--- Returns the ports on which programs listen. If nginx starts on such a port, it fails only after several seconds.
---@return table<integer, boolean> taken true for each used port; empty if the system has no /proc/net
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
