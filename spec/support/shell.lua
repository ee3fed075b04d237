-- Runs commands as a person types them.
local shell = {}

--- Returns the output of a command, with its error output, and its exit status.
function shell.run(command)
  local pipe = assert(io.popen("{ " .. command .. "\n} 2>&1; echo \"status $?\""))
  local output, status = pipe:read("*a"):match("^(.*)status (%d+)\n$")
  pipe:close()
  return output, tonumber(status)
end

--- Returns the output of a command that must succeed, without the last newline.
function shell.output(command)
  local output, status = shell.run(command)
  if status ~= 0 then error(command .. "\n" .. output, 2) end
  return (output:gsub("\n$", ""))
end

--- A pipe that ends a process and removes its directory when it is closed, also by the end of this process. `close`
--- waits for the process.
function shell.guard(pid, directory)
  local command = ("trap '' INT QUIT HUP TERM; read -r word; kill %s; i=0; "
    .. "while kill -0 %s && [ $i -lt 100 ]; do sleep 0.05; i=$((i + 1)); done; rm -rf %s"):format(pid, pid, directory)
  return assert(io.popen("{ " .. command .. "; } 2>/dev/null", "w"))
end

function shell.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The running interpreter: as LUA= of make names it, and its command.
shell.lua = jit and "jit" or _VERSION:match("%d%.%d")
shell.interpreter = jit and "luajit" or "lua" .. shell.lua

return shell
