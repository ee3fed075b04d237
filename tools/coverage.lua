-- Runs the specs on Lua 5.4, and counts which lines of the library run: lua5.4 tools/coverage.lua [SPEC...]
-- Prints the lines that never run, and fails if they are too many.
--
-- The specs run on a copy of the tree in build/coverage. gcov counts the lines of C. A debug hook in C notes the lines
-- of Lua: the first line of each module in the copy loads it, so that it also works in child processes of the specs and
-- in the workers of nginx, on LuaJIT. The specs that only LuaJIT can run are run there too.

local MIN_C, MIN_LUA = 0.95, 0.90
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

--- Copies the tree, builds it for gcov, and makes its modules load the hook.
local function prepare()
  output_of([[set -e
    rm -rf %s && mkdir -p %s/build
    git ls-files -co --exclude-standard -z | xargs -0 cp -p --parents -t %s
    : >%s && chmod 666 %s
    make -C %s -s build LUA=5.4 CFLAGS='-O0 -g --coverage'
    make -C %s -s build LUA=jit]], TREE, TREE, TREE, HITS, HITS, TREE, TREE)
  local top = output_of "pwd":gsub("\n", "/")
  for _, version in ipairs { "5.4", "jit" } do
    output_of("cc -std=gnu11 -O2 -fPIC -shared -DHITS='\"%s\"' $(pkg-config --cflags %s) -o %s/build/hook_%s.so %s",
      top .. HITS, version == "jit" and "luajit" or "lua" .. version, TREE, version, "tools/coverage_hook.c")
  end
  local load = ('if jit then jit.off() end (package.loadlib("%s/build/hook_" .. (jit and "jit" or "5.4") .. ".so", '
    .. '"start") or print)() '):format(top .. TREE)
  for path in output_of "git ls-files 'lua/*.lua'":gmatch "[^\n]+" do
    write(TREE .. "/" .. path, load .. read(path))
  end
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
  for line in output_of("cd %s && gcov -t $(find build/5.4/obj -name '*.gcno') 2>/dev/null", TREE):gmatch "[^\n]+" do
    path = line:match "^%s*%-:%s+0:Source:(.*)" or path
    local count, number = line:match "^%s*([%d#=]+)%*?:%s*(%d+):"
    if count and path:find "^csrc/" then add(report, path, tonumber(number), not count:find "[#=]") end
  end
  return report
end

--- Counts the lines of Lua: those for which luac makes code, except lines that only end a block.
local function count_lua()
  local report, hits = new_report(), {}
  for line in io.lines(HITS) do hits[line] = true end
  for path in output_of "git ls-files 'lua/*.lua' | grep -v /catalog/":gmatch "[^\n]+" do
    local code, lines = {}, {}
    for number in output_of("luac5.4 -l -l -p %s/%s", TREE, path):gmatch "\n\t%d+\t%[(%d+)%]" do
      code[tonumber(number)] = true
    end
    for line in io.lines(TREE .. "/" .. path) do lines[#lines + 1] = line end
    for number in pairs(code) do
      if number > 1 and not lines[number]:find "^%s*[end%)%]},;]*$" and not lines[number]:find "^%s*%-%-" then
        add(report, path, number, hits[path .. ":" .. number] or false)
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
local runs = specs ~= "" and { "5.4 " .. specs } or {
  "5.4 --exclude-tags=install", "5.4 spec/system/watched_libc_spec.lua",
  "jit spec/transport/ngx_spec.lua spec/transport/ngx spec/transport/inflate_spec.lua spec/emulator/gateway_spec.lua",
}
prepare()
local passed = true
for _, run in ipairs(runs) do
  passed = os.execute(("cd %s && tools/suite %s"):format(TREE, run)) and passed
end
local c_is_enough, lua_is_enough = show(count_c(), "C", MIN_C), show(count_lua(), "Lua", MIN_LUA)
os.exit(passed and c_is_enough and lua_is_enough)
