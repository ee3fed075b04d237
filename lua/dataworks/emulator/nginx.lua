-- Starts and stops the nginx that the emulator runs in: on 127.0.0.1, in a directory of its own, under a
-- guard that cleans up also when this process is killed.

local M = {}

local Emulator = {}
Emulator.__index = Emulator

local ATTEMPTS = 10
local FIRST_PORT, LAST_PORT = 20000, 32000

local MODULES = { "ndk_http_module.so", "ngx_http_lua_module.so" }
local MODULE_DIRECTORIES = { "/usr/lib/nginx/modules", "/usr/lib64/nginx/modules" }
local NGINX_PATHS = "nginx openresty /usr/sbin/nginx /usr/local/sbin/nginx"
  .. " /usr/local/openresty/nginx/sbin/nginx"
local PACKAGES = "on Debian: apt-get install nginx libnginx-mod-http-lua"

-- LD_PRELOAD may hold a sanitizer of the program under test; the Lua paths may name another Lua's modules.
local CLEAN_ENVIRONMENT = "env -u LD_PRELOAD -u LUA_PATH -u LUA_CPATH"

local CONFIG = [[
%s
%s
daemon on;
worker_processes 1;
pid nginx.pid;
error_log error.log notice;
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
  access_log off;
  server_tokens off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_timeout 25s 25s;
  keepalive_requests 1000000;
  client_max_body_size 64m;
  client_body_buffer_size 256k;
  large_client_header_buffers 4 16k;
  reset_timedout_connection on;
  gzip on;
  gzip_vary on;
  gzip_proxied any;
  gzip_types application/json;
  init_by_lua_file start.lua;
  server {
    listen 127.0.0.1:%d%s;
    %s
    location / { content_by_lua_block { require("dataworks.emulator.server").api() } }
    location /latest/ { content_by_lua_block { require("dataworks.emulator.server").metadata() } }
    location = /credentials { content_by_lua_block { require("dataworks.emulator.server").metadata() } }
    location /_emulator/ { content_by_lua_block { require("dataworks.emulator.server").control() } }
  }
}
]]

local TLS = "ssl_certificate cert.pem; ssl_certificate_key key.pem; ssl_protocols TLSv1.2 TLSv1.3;"

-- A searcher, since a package.path can't hold every character that a directory's name can.
local START = [[
local root = %q
table.insert(package.loaders, 2, function(name)
  local file = root .. name:gsub("%%.", "/") .. ".lua"
  return name:find("^dataworks%%.") and loadfile(file) or "\n\tno file " .. file
end)
require("dataworks.emulator.server").start()
]]

local OPENSSL_CONFIG = [[
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = DataWorks emulator
[extensions]
subjectAltName = IP:127.0.0.1, DNS:localhost
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
]]

local MAKE_CERTIFICATE = "cd %s && %s openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
  .. " -nodes -days 2 -config openssl.cnf -keyout key.pem -out cert.pem 2>&1"

-- Lives on the other end of a pipe: its read ends when told to stop, and also when the starting process dies.
local GUARD = [[
trap '' INT QUIT HUP TERM
cd %s || exit
read -r word
pid=$(cat nginx.pid 2>/dev/null)
if [ -n "$pid" ]; then
  kill -TERM "$pid"
  i=0
  while [ -e nginx.pid ] && kill -0 "$pid" 2>/dev/null && [ $i -lt 500 ]; do
    sleep 0.02
    i=$((i + 1))
  done
  [ ! -e nginx.pid ] || kill -KILL "$pid"
fi 2>/dev/null
cd /
rm -rf %s
]]

-- The master writes its pid after the starting command has returned.
local LAUNCH = [[
cd %s || exit
%s %s -p "$PWD/" -c nginx.conf -e error.log >start.log 2>&1 </dev/null || { cat start.log; exit; }
i=0
until [ -s nginx.pid ] || [ $i -ge 500 ]; do sleep 0.01; i=$((i + 1)); done
[ -s nginx.pid ] && echo started || cat error.log
]]

--- A text as one word for the shell.
---@param text string
---@return string
function M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local quote = M.quote

local function output_of(script)
  local pipe = assert(io.popen("exec 2>/dev/null\n" .. script, "r"))
  local text = pipe:read("*a")
  pipe:close()
  return (text:gsub("\n$", ""))
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

local function environment(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

local function find_nginx()
  local wanted = environment("DATAWORKS_NGINX")
  local found = output_of(("for name in %s; do command -v \"$name\" && break; done"):format(
    wanted and quote(wanted) or NGINX_PATHS))
  if found ~= "" then
    return found
  elseif wanted then
    return nil, ("DATAWORKS_NGINX names %s, which can't be run"):format(wanted)
  end
  return nil, "the emulator runs on nginx with its Lua module, and nginx was not found; " .. PACKAGES
end

local function config_quote(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

--- The load_module lines: none when nginx has Lua built in.
local function find_modules(nginx)
  local wanted = environment("DATAWORKS_NGINX_MODULES")
  for _, directory in ipairs(wanted and { wanted } or MODULE_DIRECTORIES) do
    if exists(directory .. "/" .. MODULES[2]) then
      local lines = {}
      for _, name in ipairs(MODULES) do
        if exists(directory .. "/" .. name) then
          lines[#lines + 1] = ("load_module %s;"):format(config_quote(directory .. "/" .. name))
        end
      end
      return table.concat(lines, "\n")
    end
  end
  if output_of(quote(nginx) .. " -V 2>&1"):find("ngx_lua") then
    return ""
  end
  return nil, ("nginx has no Lua module (%s in %s); %s"):format(MODULES[2],
    wanted or table.concat(MODULE_DIRECTORIES, " or "), PACKAGES)
end

--- The directory that holds dataworks/, with a slash at its end.
local function library_root()
  local here = debug.getinfo(1, "S").source:gsub("^@", "")
  local root = here:gsub("dataworks/emulator/nginx%.lua$", "")
  if root:sub(1, 1) ~= "/" then
    root = output_of("pwd") .. "/" .. root
  end
  return root
end

local OUR_ADDRESSES = { ["0100007F"] = true, ["00000000"] = true, [("0"):rep(32)] = true }

--- Ports that something listens on here, as far as the system tells. nginx tries a taken port for seconds.
local function taken_ports()
  local taken = {}
  for _, path in ipairs({ "/proc/net/tcp", "/proc/net/tcp6" }) do
    local file = io.open(path, "r")
    for line in file and file:lines() or function() end do
      local address, port = line:match("^%s*%d+: (%x+):(%x+) %x+:%x+ 0A")
      if OUR_ADDRESSES[address] then
        taken[tonumber(port, 16)] = true
      end
    end
    if file then
      file:close()
    end
  end
  return taken
end

local function random_port()
  local taken = taken_ports()
  local number
  local file = io.open("/dev/urandom", "rb")
  repeat
    if file then
      local a, b = file:read(2):byte(1, 2)
      number = a * 256 + b
    else
      number = math.random(0, 65535)
    end
    number = FIRST_PORT + number % (LAST_PORT - FIRST_PORT)
  until not taken[number]
  if file then
    file:close()
  end
  return number
end

local function make_certificate(directory)
  write_file(directory .. "/openssl.cnf", OPENSSL_CONFIG)
  local output = output_of(MAKE_CERTIFICATE:format(quote(directory), CLEAN_ENVIRONMENT))
  if not exists(directory .. "/cert.pem") then
    return nil, "openssl made no certificate: " .. output
  end
  return directory .. "/cert.pem"
end

--- As root, nginx would give its worker to a user that can't enter the private directory.
local function user_line()
  if output_of("id -u") == "0" then
    return ("user %s %s;"):format(output_of("id -un"), output_of("id -gn"))
  end
  return ""
end

local function launch(self, port, tls)
  write_file(self.directory .. "/nginx.conf",
    CONFIG:format(self.modules, user_line(), port, tls and " ssl" or "", tls and TLS or ""))
  local said = output_of(LAUNCH:format(quote(self.directory), CLEAN_ENVIRONMENT, quote(self.nginx)))
  return said == "started", said
end

local function start_on_some_port(self, options)
  local said, started
  if options.port and taken_ports()[options.port] then
    return nil, ("port %d is in use"):format(options.port)
  end
  for _ = 1, options.port and 1 or ATTEMPTS do
    self.port = options.port or random_port()
    started, said = launch(self, self.port, options.tls)
    if started then
      return true
    elseif not said:find("Address already in use", 1, true) then
      return nil, "nginx did not start: " .. said
    end
  end
  return nil, "no free port was found: " .. said
end

local function prepare(self, options)
  write_file(self.directory .. "/start.lua", START:format(library_root()))
  if options.tls then
    local message
    self.ca_file, message = make_certificate(self.directory)
    if not self.ca_file then
      return nil, message
    end
  end
  return start_on_some_port(self, options)
end

--- Starts an emulator.
---@param options {port: integer|nil, tls: boolean|nil}|nil
---@return table|nil emulator endpoint, port, directory, ca_file; stop()
---@return string|nil message
function M.start(options)
  options = options or {}
  local nginx, message = find_nginx()
  local modules
  if nginx then
    modules, message = find_modules(nginx)
  end
  if not modules then
    return nil, message
  end
  local directory = output_of('mktemp -d "${TMPDIR:-/tmp}/dataworks-emulator.XXXXXX"')
  if directory == "" then
    return nil, "no temporary directory could be made"
  end
  local self = setmetatable({ nginx = nginx, modules = modules, directory = directory }, Emulator)
  self.guard = assert(io.popen(GUARD:format(quote(directory), quote(directory)), "w"))
  local ok
  ok, message = prepare(self, options)
  if not ok then
    self:stop()
    return nil, message
  end
  self.endpoint = ("%s://127.0.0.1:%d"):format(options.tls and "https" or "http", self.port)
  return self
end

--- Blocks until nginx is gone.
function Emulator:wait()
  output_of(("cd %s && while kill -0 $(cat nginx.pid); do sleep 0.2; done"):format(quote(self.directory)))
end

--- Stops nginx, waits for its end and removes its directory. It may be called again.
function Emulator:stop()
  if self.guard then
    self.guard:write("stop\n")
    self.guard:close()
    self.guard = nil
  end
end

return M
