-- The command that runs the interpreter these specs run in, for specs that start another one.

local lowest = 0
while arg and arg[lowest - 1] do
  lowest = lowest - 1
end

return lowest < 0 and arg[lowest] or "lua"
