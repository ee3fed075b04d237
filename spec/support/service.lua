-- Starts the example service as its README says, on a free port.

local curl = require "dataworks.curl"
local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}

local Service = {}
Service.__index = Service

local START = [[
env -u LD_PRELOAD -u LUA_PATH -u LUA_CPATH ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s \
  ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s examples/openresty/run %d >%s 2>&1 </dev/null &
echo $!]]

function M.start(emulator)
  local session, log = curl.new {}, os.tmpname()
  for _ = 1, 20 do
    local port = ports.random()
    local pid = shell.output(START:format(shell.quote(emulator.endpoint), emulator.access_key_id,
      emulator.access_key_secret, port, log)):match "%d+"
    for _ = 1, 100 do
      local status = session:send("GET", ("http://127.0.0.1:%d/sync-tasks"):format(port), {}, "", 5)
      if status == 200 then
        session:close()
        return setmetatable({ port = port, pid = pid, log = log }, Service)
      elseif select(2, shell.run("kill -0 " .. pid)) ~= 0 then
        break
      end
      curl.sleep(0.05)
    end
    shell.run("kill " .. pid)
  end
  error(shell.output("cat " .. log))
end

function Service:url(path)
  return ("http://127.0.0.1:%d%s"):format(self.port, path)
end

--- The workers end, and new ones begin.
function Service:reload()
  shell.output(("kill -s HUP $(pgrep -P %s nginx)"):format(self.pid))
end

function Service:stop()
  shell.run(("kill %s; for i in $(seq 100); do kill -0 %s 2>/dev/null || break; sleep 0.05; done; rm -f %s"):format(
    self.pid, self.pid, self.log))
end

return M
