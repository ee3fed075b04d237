-- Makes the calls of a peer in Lua, as each program of a peer does. `PROGRAM ENDPOINT CALLS` first makes half as many,
-- which do not count. Prints the CPU and the wall microseconds of a call, and the peak memory in kilobytes.

local function now()
  local file = assert(io.open "/proc/uptime")
  local seconds = tonumber(file:read "*a":match "%S+")
  file:close()
  return seconds
end

---@param connect fun(host: string, port: integer): fun() returns a function that makes one call
return function(connect)
  local host, port = arg[1]:match "^http://(.*):(%d+)$"
  local call, count = connect(host, tonumber(port)), tonumber(arg[2])
  for _ = 1, math.floor(count / 2) do call() end
  local cpu, wall = os.clock(), now()
  for _ = 1, count do call() end
  cpu, wall = os.clock() - cpu, now() - wall
  local file = assert(io.open "/proc/self/status")
  print(cpu / count * 1e6, wall / count * 1e6, (file:read "*a":match "VmHWM:%s*(%d+)"))
end
