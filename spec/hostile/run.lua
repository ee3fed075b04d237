-- Plays each row in each host, and prints what was wrong: run.lua, or run.lua HOST SHARE DIRECTORY for a part of the rows.

local cjson = require "cjson"
local files = require "spec.support.files"
local hosts = require "spec.hostile.hosts"
local host_support = require "spec.support.host"
local rows_module = require "spec.hostile.rows"
local servers = require "spec.hostile.server"
local shell = require "spec.support.shell"

local SHARES = 6 -- of the blocking host, each in a process of its own
local TIME_LIMIT = 200 -- seconds

local rows = rows_module.load(false)
local began = os.time()

--- Returns the rows of one share, and a server with their ports.
local function share_of(number, count, server)
  local own, ports = {}, {}
  for i = number, #rows, count do
    own[#own + 1], ports[#ports + 1] = rows[i], server.ports[i]
  end
  return own, { ports = ports, ca_file = server.ca_file }
end

--- Plays the rows of one share in this process. Prints what was wrong.
local function play_share(host, number, count, directory)
  local own, server = share_of(number, count, { ports = cjson.decode(files.read(directory .. "/ports")), ca_file = directory .. "/ca.pem" })
  local function play() return hosts.faults(own, host, hosts[host](own, server)) end
  local before = hosts.count_descriptors()
  local faults = play()
  collectgarbage()
  local after = hosts.count_descriptors()
  if after > before then
    faults[#faults + 1] = ("%s: %d descriptors are open, %d were before"):format(host, after, before)
  end
  for _, fault in ipairs(faults) do print(fault) end
end

local function start_share(host, number, count, server)
  return io.popen(("exec timeout %d %s spec/hostile/run.lua %s %d %d %s 2>&1 || echo '%s: ended with exit status '$?"):format(
    TIME_LIMIT, shell.interpreter, host, number, count, server.directory, host))
end

--- Plays the rows in nginx. Returns what was wrong.
local function play_nginx(server)
  local host = host_support.start { ca_file = server.ca_file }
  local pid = host:run "return ngx.worker.pid()"
  local before = hosts.count_descriptors(pid)
  local faults = hosts.faults(rows, "nginx", hosts.nginx(server, host, false))
  return faults, function()
    shell.run "sleep 1"
    local after = hosts.count_descriptors(pid)
    if after > before then faults[#faults + 1] = ("nginx: %d descriptors are open, %d were before"):format(after, before) end
    if pid ~= host:run "return ngx.worker.pid()" then faults[#faults + 1] = "nginx: the worker ended:\n" .. host:log() end
    host:stop()
  end
end

if arg[1] then
  play_share(arg[1], tonumber(arg[2]), tonumber(arg[3]), arg[4])
  os.exit(0)
end

local server = servers.start(rows)
local pipes = { start_share("loop", 1, 1, server) }
for number = 1, SHARES do pipes[#pipes + 1] = start_share("blocking", number, SHARES, server) end
local faults, finish = play_nginx(server)
for _, pipe in ipairs(pipes) do
  for line in pipe:lines() do faults[#faults + 1] = line end
  pipe:close()
end
server:stop()
finish()
for _, fault in ipairs(faults) do print(fault) end
print(("%d rows in 3 hosts on %s in %d s, %d wrong"):format(#rows, shell.lua, os.time() - began, #faults))
os.exit(#faults == 0 and 0 or 1)
