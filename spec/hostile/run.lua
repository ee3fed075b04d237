-- Plays rows in each host, and prints what was wrong:
--   run.lua AREAS all|fast
--   run.lua AREAS all|fast HOST SHARE COUNT DIRECTORY     plays a part of the rows, for the first form
-- Without areas, plays all; those of name servers only in a private network.

local cjson = require "cjson"
local files = require "spec.support.files"
local hosts = require "spec.hostile.hosts"
local host_support = require "spec.support.host"
local rows_module = require "spec.hostile.rows"
local servers = require "spec.hostile.server"
local shell = require "spec.support.shell"

local SHARES = 6 -- of the blocking host, each in a process of its own
local TIME_LIMIT = 200 -- seconds

local has_private_network = os.getenv "DATAWORKS_PRIVATE_NETWORK" ~= nil
local areas = arg[1] or rows_module.AREAS .. " names"
if not has_private_network then areas = areas:gsub("names", "") end
local only_fast = arg[2] == "fast"
local rows = rows_module.load(areas, only_fast)
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
  local left_open = hosts.left_open(before)
  if left_open then faults[#faults + 1] = host .. ": " .. left_open end
  for _, fault in ipairs(faults) do print(fault) end
end

local function start_share(host, number, count, server)
  return io.popen(("exec timeout %d %s spec/hostile/run.lua '%s' %s %s %d %d %s 2>&1 || echo '%s: ended with exit status '$?"):format(
    TIME_LIMIT, shell.interpreter, areas, only_fast and "fast" or "all", host, number, count, server.directory, host))
end

--- Plays the rows in nginx. Returns what was wrong.
local function play_nginx(server)
  local host = host_support.start { ca_file = server.ca_file, names_port = server.names_pipe and 53 or nil }
  -- nginx keeps the socket of its first question to the name server.
  local pid = host:run("ngx.socket.tcp():connect('unknown.test', 1) return ngx.worker.pid()", "named")
  local before = hosts.count_descriptors(pid)
  local faults = hosts.faults(rows, "nginx", hosts.nginx(server, host, areas, only_fast))
  return faults, function()
    local left_open = hosts.left_open(before, pid)
    if left_open then faults[#faults + 1] = "nginx: " .. left_open end
    if pid ~= host:run "return ngx.worker.pid()" then faults[#faults + 1] = "nginx: the worker ended:\n" .. host:log() end
    host:stop()
  end
end

if arg[3] then
  play_share(arg[3], tonumber(arg[4]), tonumber(arg[5]), arg[6])
  os.exit(0)
end

if not has_private_network then print "skipped: the rows of name servers, because this system allows no private network" end
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
