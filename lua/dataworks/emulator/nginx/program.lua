-- Finds an nginx that can run Lua.

local config = require "dataworks.emulator.nginx.config"
local shell = require "dataworks.emulator.shell"

local M = {}

local quote = shell.quote

local NGINX_PATHS = "nginx openresty /usr/sbin/nginx /usr/local/sbin/nginx"
  .. " /usr/local/openresty/nginx/sbin/nginx"
local LUA_MODULE = "ngx_http_lua_module.so"
local MODULES = { "ndk_http_module.so", LUA_MODULE }
local MODULE_DIRECTORIES = { "/usr/lib/nginx/modules", "/usr/lib64/nginx/modules" }
local PACKAGES = "on Debian: apt-get install nginx libnginx-mod-http-lua"

---@class dataworks.NginxProgram
---@field path string
---@field module_lines string the load_module lines for the configuration; "" if nginx has Lua built in

--- Returns the paths of all nginx programs. If the variable DATAWORKS_NGINX is set, returns only the program it names.
--- Returns nil and a message if there is no program.
local function list_paths()
  local wanted = shell.environment("DATAWORKS_NGINX")
  local output = shell.output_of(("for name in %s; do command -v \"$name\"; done"):format(
    wanted and quote(wanted) or NGINX_PATHS))
  local paths = {}
  for path in output:gmatch("[^\n]+") do
    if not paths[path] then
      paths[#paths + 1], paths[path] = path, true
    end
  end
  if #paths > 0 then
    return paths
  elseif wanted then
    return nil, ("DATAWORKS_NGINX names %s, which can't be run"):format(wanted)
  end
  return nil, "the emulator runs on nginx with its Lua module, and nginx was not found; " .. PACKAGES
end

--- Returns true if nginx was built with its Lua module, for example from the folder ngx_lua-0.10.29 or
--- lua-nginx-module. `arguments` are the arguments of nginx's configure script. Some other modules also have "lua" in
--- their names; these modules do not count.
local function has_lua_built_in(arguments)
  for module in arguments:gmatch("%-%-add%-module=([^%s']+)") do
    local name = module:match("^.*/([^/]+)") or module
    if name:find("lua", 1, true) and not name:find("stream", 1, true) and not name:find("upstream", 1, true) then
      return true
    end
  end
  return false
end

local function module_directories(arguments)
  local wanted = shell.environment("DATAWORKS_NGINX_MODULES")
  if wanted then
    return { wanted }
  end
  local own = arguments:match("%-%-modules%-path=([^%s']+)")
  local directories = { own }
  for _, directory in ipairs(MODULE_DIRECTORIES) do
    directories[#directories + 1] = directory ~= own and directory or nil
  end
  return directories
end

local function load_module_lines(directory)
  local lines = {}
  for _, name in ipairs(MODULES) do
    local path = directory .. "/" .. name
    if shell.exists(path) then
      lines[#lines + 1] = ('load_module "%s";'):format(path:gsub('[\\"]', "\\%0"))
    end
  end
  return table.concat(lines, "\n")
end

local TEST = [[
directory=$(mktemp -d "${TMPDIR:-/tmp}/dataworks-nginx.XXXXXX") || exit
cat >"$directory/nginx.conf" <<'END'
%s
events { }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  init_by_lua_block { }
}
END
%s %s -t -q -p "$directory/" -c nginx.conf -e stderr -g 'pid nginx.pid; error_log stderr;' 2>&1 && echo starts
rm -rf "$directory"]]

--- Tests whether nginx starts with Lua. nginx can't load a module of another build, and Lua needs lua-resty-core.
---@return boolean starts
---@return string output what nginx printed
local function test_start(path, module_lines)
  local output = shell.output_of(TEST:format(module_lines, config.command_prefix(), quote(path)))
  return ("\n" .. output):sub(-#"\nstarts") == "\nstarts", output
end

--- Returns the load_module lines with which an nginx starts with Lua.
---@return string|nil module_lines
---@return string|nil reason why this nginx can't run Lua
local function find_module_lines(path)
  local arguments = shell.output_of(("%s %s -V 2>&1"):format(config.command_prefix(), quote(path)))
  local candidates, directories = {}, {}
  if has_lua_built_in(arguments) then
    candidates[1] = ""
  else
    directories = module_directories(arguments)
    for _, directory in ipairs(directories) do
      candidates[#candidates + 1] = shell.exists(directory .. "/" .. LUA_MODULE) and load_module_lines(directory) or nil
    end
  end
  local reason = ("%s has no Lua module (%s in %s)"):format(path, LUA_MODULE, table.concat(directories, " or "))
  for _, module_lines in ipairs(candidates) do
    local starts, output = test_start(path, module_lines)
    if starts then
      return module_lines
    end
    reason = ("%s does not start with Lua: %s"):format(path, output)
  end
  return nil, reason
end

--- Finds the first nginx that starts with Lua.
---@return dataworks.NginxProgram|nil
---@return string|nil message why none was found
function M.find()
  local paths, message = list_paths()
  if not paths then
    return nil, message
  end
  local reasons = {}
  for _, path in ipairs(paths) do
    local module_lines, reason = find_module_lines(path)
    if module_lines then
      return { path = path, module_lines = module_lines }
    end
    reasons[#reasons + 1] = reason
  end
  return nil, table.concat(reasons, "; ") .. "; " .. PACKAGES
end

return M
