-- Commands for specs that test what a person types.
local shell = {}

--- Runs a command; both of its outputs as one text, and its exit status.
function shell.run(command)
  local pipe = assert(io.popen("{ " .. command .. "\n} 2>&1; echo \"status $?\""))
  local output, status = pipe:read("*a"):match("^(.*)status (%d+)\n$")
  pipe:close()
  return output, tonumber(status)
end

--- Runs a command that must succeed; its output without the last newline.
function shell.output(command)
  local output, status = shell.run(command)
  if status ~= 0 then error(command .. "\n" .. output, 2) end
  return (output:gsub("\n$", ""))
end

--- A pipe whose end, also that of this process, ends a process and removes its directory. Close it to wait for that.
function shell.guard(pid, directory)
  local command = ("trap '' INT QUIT HUP TERM; read -r word; kill %s; i=0; "
    .. "while kill -0 %s && [ $i -lt 100 ]; do sleep 0.05; i=$((i + 1)); done; rm -rf %s"):format(pid, pid, directory)
  return assert(io.popen("{ " .. command .. "; } 2>/dev/null", "w"))
end

function shell.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The running interpreter, as LUA= names it and as its command.
shell.lua = jit and "jit" or _VERSION:match("%d%.%d")
shell.interpreter = jit and "luajit" or "lua" .. shell.lua

return shell
