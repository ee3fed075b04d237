-- The bytecode of this library, with which a program starts faster. `make install` compiles it, and installs the
-- sources too.

local M = {}

local used = {}

--- Compiles sources. The lines of standard input are their paths, such as lua/dataworks/error.lua. The bytecode names
--- the installed sources in messages.
---@param sources string the folder of the installed sources
---@param folder string gets a file for each module
function M.compile(sources, folder)
  for path in io.lines() do
    local name = path:match "^lua/(.*)%.lua$"
    local input = assert(io.open(path, "rb"))
    local chunk = assert((loadstring or load)(input:read "*a", ("@%s/%s.lua"):format(sources, name)))
    input:close()
    local output = assert(io.open(("%s/%s.luac"):format(folder, name:gsub("/", ".")), "wb"))
    assert(output:write(string.dump(chunk)))
    assert(output:close())
  end
end

--- Makes `require` search a folder of bytecode for the modules of this library, before their sources. A module that has
--- no bytecode there, or only that of another version of Lua, is loaded from its source. Does nothing if the sources
--- are found under another path than the one that the bytecode names, because a message about a wrong use of the
--- library names the first line outside of that path.
---@param sources string
---@param folder string
function M.use(sources, folder)
  if used[folder] or debug.getinfo(1, "S").source ~= ("@%s/dataworks/bytecode.lua"):format(sources) then
    return
  end
  used[folder] = true
  table.insert(package.searchers or package.loaders, 2, function(name)
    return name:find "^dataworks%f[.%z]" and loadfile(("%s/%s.luac"):format(folder, name), "b") or nil
  end)
end

return M
