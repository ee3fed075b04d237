-- The library as `make install` installs it, in a folder of the build.

local shell = require "spec.support.shell"

local M = {}

--- Installs, and returns the variables of an environment in which the interpreter finds this installation, as
--- "NAME=value".
---@return string folder
---@return string[] variables
function M.make()
  local folder = ("%s/build/%s/installed"):format(shell.output "pwd", shell.lua)
  shell.output(("rm -rf %s && env -u LUA_PATH -u LUA_CPATH make -s install LUA=%s PREFIX=%s"):format(folder, shell.lua,
    folder))
  local version = _VERSION:match "%d%.%d"
  return folder, {
    "PATH=" .. os.getenv "PATH", "HOME=" .. folder,
    ("LUA_PATH=%s/share/lua/%s/?.lua;;"):format(folder, version),
    ("LUA_CPATH=%s/lib/lua/%s/?.so;;"):format(folder, version),
  }
end

return M
