-- Runs the specs on Lua 5.4 with the sanitizers, and counts which lines of the library run:
-- lua5.4 tools/coverage.lua [SPEC...]
-- Prints the lines that never run, and fails if they are too many, or if a spec fails.
--
-- The specs run on a copy of the tree in build/coverage. gcov counts the lines of C, also in processes that specs
-- start. A debug hook in C notes the lines of Lua: the first line of each module in the copy loads it, so that it works
-- in these processes too, and in the workers of nginx, on LuaJIT. The specs that only LuaJIT can run are run there too.

local MIN_C, MIN_LUA = 0.95, 0.90
local MAX_LINES = 1024 -- of a file, as in coverage_hook.c
local TREE = "build/coverage"
local HITS = TREE .. "/build/hits"

local function output_of(command, ...)
  local pipe = assert(io.popen(command:format(...)))
  local text = pipe:read "*a"
  assert(pipe:close(), command)
  return text
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

--- Copies the tree, builds it for gcov, and makes its modules load the hook. Returns the paths of the modules.
local function prepare()
  output_of([[set -e
    rm -rf %s && mkdir -p %s/build
    git ls-files -co --exclude-standard -z | xargs -0 cp -p --parents -t %s
    make -C %s -s build LUA=5.4 CFLAGS='-O0 -g --coverage'
    make -C %s -s asan-build SANITIZE_CFLAGS=--coverage]], TREE, TREE, TREE, TREE, TREE)
  local paths, quoted = {}, {}
  for path in output_of("cd %s && find lua -name '*.lua'", TREE):gmatch "[^\n]+" do
    paths[#paths + 1], quoted[#quoted + 1] = path, ('"%s",'):format(path)
  end
  local top = output_of "pwd":gsub("\n", "/")
  write(HITS, ("\0"):rep(#paths * MAX_LINES))
  write(TREE .. "/build/paths.h", ("#define HITS %q\n#define PATHS %s\n"):format(top .. HITS, table.concat(quoted)))
  output_of("chmod 666 %s", HITS)
  for _, version in ipairs { "5.4", "jit" } do
    output_of("cd %s && cc -std=gnu11 -O2 -fPIC -shared -include build/paths.h $(pkg-config --cflags %s) "
      .. "-o build/hook_%s.so tools/coverage_hook.c", TREE, version == "jit" and "luajit" or "lua" .. version, version)
  end
  local load = ('if jit then jit.off() end (package.loadlib("%s/build/hook_" .. (jit and "jit" or "5.4") .. ".so", '
    .. '"start") or print)() '):format(top .. TREE)
  for _, path in ipairs(paths) do
    write(TREE .. "/" .. path, load .. read(TREE .. "/" .. path))
  end
  return paths
end

local function new_report()
  return { files = {}, names = {}, ran = 0, total = 0 }
end

--- Adds a line that can run to a report.
local function add(report, path, number, ran)
  local file = report.files[path]
  if not file then
    file = {}
    report.files[path] = file
    report.names[#report.names + 1] = path
  end
  file[number] = file[number] or ran
end

--- Counts the lines of C with gcov.
local function count_c()
  local report, path = new_report(), nil
  local text = output_of("cd %s && gcov -t $(find build/5.4/obj build/5.4-asan/obj -name '*.gcno') 2>/dev/null", TREE)
  for line in text:gmatch "[^\n]+" do
    path = line:match "^%s*%-:%s+0:Source:(.*)" or path
    local count, number = line:match "^%s*([%d#=]+)%*?:%s*(%d+):"
    if count and path:find "^csrc/" then add(report, path, tonumber(number), not count:find "[#=]") end
  end
  return report
end

--- Counts the lines of Lua: those for which luac makes code, except lines that only end a block.
local function count_lua(paths)
  local report, hits = new_report(), read(HITS)
  for i, path in ipairs(paths) do
    local code, lines = {}, {}
    for number in output_of("luac5.4 -l -l -p %s/%s", TREE, path):gmatch "\n\t%d+\t%[(%d+)%]" do
      code[tonumber(number)] = not path:find "/catalog/"
    end
    for line in io.lines(TREE .. "/" .. path) do lines[#lines + 1] = line end
    for number, counts in pairs(code) do
      local line = lines[number]
      if counts and number > 1 and not line:find "^%s*[end%)%]},;]*$" and not line:find "^%s*%-%-" then
        add(report, path, number, hits:byte((i - 1) * MAX_LINES + number + 1) == 1)
      end
    end
  end
  return report
end

--- Prints the lines of a report that never ran, as ranges.
local function show(report, language, minimum)
  table.sort(report.names)
  for _, path in ipairs(report.names) do
    local missed, ranges = {}, {}
    for number, ran in pairs(report.files[path]) do
      report.total, report.ran = report.total + 1, report.ran + (ran and 1 or 0)
      if not ran then missed[#missed + 1] = number end
    end
    table.sort(missed)
    for _, number in ipairs(missed) do
      local last = ranges[#ranges]
      if last and last[2] == number - 1 then last[2] = number else ranges[#ranges + 1] = { number, number } end
    end
    for i, range in ipairs(ranges) do
      ranges[i] = range[1] == range[2] and range[1] or range[1] .. "-" .. range[2]
    end
    if ranges[1] then print(path .. ":" .. table.concat(ranges, ",")) end
  end
  local share = report.ran / report.total
  print(("%s: %d of %d lines ran, %.1f %%; the minimum is %g %%"):format(language, report.ran, report.total,
    100 * share, 100 * minimum))
  return share >= minimum
end

local specs = table.concat(arg, " ")
local runs = { ("make --no-print-directory -s test-asan SANITIZE_CFLAGS=--coverage SPEC='%s'"):format(specs) }
if specs == "" then
  runs[2] = "tools/suite 5.4 spec/system/watched_libc_spec.lua"
  runs[3] = "tools/suite jit spec/transport/ngx_spec.lua spec/transport/ngx spec/transport/inflate_spec.lua "
    .. "spec/emulator/gateway_spec.lua"
end
local paths = prepare()
local passed = true
for _, run in ipairs(runs) do
  if not os.execute(("cd %s && %s"):format(TREE, run)) then passed = false end -- os.exit takes nil for a success
end
local c_is_enough, lua_is_enough = show(count_c(), "C", MIN_C), show(count_lua(paths), "Lua", MIN_LUA)
os.exit(passed and c_is_enough and lua_is_enough)
