-- Tests the specs: changes one line of the library, and runs the specs that should notice. Prints the changes that no
-- spec notices: lua5.4 tools/mutate.lua SEED COUNT [JOBS]
--
-- A mutant is the library with one changed line. It is killed if a spec fails, crashes or does not end in time. The
-- specs run on a copy of the tree, in a network namespace without other hosts, because a mutant may send requests to
-- any host; this needs root. The seed selects the lines by a hash of their text, so that a change elsewhere keeps the
-- selection. A change that does not compile, or gives the same machine code or bytecode, is left out.
-- The next run with the same seed first runs the spec that killed a mutant: build/mutate/SEED.results has the results.

local mutants = require "tools.mutants"
local EQUIVALENT = require "tools.equivalent_mutants"

local seed, count, jobs, job = tonumber(arg[1]), tonumber(arg[2]), tonumber(arg[3]) or 1, tonumber(arg[4]) or 0
local MIN_KILLED, MAX_EQUIVALENT = 0.95, 0.03
local FOLDER = "build/mutate/"
local TREE, RESULTS = FOLDER .. job, FOLDER .. arg[1]:gsub("%D", "") .. ".results"
local specs = require("tools.mutation_specs").new(TREE, FOLDER .. "durations")

local function succeeds(command, ...)
  return (os.execute(command:format(...)))
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

local function write(change, text)
  local file = assert(io.open(TREE .. "/" .. change.path, "wb"))
  assert(file:write(text) and file:close())
end

--- Writes the changed file into the copy, and builds it.
local function apply(change)
  write(change, change.text)
  return not change.is_c or build()
end

--- Writes the unchanged file into the copy. Takes the modules from a saved build, which make must find newer.
local function restore(change)
  write(change, change.original)
  assert(not change.is_c or succeeds("cd %s && touch -d @0 %s && rm -r build/5.4 && cp -a build/unchanged build/5.4",
    TREE, change.path))
end

--- Can the change be built, and is the code different?
local function is_mutant(change)
  if change.is_c then
    return apply(change) and save_code "new"
      and not succeeds("cd %s/build/5.4/dataworks && cmp -s core.old core.new && cmp -s curl.old curl.new", TREE)
  end
  local changed = load(change.text)
  local is_other = changed and string.dump(changed, true) ~= string.dump(load(change.original), true)
  return is_other and apply(change)
end

--- Returns the spec of the folder, or else of other folders, that notices the change. Lua code runs on LuaJIT, since
--- nginx has it, and then on the version with integers.
---@param likely string|nil the spec to run first, unless it is slow and may be run `elsewhere`
local function find_killer(change, elsewhere, likely)
  local function without_change(f)
    restore(change)
    f()
    assert(apply(change))
  end
  for _, version in ipairs { change.is_c and "5.4" or "jit", not change.is_c and elsewhere and "5.4" or nil } do
    local list = specs:list(change.path, version, elsewhere)
    if likely and (elsewhere or not specs:is_slow(likely, version)) then table.insert(list, 1, likely) end
    for _, spec in ipairs(list) do
      if specs:notices(spec, version, without_change) then return spec end
    end
  end
end

--- Is the change known to have no effect that a spec can see?
local function is_equivalent(change)
  for _, row in ipairs(EQUIVALENT) do
    if row[1] == change.path and row[2] == change.before and row[3] == change.after then return true end
  end
  return false
end

local function describe(change)
  return ("%s\n  - %s\n  + %s"):format(change.path, change.before, change.after)
end

--- Returns the descriptions of the mutants that earlier runs have killed, each with the spec.
local function read_killed()
  local killed, file = {}, io.open(RESULTS)
  if not file then return killed end
  for spec, path, lines in file:read "a":gmatch "killed by (%S+) (%S+):%d+(\n[^\n]*\n[^\n]*)\n" do
    killed[path .. lines] = spec
  end
  file:close()
  return killed
end

local function report(state, change)
  print(state .. " " .. describe(change):gsub("\n", (":%d\n"):format(change.number), 1))
  io.stdout:flush()
end

--- Returns the state of a change, or nil if it is no mutant, or "open" if the specs of its folder do not notice it.
local function judge(change, killed)
  if is_equivalent(change) then return "equivalent" end
  if not is_mutant(change) then return nil end
  local spec = find_killer(change, false, killed[describe(change)])
  return spec and "killed by " .. spec or "open"
end

--- Tries each change of one job until enough of them were mutants, and prints the state of each mutant. The specs of
--- other folders are run last, because they take long.
local function try_all(changes)
  local open, killed, wanted = {}, read_killed(), math.floor((count + jobs - job) / jobs)
  for i = job, #changes, jobs do
    if wanted == 0 then break end
    local state = judge(changes[i], killed)
    restore(changes[i])
    if state == "open" then open[#open + 1] = changes[i] end
    if state then
      report(state, changes[i])
      wanted = wanted - 1
    end
  end
  for _, change in ipairs(open) do
    assert(apply(change))
    local spec = find_killer(change, true, killed[describe(change)])
    report(spec and "killed by " .. spec or "survived", change)
    restore(change)
  end
end

--- Copies the tree and its builds for one job, and builds what is missing.
local function copy_tree()
  assert(succeeds("rm -rf %s && mkdir -p %s/build && git ls-files -co --exclude-standard -z | "
    .. "xargs -0 cp -p --parents -t %s && for b in 5.4 jit; do [ ! -e build/$b ] || cp -a build/$b %s/build; done && "
    .. "make -C %s -s build LUA=jit", TREE, TREE, TREE, TREE, TREE))
  assert(build() and save_code "old" and succeeds("cp -a %s/build/5.4 %s/build/unchanged", TREE, TREE),
    "the copy cannot be built")
end

--- Runs the jobs at the same time, and prints and keeps each result when a job has it. Returns the number of mutants in
--- each state.
local function run_jobs()
  local commands, states, total = {}, { killed = 0, survived = 0, equivalent = 0 }, 0
  for i = 1, jobs do
    commands[i] = ("lua5.4 tools/mutate.lua %d %d %d %d &"):format(seed, count, jobs, i)
  end
  local results = assert(io.open(RESULTS, "a"))
  local pipe = assert(io.popen(table.concat(commands, " ") .. " wait"))
  for line in pipe:lines() do
    local state = line:match "^(%l+) .*%S+:%d+$"
    if states[state] then states[state], total = states[state] + 1, total + 1 end
    print(states[state] and ("%d: %s"):format(total, line) or line)
    results:write(line, "\n")
    results:flush()
    io.stdout:flush()
  end
  pipe:close()
  results:close()
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
assert(succeeds("mkdir -p %s", FOLDER))
local states = run_jobs()
print(("seed %d: %d killed, %d survived, %d equivalent"):format(seed, states.killed, states.survived,
  states.equivalent))
os.exit(states.killed >= MIN_KILLED * (count - states.equivalent) and states.equivalent <= MAX_EQUIVALENT * count)
