-- Finds and starts the nginx of the specs. This is the first nginx that can run Lua, or the program that
-- DATAWORKS_NGINX names.

local config = require "dataworks.emulator.nginx.config"
local program = require "dataworks.emulator.nginx.program"
local shell = require "spec.support.shell"

local M = {}

local found

--- Returns the nginx program. Searches for it only once.
local function find()
  found = found or assert(program.find())
  return found
end

--- Returns the path of the nginx program.
function M.path()
  return find().path
end

--- Returns the load_module lines for Lua.
function M.lua_lines()
  return find().module_lines
end

--- Returns the load_module line for the stream module, or "" if nginx has this module built in.
function M.stream_lines()
  local arguments = shell.run(shell.quote(find().path) .. " -V")
  if arguments:find("%-%-with%-stream[%s']") or arguments:find("%-%-with%-stream$") then return "" end
  local directory = arguments:match("%-%-modules%-path=([^%s']+)")
  return ("load_module %s/ngx_stream_module.so;"):format(directory)
end

--- Starts nginx in a directory that contains its nginx.conf.
---@return boolean started
---@return string output what nginx printed
function M.start(directory)
  local output, status = shell.run(("%s %s -p %s -c nginx.conf -e error.log"):format(config.command_prefix(),
    shell.quote(find().path), directory))
  return status == 0, output
end

return M
