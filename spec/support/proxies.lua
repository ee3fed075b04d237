-- Starts the forward proxies of the specs on free ports of 127.0.0.1: tinyproxy, microsocks, and nginx for TLS.

local files = require "spec.support.files"
local native = require "spec.support.native"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}

-- tinyproxy allows only letters, digits, "-", "." and "_".
local PLAIN = { user = "proxy-user", password = "proxy-password.1" }
local ODD = { user = "proxy user", password = "pass/word: @ 100%" }
M.logins = { http_login = PLAIN, https_login = PLAIN, socks_login = ODD }

-- Starts a proxy, waits until it listens on the port, and prints its process id. Fails if another process listens on
-- this port.
local START = [[(
listening() {
  env -u LD_PRELOAD curl -s --noproxy '*' --max-time 5 -o /dev/null http://127.0.0.1:%d/
  [ $? != 7 ]
}
cd %s || exit 1
exec 3>>%s.log
listening && exit 1
LD_PRELOAD=./names.so timeout 1800 %s >&3 2>&1 </dev/null 3>&- &
pid=$!
until listening; do
  kill -0 $pid || exit 1
  sleep 0.05
done
sleep 0.1
kill -0 $pid && echo $pid)]]

--- Returns the text of a file in proxies/, with the words between @ signs replaced.
local function fill(name, words)
  return (files.read("spec/support/proxies/" .. name):gsub("@([%w_]+)@", words))
end

--- Calls start(port) with random ports until it succeeds, and returns the port.
local function on_free_port(start)
  local output
  for _ = 1, 5 do
    local port = ports.random()
    local started
    started, output = start(port)
    if started then return port end
  end
  error(output)
end

local Proxies = {}
Proxies.__index = Proxies

--- Starts a proxy on a port. Returns true, or false and a message.
local function start_process(self, name, command, port)
  local output, status = shell.run(START:format(port, self.directory, name, command))
  if status ~= 0 then return false, name .. ": " .. output .. self:log(name) end
  self.pids[#self.pids + 1] = output:match("%d+")
  return true
end

function Proxies:start_tinyproxy(name)
  local login = M.logins[name]
  self[name] = on_free_port(function(port)
    files.write(("%s/%s.conf"):format(self.directory, name), fill("tinyproxy.conf", {
      PORT = tostring(port), LOG = ("%s/%s.log"):format(self.directory, name), FILTER = self.directory .. "/filter",
      LOGIN = login and ("BasicAuth %s %s"):format(login.user, login.password) or "",
    }))
    return start_process(self, name, ("tinyproxy -d -c %s.conf"):format(name), port)
  end)
end

function Proxies:start_microsocks(name)
  local login = M.logins[name]
  local options = login and ("-u %s -P %s"):format(shell.quote(login.user), shell.quote(login.password)) or ""
  self[name] = on_free_port(function(port)
    return start_process(self, name, ("microsocks -i 127.0.0.1 -p %d %s"):format(port, options), port)
  end)
end

local LISTENING = { "HTTPS", "HTTPS_LOGIN", "HTTPS_EXPIRED", "HTTPS_12", "SERVICE" }

function Proxies:start_nginx(certificates, behind)
  on_free_port(function(port)
    local words = {
      CERTIFICATES = certificates, HTTP = tostring(self.http), HTTP_LOGIN = tostring(self.http_login),
      BEHIND = tostring(behind), MODULES = nginx.stream_lines(),
    }
    for i, name in ipairs(LISTENING) do
      self[name:lower()] = port + i
      words[name] = tostring(port + i)
    end
    files.write(self.directory .. "/nginx.conf", fill("nginx.conf", words))
    return nginx.start(self.directory)
  end)
end

--- Starts all proxies. For them, the address of each name under .test is 127.0.0.1. The result has the port of each
--- proxy as a field. The fields are http, http_login, socks, socks_login, https, https_login, https_expired and
--- https_12. The proxies whose names end in _login require a user and a password. The field `service` is the port of a
--- TLS server.
---@param certificates string the folder with the certificates of spec.support.web
---@param behind integer|nil the port to which the TLS server `service` forwards; the default is the proxy http
---@return table proxies
function M.start(certificates, behind)
  local self = setmetatable({ pids = {}, directory = shell.output "mktemp -d /tmp/dataworks-proxies.XXXXXX" }, Proxies)
  shell.output(("mv %s %s/names.so"):format(native.compile("spec/support/proxies/names.c", ""), self.directory))
  files.write(self.directory .. "/filter", "^forbidden[.]test$\n")
  local ok, message = pcall(function()
    self:start_tinyproxy "http"
    self:start_tinyproxy "http_login"
    self:start_microsocks "socks"
    self:start_microsocks "socks_login"
    self:start_nginx(certificates, behind or self.http)
  end)
  if not ok then
    self:stop()
    error(message, 0)
  end
  return self
end

--- Percent-encodes a user or a password for a URL.
local function escape(text)
  return (text:gsub("[^%w]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

--- Returns the URL of a proxy. If the proxy requires a login, the URL has user and password.
---@param scheme string
---@param name string
---@param password string|nil a password to use instead of the right one
function Proxies:url(scheme, name, password)
  local login = M.logins[name]
  local before = login and ("%s:%s@"):format(escape(login.user), escape(password or login.password)) or ""
  return ("%s://%slocalhost:%d"):format(scheme, before, self[name])
end

--- Returns the log of a proxy.
---@param name string
---@return string
function Proxies:log(name)
  return files.read(("%s/%s.log"):format(self.directory, name))
end

function Proxies:stop()
  -- nginx writes its pid file a moment after its command has returned.
  shell.run(("cd %s; for i in 1 2 3 4 5 6 7 8 9 10; do [ -s nginx.pid ] && break; sleep 0.1; done; "
    .. "kill %s $(cat nginx.pid); rm -rf %s"):format(self.directory, table.concat(self.pids, " "), self.directory))
end

return M
