-- Loads the modules of this library from bytecode, with which a program starts faster. `make install` writes the
-- bytecode into one file, and installs the sources too.

local M = {}

local modules

--- Makes `require` load the modules of this library from bytecode. A module that has no bytecode, or only that of
--- another version of Lua, is loaded from its source. Does nothing if the sources are found under another path than the
--- one that the bytecode names, because a message about a wrong use of the library names the first line outside of that
--- path.
---@param sources string the folder of dataworks.lua
---@param libraries string the folder that has dataworks/core.so
function M.use(sources, libraries)
  if modules or debug.getinfo(1, "S").source ~= ("@%s/dataworks/bytecode.lua"):format(sources) then
    return
  end
  table.insert(package.searchers or package.loaders, 2, function(name)
    local library = name:match "^dataworks%.(c%l+)$"
    if library == "core" or library == "curl" then
      return package.loadlib(("%s/dataworks/%s.so"):format(libraries, library), "luaopen_dataworks_" .. library)
    end
    return modules and name:find "^dataworks%f[.%z]" and modules:load(name) or nil
  end)
  modules = require("dataworks.core").bytecode(libraries .. "/dataworks/bytecode")
end

--- Returns what `require "dataworks"` returns, where `make install` installed a file with the call of this function as
--- dataworks.lua, and the source as dataworks/init.lua.
---@param sources string
---@param libraries string
function M.entry(sources, libraries)
  M.use(sources, libraries)
  local load = modules and modules:load "dataworks" or assert(loadfile(sources .. "/dataworks/init.lua"))
  return load "dataworks"
end

return M
