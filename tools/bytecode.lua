-- Usage: find lua -name '*.lua' | bytecode.lua SOURCES FILE: compiles the sources whose paths are the lines of standard
-- input into FILE, which lua/dataworks/bytecode.lua loads. SOURCES is the folder of the installed sources, which the
-- bytecode names in messages. csrc/system/bytecode.c describes the form of the file.

local sources, target = arg[1], arg[2]
local lines, codes, offset = {}, {}, 0

for path in io.lines() do
  local name = path:match "^lua/(.*)%.lua$"
  local input = assert(io.open(path, "rb"))
  local installed = name == "dataworks" and "dataworks/init" or name
  local code = string.dump(assert((loadstring or load)(input:read "*a", ("@%s/%s.lua"):format(sources, installed))))
  input:close()
  lines[#lines + 1] = ("%s %d %d\n"):format(name:gsub("/", "."), offset, #code)
  codes[#codes + 1] = code
  offset = offset + #code
end

-- A running program may have loaded a part of the old file, so it must not change.
local output = assert(io.open(target .. ".new", "wb"))
assert(output:write("\n", table.concat(lines), "\n", table.concat(codes)))
assert(output:close())
assert(os.rename(target .. ".new", target))
