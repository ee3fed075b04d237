-- Starts an nginx that runs the library, and sends chunks of Lua code to it. nginx runs each chunk.

local curl = require "dataworks.curl"
local files = require "spec.support.files"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}

local Host = {}
Host.__index = Host

-- Starts the name server, waits until it has written its port, and prints its process id and its port. The name server
-- ends after half an hour even if nothing stops it.
local NAMES = [[
  cd %s
  LUA_PATH= LUA_CPATH= timeout 1800 luajit spec/support/name_server.lua >%s/names.port 2>&1 </dev/null &
  echo $!
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -s %s/names.port ] && break; sleep 0.1; done
  cat %s/names.port]]

--- Starts nginx and its name server. Stop them with the method stop.
---@param options { workers?: integer, ca_file: string, names_port?: integer } `names_port` is the port of another name server
---@return table host
function M.start(options)
  local directory = shell.output "mktemp -d /tmp/dataworks-host.XXXXXX"
  local words = {
    TOP = shell.output "pwd", USER = shell.output "id -u" == "0" and "user root;" or "", CA = options.ca_file,
    WORKERS = tostring(options.workers or 1), CERTIFICATES = options.ca_file:match "^(.*)/",
    MODULES = nginx.lua_lines(),
  }
  local names_pid
  local printed = shell.output(NAMES:format(words.TOP, directory, directory, directory))
  names_pid, words.NAMES = printed:match "^(%d+)%s+(%d+)$"
  if not names_pid then
    shell.run("kill " .. printed:match "%d+")
    error("the name server printed: " .. printed)
  end
  words.NAMES = options.names_port or words.NAMES
  local started, output
  for _ = 1, 20 do
    local port = ports.random()
    words.PORT, words.TLS = tostring(port), tostring(port + 1)
    files.write(directory .. "/nginx.conf", (files.read("spec/support/host/nginx.conf"):gsub("@(%u+)@", words)))
    started, output = nginx.start(directory)
    if started then
      return setmetatable({
        directory = directory, port = words.PORT, tls = words.TLS, names_pid = names_pid,
        session = curl.new { ca_file = options.ca_file },
      }, Host)
    end
  end
  shell.run("kill " .. names_pid)
  error(output)
end

function Host:url(path)
  return ("http://127.0.0.1:%s/%s"):format(self.port, path)
end

--- Runs a chunk in a phase of nginx, and returns the result of the chunk as text.
---@param chunk string
---@param where? string a location of host/nginx.conf, which stands for a phase; the default is "content"
function Host:run(chunk, where)
  local status, headers, body = self.session:send({ method = "POST", url = self:url(where or "content"), body = chunk }, 60)
  if not status then error(headers.message, 2) end
  if status ~= 200 then error(body, 2) end
  return body
end

--- Returns the text that a phase has stored in the shared dict `notes`.
function Host:note(phase)
  local _, _, body = self.session:send({ method = "GET", url = self:url("notes?name=" .. phase) }, 60)
  return body
end

--- Makes nginx replace its worker processes.
function Host:reload()
  shell.output(("kill -HUP $(cat %s/nginx.pid)"):format(self.directory))
end

--- Returns the error log of nginx.
function Host:log()
  return files.read(self.directory .. "/error.log")
end

function Host:stop()
  self.session:close()
  shell.run(("cd %s; for i in 1 2 3 4 5 6 7 8 9 10; do [ -s nginx.pid ] && break; sleep 0.1; done; "
    .. "kill $(cat nginx.pid) %s; rm -rf %s"):format(self.directory, self.names_pid, self.directory))
end

return M
