-- Starts an nginx whose four workers share a rate limit.

local cjson = require "cjson"
local files = require "spec.support.files"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}

local Workers = {}
Workers.__index = Workers

--- Starts nginx. Stop it with the method stop.
---@return table workers
function M.start()
  local directory = shell.output "mktemp -d /tmp/dataworks-limits.XXXXXX"
  local words = {
    TOP = shell.output "pwd", USER = shell.output "id -u" == "0" and "user root;" or "", MODULES = nginx.lua_lines(),
  }
  local started, output
  for _ = 1, 20 do
    words.PORT = tostring(ports.random())
    files.write(directory .. "/nginx.conf", (files.read("spec/support/limits/nginx.conf"):gsub("@(%u+)@", words)))
    started, output = nginx.start(directory)
    if started then return setmetatable({ directory = directory, port = words.PORT }, Workers) end
  end
  error(output)
end

--- Sends a request `times` times at once, each on a new connection. Returns the answers in the order of their arrival.
--- The error output of curl goes into a file, because curl shows a progress bar when it sends several requests.
function Workers:ask(path, times)
  local text = shell.output(("env -u LD_PRELOAD curl -sS --noproxy '*' --max-time 60 --no-keepalive -Z "
    .. "--parallel-immediate --parallel-max 200 --config - 2>%s/curl.log <<'END'\n%s\nEND"):format(
    self.directory, ("url = \"http://127.0.0.1:%s/%s\"\n"):format(self.port, path):rep(times or 1)))
  local answers = {}
  for line in text:gmatch("[^\n]+") do answers[#answers + 1] = cjson.decode(line) end
  return answers
end

function Workers:stop()
  shell.run(("cd %s; for i in 1 2 3 4 5 6 7 8 9 10; do [ -s nginx.pid ] && break; sleep 0.1; done; "
    .. "kill $(cat nginx.pid); rm -rf %s"):format(self.directory, self.directory))
end

return M
