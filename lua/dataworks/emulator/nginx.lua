-- Starts and stops the nginx that the emulator runs in. This nginx listens on 127.0.0.1 and has a temporary directory.
-- A guard process stops nginx and removes the directory, even if the current process is killed.

local config = require "dataworks.emulator.nginx.config"
local ports = require "dataworks.emulator.nginx.ports"
local program = require "dataworks.emulator.nginx.program"
local shell = require "dataworks.emulator.shell"

local M = {}

local Emulator = {}
Emulator.__index = Emulator

local quote = shell.quote

local MAX_ATTEMPTS = 10

--- The script of the guard process. It waits until stop() writes to its standard input, or until the process that
--- started it ends. Then it stops nginx and removes the directory. nginx loses a SIGTERM that arrives while it starts,
--- so the script repeats the signal each half second. nginx leads its own process group, so the last signal also ends
--- its worker. The script keeps no pipe of its parent open, because a reader of such a pipe would wait for the script.
local GUARD = [[
exec >/dev/null 2>&1
trap '' INT QUIT HUP TERM
cd %s || exit
read -r word
i=0
while pid=$(cat nginx.pid) && [ -n "$pid" ] && kill -0 "$pid" && [ $i -lt 500 ]; do
  [ $((i %% 25)) -ne 0 ] || kill -TERM "$pid"
  sleep 0.02
  i=$((i + 1))
done
[ ! -s nginx.pid ] || kill -KILL -- "-$pid"
cd /
rm -rf %s
]]

--- The script that starts nginx. It waits for the file nginx.pid, because nginx writes the file later than its command
--- returns. The script prints "started", or why nginx did not start.
local LAUNCH = [[
cd %s || exit
%s %s -p "$PWD/" -c nginx.conf -e error.log >start.log 2>&1 </dev/null ||
  { echo "exit status $?"; cat start.log; exit; }
i=0
until [ -s nginx.pid ] || [ $i -ge 500 ]; do sleep 0.01; i=$((i + 1)); done
[ -s nginx.pid ] && echo started || { echo "no process id after 5 seconds"; cat error.log; }
]]

--- Starts nginx on the requested port. Without a requested port, tries random ports until nginx starts on one.
local function launch_on_some_port(self, options)
  if options.port and ports.taken()[options.port] then
    return nil, ("port %d is in use"):format(options.port)
  end
  local output
  for _ = 1, options.port and 1 or MAX_ATTEMPTS do
    self.port = options.port or ports.random()
    config.write(self.directory, { module_lines = self.program.module_lines, port = self.port, tls = options.tls })
    output = shell.output_of(LAUNCH:format(quote(self.directory), config.command_prefix(), quote(self.program.path)))
    if output == "started" then
      return true
    elseif not output:find("Address already in use", 1, true) then
      return nil, "nginx did not start: " .. output
    end
  end
  return nil, "no free port was found: " .. output
end

--- Makes a certificate if TLS is requested, and starts nginx.
local function prepare_and_launch(self, options)
  if options.tls then
    local message
    self.ca_file, message = config.make_certificate(self.directory)
    if not self.ca_file then
      return nil, message
    end
  end
  return launch_on_some_port(self, options)
end

--- Starts an emulator.
---@return table|nil emulator has the fields endpoint, port, directory and ca_file, and the methods wait and stop
---@return string|nil message why the emulator did not start
function M.start(options)
  options = options or {}
  local found, message = program.find()
  if not found then
    return nil, message
  end
  local directory = shell.output_of('mktemp -d "${TMPDIR:-/tmp}/dataworks-emulator.XXXXXX"')
  if directory == "" then
    return nil, "no temporary directory could be made"
  end
  local self = setmetatable({ program = found, directory = directory }, Emulator)
  self.guard = assert(io.popen(GUARD:format(quote(directory), quote(directory)), "w"))
  local ok
  ok, message = prepare_and_launch(self, options)
  if not ok then
    self:stop()
    return nil, message
  end
  self.endpoint = ("%s://127.0.0.1:%d"):format(options.tls and "https" or "http", self.port)
  return self
end

function Emulator:wait()
  shell.output_of(("cd %s && while kill -0 $(cat nginx.pid); do sleep 0.2; done"):format(quote(self.directory)))
end

--- Stops nginx, waits until nginx has ended, and removes its directory. A second call does nothing.
function Emulator:stop()
  if self.guard then
    self.guard:write("stop\n")
    self.guard:close()
    self.guard = nil
  end
end

return M
