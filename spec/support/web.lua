-- Starts the web server for the specs of the transport. The server is an nginx on free ports of 127.0.0.1.

local certificates = require "spec.support.certificates"
local files = require "spec.support.files"
local nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local shell = require "spec.support.shell"

local M = {}

local PORTS = {
  "HTTP", "TLS", "TLS_OTHER_NAME", "TLS_EXPIRED", "TLS_SELF_SIGNED", "TLS_OLD", "TLS_12", "TLS_13", "TLS_CLIENT",
  "PROXY", "PROXY_REFUSING", "READY", "PROMPT", "LATE", "QUOTA",
}

--- Starts nginx on the ports after `base`. Returns the ports by name, or false and the output of nginx.
local function start_at(directory, top, base)
  local words = { TOP = top, MODULES = nginx.lua_lines() }
  local web = {}
  for i, name in ipairs(PORTS) do
    words[name] = tostring(base + i)
    web[name:lower()] = base + i
  end
  local conf = files.read("spec/support/web/nginx.conf"):gsub("@([%w_]+)@", words)
  files.write(directory .. "/nginx.conf", conf)
  files.write(directory .. "/handlers.conf", files.read("spec/support/web/handlers.conf"))
  local started, output = nginx.start(directory)
  return started and web, output
end

local Web = {}
Web.__index = Web

--- Starts the web server. Stop it with the method stop. The result has each port as a field, and the field ca_file.
---@return table web
function M.start()
  local directory = shell.output "mktemp -d /tmp/dataworks-web.XXXXXX"
  local top = shell.output "pwd"
  certificates.make(directory)
  local web, output
  for _ = 1, 20 do
    web, output = start_at(directory, top, ports.random())
    if web then break end
  end
  assert(web, output)
  web.directory = directory
  web.ca_file = directory .. "/ca.pem"
  return setmetatable(web, Web)
end

--- Returns a URL of the server that does not use TLS.
---@param path string
function Web:url(path)
  return ("http://127.0.0.1:%d%s"):format(self.http, path)
end

--- Returns a URL of a TLS server.
---@param server string an entry of PORTS in lower case, for example "tls_expired"
---@param path string
function Web:tls_url(server, path)
  return ("https://localhost:%d%s"):format(self[server], path)
end

function Web:stop()
  -- nginx writes its pid file a moment after its command has returned.
  shell.run(("cd %s; for i in 1 2 3 4 5 6 7 8 9 10; do [ -s nginx.pid ] && break; sleep 0.1; done; "
    .. "kill $(cat nginx.pid); rm -rf %s"):format(self.directory, self.directory))
end

return M
