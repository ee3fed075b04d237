-- Writes the files that nginx reads at its start: its configuration, the Lua code that finds this library, and a
-- certificate.

local shell = require "dataworks.emulator.shell"

local M = {}

local quote = shell.quote

--- The number of seconds after which a command that hangs is stopped.
M.COMMAND_SECONDS = 30

--- Returns the beginning of a command that runs without some variables of the current process, and not longer than
--- COMMAND_SECONDS. LD_PRELOAD can name a sanitizer, and the Lua paths can name modules of another Lua version.
function M.command_prefix()
  return ("env -u LD_PRELOAD -u LUA_PATH -u LUA_CPATH $(command -v timeout >/dev/null && echo timeout -k 5 %d)")
    :format(M.COMMAND_SECONDS)
end

local NGINX_CONFIG = [[
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
  client_header_buffer_size 4k;
  large_client_header_buffers 4 32k;
  reset_timedout_connection on;
  gzip on;
  gzip_min_length 256;
  gzip_vary on;
  gzip_proxied any;
  gzip_types application/json;
  init_by_lua_file start.lua;
  server {
    listen 127.0.0.1:%d%s;
    %s
    error_page 400 405 413 414 494 497 501 505 /_unreadable;
    location = /_unreadable {
      internal;
      content_by_lua_block { require("dataworks.emulator.server").unreadable() }
    }
    location / { content_by_lua_block { require("dataworks.emulator.server").api() } }
    location /latest/ { content_by_lua_block { require("dataworks.emulator.server").metadata() } }
    location = /credentials { content_by_lua_block { require("dataworks.emulator.server").metadata() } }
    location /_emulator/ { content_by_lua_block { require("dataworks.emulator.server").control() } }
  }
}
]]

local TLS = "ssl_certificate cert.pem; ssl_certificate_key key.pem; ssl_protocols TLSv1.2 TLSv1.3;"

--- The Lua code that nginx runs at its start. It adds a function that finds the modules of this library. package.path
--- can't be used, because the name of the directory can contain characters that are special in package.path.
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

--- Returns the directory that contains the folder dataworks. The directory ends with a slash.
local function library_root()
  local source = debug.getinfo(1, "S").source:gsub("^@", "")
  local root = source:gsub("dataworks/emulator/nginx/config%.lua$", "")
  if root:sub(1, 1) ~= "/" then
    root = shell.output_of("pwd") .. "/" .. root
  end
  return root
end

--- Returns the line of the configuration that names the user of the worker process. The line is necessary only for
--- root: by default, root's worker runs as another user, and that user can't enter the temporary directory.
local function user_line()
  if shell.output_of("id -u") == "0" then
    return ("user %s %s;"):format(shell.output_of("id -un"), shell.output_of("id -gn"))
  end
  return ""
end

--- Writes nginx.conf, and the Lua code that nginx runs at its start.
function M.write(directory, options)
  shell.write_file(directory .. "/start.lua", START:format(library_root()))
  shell.write_file(directory .. "/nginx.conf", NGINX_CONFIG:format(options.module_lines, user_line(), options.port,
    options.tls and " ssl" or "", options.tls and TLS or ""))
end

--- Makes a certificate and its key.
---@return string|nil path the path of the certificate
---@return string|nil message why there is no certificate
function M.make_certificate(directory)
  shell.write_file(directory .. "/openssl.cnf", OPENSSL_CONFIG)
  local output = shell.output_of(MAKE_CERTIFICATE:format(quote(directory), M.command_prefix()))
  if not shell.exists(directory .. "/cert.pem") then
    return nil, "openssl made no certificate: " .. output
  end
  return directory .. "/cert.pem"
end

return M
