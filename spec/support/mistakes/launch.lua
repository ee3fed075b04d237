-- Runs a script as the interpreter would: prints an uncaught error to stderr, and exits with status 1. The message is the
-- same on every Lua, and contains neither a traceback nor the folder of the script.

-- The assert of PUC Lua 5.1 accepts only text as its message.
if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
  rawset(_G, "assert", function(value, message, ...)
    if not value then error(message, 0) end
    return value, message, ...
  end)
end

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
