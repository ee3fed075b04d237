-- Finds nginx and its Lua module.

local shell = require "dataworks.emulator.shell"

local M = {}

local quote = shell.quote

local NGINX_PATHS = "nginx openresty /usr/sbin/nginx /usr/local/sbin/nginx"
  .. " /usr/local/openresty/nginx/sbin/nginx"
local LUA_MODULE = "ngx_http_lua_module.so"
local MODULES = { "ndk_http_module.so", LUA_MODULE }
local MODULE_DIRECTORIES = { "/usr/lib/nginx/modules", "/usr/lib64/nginx/modules" }
local PACKAGES = "on Debian: apt-get install nginx libnginx-mod-http-lua"

--- The path of nginx.
---@return string|nil
---@return string|nil message
function M.find()
  local wanted = shell.environment("DATAWORKS_NGINX")
  local found = shell.output_of(("for name in %s; do command -v \"$name\" && break; done"):format(
    wanted and quote(wanted) or NGINX_PATHS))
  if found ~= "" then
    return found
  elseif wanted then
    return nil, ("DATAWORKS_NGINX names %s, which can't be run"):format(wanted)
  end
  return nil, "the emulator runs on nginx with its Lua module, and nginx was not found; " .. PACKAGES
end

local function load_lines(directory)
  local lines = {}
  for _, name in ipairs(MODULES) do
    local path = directory .. "/" .. name
    if shell.exists(path) then
      lines[#lines + 1] = ('load_module "%s";'):format(path:gsub('[\\"]', "\\%0"))
    end
  end
  return table.concat(lines, "\n")
end

--- The load_module lines of the configuration: none when nginx has Lua built in.
---@param nginx string
---@return string|nil
---@return string|nil message
function M.module_lines(nginx)
  local wanted = shell.environment("DATAWORKS_NGINX_MODULES")
  for _, directory in ipairs(wanted and { wanted } or MODULE_DIRECTORIES) do
    if shell.exists(directory .. "/" .. LUA_MODULE) then
      return load_lines(directory)
    end
  end
  if shell.output_of(quote(nginx) .. " -V 2>&1"):find("ngx_lua") then
    return ""
  end
  return nil, ("nginx has no Lua module (%s in %s); %s"):format(LUA_MODULE,
    wanted or table.concat(MODULE_DIRECTORIES, " or "), PACKAGES)
end

return M
