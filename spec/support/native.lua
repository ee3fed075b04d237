-- Compiles the C files of the specs, and runs Lua code in a new process with the interpreter of the specs.

local shell = require "spec.support.shell"

local M = {}

local TIMED_OUT = 124 -- the exit status of the program timeout

--- A host name that cannot be looked up. Its label is longer than DNS allows, so that no name server is asked.
M.UNRESOLVABLE = ("x"):rep(64)

--- Compiles one C file into a shared library. The caller must remove the library.
---@param source string
---@param flags string
---@return string path the path of the library
function M.compile(source, flags)
  local library = os.tmpname()
  local command = "${CC:-cc} -std=gnu11 -O1 -fPIC -shared %s -o %s %s"
  shell.output(command:format(flags, library, source))
  return library
end

--- Compiles native.c. The caller must remove the library.
---@return string path the path of the library
function M.build()
  local package_name = jit and "luajit" or _VERSION:lower():gsub(" ", "")
  return M.compile("spec/support/native.c", ("$(pkg-config --cflags %s) -pthread"):format(package_name))
end

--- Compiles and loads native.c.
---@return table functions the functions of native.c
function M.load()
  local library = M.build()
  local native = assert(package.loadlib(library, "luaopen_native"))()
  os.remove(library)
  return native
end

--- Compiles silent_resolver.c, a library to preload. The caller must remove the library.
---@return string path the path of the library
function M.silent_resolver()
  return M.compile("spec/support/silent_resolver.c", "")
end

--- Returns the command that runs the specs.
local function interpreter()
  local first = 0
  while arg[first - 1] do first = first - 1 end
  return arg[first]
end

--- Runs Lua code in a new process. Kills the process after one minute, and raises then.
---@param code string
---@param environment table<string, string>|nil
---@return string output
function M.run(code, environment)
  local script = os.tmpname()
  local file = assert(io.open(script, "wb"))
  assert(file:write(code))
  file:close()
  local words = { "LUA_PATH=" .. shell.quote(package.path), "LUA_CPATH=" .. shell.quote(package.cpath) }
  for name, value in pairs(environment or {}) do words[#words + 1] = name .. "=" .. shell.quote(value) end
  local command = "env %s timeout 60 %s %s"
  local output, status = shell.run(command:format(table.concat(words, " "), interpreter(), script))
  os.remove(script)
  assert(status ~= TIMED_OUT, "the process did not end within a minute: " .. output)
  return output
end

return M
