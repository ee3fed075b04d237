-- Tests the specs: changes one line of the library, and runs the specs that should notice. Prints the changes that no
-- spec notices: lua5.4 tools/mutate.lua SEED COUNT [JOBS]
--
-- A mutant is the library with one changed line. It is killed if a spec fails, crashes or does not end in time. The
-- specs run on a copy of the tree, in a network namespace without other hosts, because a mutant may send requests to
-- any host; this needs root. The seed selects the lines by a hash of their text, so that a change elsewhere keeps the
-- selection. A change that does not compile, or gives the same machine code or bytecode, is left out.

local mutants = require "tools.mutants"
local EQUIVALENT = require "tools.equivalent_mutants"

local seed, count, jobs, job = tonumber(arg[1]), tonumber(arg[2]), tonumber(arg[3]) or 1, tonumber(arg[4]) or 0
local MIN_KILLED, MAX_EQUIVALENT = 0.95, 0.03
local TREE = "build/mutate/" .. job

--- The specs of other folders that test the files of a folder.
local OTHER_SPECS = {
  ["lua/dataworks/util"] = "spec/call spec/concurrency spec/credentials spec/limit spec/transport",
  ["lua/dataworks/emulator"] = "spec/cli spec/api",
  ["lua/dataworks/transport"] = "spec/curl spec/concurrency spec/system/losses_spec.lua spec/system/network_spec.lua "
    .. "spec/system/openresty_spec.lua spec/system/nginx_spec.lua spec/system/service_spec.lua",
  ["lua/dataworks/call"] = "spec/system/network_spec.lua spec/system/losses_spec.lua spec/system/openresty_spec.lua",
  ["lua/dataworks/tasks"] = "spec/system/kill_spec.lua",
  ["lua/dataworks/credentials"] = "spec/system/network_spec.lua spec/system/openresty_spec.lua",
  ["lua/dataworks/limit"] = "spec/system/openresty_spec.lua spec/concurrency spec/system/service_spec.lua",
  ["lua/dataworks/concurrency"] = "spec/transport spec/system/timers_spec.lua spec/system/openresty_spec.lua "
    .. "spec/system/service_spec.lua",
  ["csrc/core"] = "spec/protocol spec/system/memory_spec.lua spec/system/locale_spec.lua "
    .. "spec/system/watched_libc_spec.lua",
  ["csrc/curl"] = "spec/transport spec/concurrency spec/system/memory_spec.lua spec/system/losses_spec.lua "
    .. "spec/system/network_spec.lua spec/system/watched_libc_spec.lua spec/system/threads_spec.lua",
  ["csrc/shared"] = "spec/core spec/curl spec/transport spec/system/memory_spec.lua",
  ["csrc/system"] = "spec/system/file_spec.lua spec/system/process_spec.lua spec/system/random_spec.lua "
    .. "spec/system/watched_libc_spec.lua spec/credentials spec/system/memory_spec.lua",
}
local SPECS_OF_ALL = "spec/client_spec.lua spec/tasks spec/client_emulator_spec.lua spec/client_clock_spec.lua"

local function succeeds(command, ...)
  return (os.execute(command:format(...)))
end

--- Runs a spec in the copy. Returns whether they pass, and the duration in seconds. The shell is the first process of
--- its namespace; when it ends, the system kills all processes that the spec has left behind.
local function run(spec, timeout, version)
  local started = os.time()
  local passed = succeeds("cd %s && unshare --net --pid --fork --kill-child --mount-proc sh -c 'ip link set lo up; "
    .. "ulimit -S -v 16000000; timeout -k 5 %d tools/suite %s --no-keep-going %s; exit $?' >log 2>&1 </dev/null",
    TREE, timeout, version, spec)
  return passed, os.time() - started
end

local function build()
  return succeeds("make -C %s --no-print-directory -s CPPFLAGS=-Werror=return-type build LUA=5.4 >%s/log 2>&1",
    TREE, TREE)
end

--- Saves the machine code of the modules without the names and lines for debuggers.
local function save_code(name)
  return succeeds("cd %s/build/5.4/dataworks && for m in core curl; do "
    .. "objcopy -g -R .note.gnu.build-id $m.so $m.%s || exit; done", TREE, name)
end

--- Writes a version of the changed file into the copy, and builds it.
local function apply(change, text)
  local file = assert(io.open(TREE .. "/" .. change.path, "wb"))
  assert(file:write(text) and file:close())
  return not change.is_c or build()
end

--- Can the change be built, and is the code different?
local function is_mutant(change)
  if change.is_c then
    return apply(change, change.text) and save_code "new"
      and not succeeds("cd %s/build/5.4/dataworks && cmp -s core.old core.new && cmp -s curl.old curl.new", TREE)
  end
  local changed = load(change.text)
  local is_other = changed and string.dump(changed, true) ~= string.dump(load(change.original), true)
  return is_other and apply(change, change.text)
end

--- Returns the specs of a file: the spec of the same name, those of its folder, those of other folders.
local function specs_of(path)
  local name = path:gsub("^lua/dataworks", "spec"):gsub("^lua", "spec"):gsub("^csrc", "spec"):gsub("%.%w+$", "")
  local words, folder, specs = {}, path, {}
  while name ~= "spec" do
    words[#words + 1] = name .. "_spec.lua " .. (name == "spec/system" and "" or name)
    name = name:match "^(.*)/"
  end
  while folder and not OTHER_SPECS[folder] do folder = folder:match "^(.*)/" end
  local pipe = assert(io.popen(("cd %s && for f in %s %s %s; do [ ! -e $f ] || find $f -name '*_spec.lua' | "
    .. "LC_ALL=C sort; done | awk '!seen[$0]++'"):format(TREE, table.concat(words, " "), OTHER_SPECS[folder] or "",
    SPECS_OF_ALL)))
  for spec in pipe:lines() do specs[#specs + 1] = spec end
  pipe:close()
  return specs
end

-- Seconds. The timeout of a spec is 0 if it fails without a change, as specs for nginx do on Lua 5.4.
local timeouts = {}
local FIRST_TIMEOUT = 120

local function timeout_for(passed, seconds)
  return passed and 10 + 5 * seconds or 0
end

--- Runs a spec on the unchanged library. Runs it twice if it fails, because the machine may be busy.
local function measure(spec, version, change)
  assert(apply(change, change.original))
  local passed, seconds = run(spec, 600, version)
  if not passed then passed, seconds = run(spec, 600, version) end
  apply(change, change.text)
  return timeout_for(passed, seconds)
end

--- Does a spec notice the change? It has to fail twice, and to pass on the unchanged library.
local function notices(spec, version, change)
  local key = spec .. version
  if timeouts[key] == 0 then return false end
  local passed, seconds = run(spec, timeouts[key] or FIRST_TIMEOUT, version)
  if passed then
    timeouts[key] = timeouts[key] or timeout_for(passed, seconds)
    return false
  end
  timeouts[key] = timeouts[key] or measure(spec, version, change)
  return timeouts[key] > 0 and not run(spec, timeouts[key], version)
end

local function is_killed(change)
  for _, version in ipairs { change.is_c and "5.4" or "jit", not change.is_c and "5.4" or nil } do
    for _, spec in ipairs(specs_of(change.path)) do
      if notices(spec, version, change) then return true end
    end
  end
  return false
end

--- Is the change known to have no effect that a spec can see?
local function is_equivalent(change)
  for _, row in ipairs(EQUIVALENT) do
    if row[1] == change.path and row[2] == change.before and row[3] == change.after then return true end
  end
  return false
end

--- Tries each changes of one job until enough of them were mutants, and prints the state of each mutant.
local function try_all(changes)
  local wanted = math.floor((count + jobs - job) / jobs)
  for i = job, #changes, jobs do
    if wanted == 0 then break end
    local change = changes[i]
    if is_mutant(change) then
      local state = is_equivalent(change) and "equivalent" or is_killed(change) and "killed" or "survived"
      print(("%s %s:%d\n  - %s\n  + %s"):format(state, change.path, change.number, change.before, change.after))
      io.stdout:flush()
      wanted = wanted - 1
    end
    assert(apply(change, change.original))
  end
end

--- Copies the tree and its builds for one job, and builds what is missing.
local function copy_tree()
  assert(succeeds("rm -rf %s && mkdir -p %s/build && git ls-files -co --exclude-standard -z | "
    .. "xargs -0 cp -p --parents -t %s && for b in 5.4 jit; do [ ! -e build/$b ] || cp -a build/$b %s/build; done && "
    .. "make -C %s -s build LUA=jit", TREE, TREE, TREE, TREE, TREE))
  assert(build() and save_code "old", "the copy cannot be built")
end

--- Runs the jobs at the same time, and prints each result when a job has it. Returns the number of mutants in each
--- state.
local function run_jobs()
  local commands, states, total = {}, { killed = 0, survived = 0, equivalent = 0 }, 0
  for i = 1, jobs do
    commands[i] = ("lua5.4 tools/mutate.lua %d %d %d %d &"):format(seed, count, jobs, i)
  end
  local pipe = assert(io.popen(table.concat(commands, " ") .. " wait"))
  for line in pipe:lines() do
    local state = line:match "^(%l+) %S+:%d+$"
    if state then states[state], total = states[state] + 1, total + 1 end
    print(line)
    io.stdout:flush()
  end
  pipe:close()
  assert(total == count, "a job failed")
  return states
end

if job > 0 then
  copy_tree()
  local pipe, paths = assert(io.popen "git ls-files 'lua/*.lua' 'csrc/*.[ch]' | grep -v /catalog/v | LC_ALL=C sort"), {}
  for path in pipe:lines() do paths[#paths + 1] = path end
  return try_all(mutants(paths, seed))
end
print(("seed %d, %d mutants"):format(seed, count))
local states = run_jobs()
print(("seed %d: %d killed, %d survived, %d equivalent"):format(seed, states.killed, states.survived,
  states.equivalent))
os.exit(states.killed >= MIN_KILLED * count and states.equivalent <= MAX_EQUIVALENT * count)
