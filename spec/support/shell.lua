-- Runs shell commands.
local shell = {}

--- Runs a command. Returns its output, which includes its error output, and its exit status.
function shell.run(command)
  local pipe = assert(io.popen("{ " .. command .. "\n} 2>&1; echo \"status $?\""))
  local output, status = pipe:read("*a"):match("^(.*)status (%d+)\n$")
  pipe:close()
  return output, tonumber(status)
end

--- Runs a command, and returns its output without the last newline. Raises an error if the command fails.
function shell.output(command)
  local output, status = shell.run(command)
  if status ~= 0 then error(command .. "\n" .. output, 2) end
  return (output:gsub("\n$", ""))
end

--- Returns a pipe. When the pipe is closed, the process is stopped and the directory is removed. The end of the current
--- process closes the pipe, too. The method close of the pipe waits until the process has ended.
function shell.guard(pid, directory)
  local command = ("trap '' INT QUIT HUP TERM; read -r word; kill %s; i=0; "
    .. "while kill -0 %s && [ $i -lt 100 ]; do sleep 0.05; i=$((i + 1)); done; rm -rf %s"):format(pid, pid, directory)
  return assert(io.popen("{ " .. command .. "; } 2>/dev/null", "w"))
end

--- Quotes a text, so that the shell reads it as one word.
function shell.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The interpreter that runs the specs. shell.lua is its name in LUA=... of make; shell.interpreter is its command.
shell.lua = jit and "jit" or _VERSION:match("%d%.%d")
shell.interpreter = jit and "luajit" or "lua" .. shell.lua

return shell
