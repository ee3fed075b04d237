-- Runs a script as the interpreter would: prints an uncaught error to stderr, and exits with status 1. The message is the
-- same on every Lua, and contains neither a traceback nor the folder of the script.

local path = assert(arg[1], "a script is missing")
local file = assert(io.open(path, "rb"))
local code = file:read "*a"
file:close()
local script, message = (loadstring or load)(code, "@" .. path:match "[^/]*$") -- luacheck: ignore 113
local ok = script ~= nil
if ok then
  ok, message = xpcall(script, tostring)
end
if not ok then
  io.stderr:write(message, "\n")
  os.exit(1)
end
