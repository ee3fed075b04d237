-- Which specs may notice a change, and how long they take, for tools/mutate.lua.

local M = {}
M.__index = M

-- Seconds.
local FIRST_TIMEOUT, MAX_SECONDS = 120, 600
local SLOW = 8 -- a spec that takes longer runs with those of other folders
local FAILS = -1

--- The specs of other folders that test the files of a folder.
local OTHER_SPECS = {
  ["lua/dataworks/util"] = "spec/call spec/concurrency spec/credentials spec/limit spec/transport",
  ["lua/dataworks/emulator"] = "spec/cli spec/api",
  ["lua/dataworks/transport"] = "spec/curl spec/concurrency spec/system/losses_spec.lua spec/system/network_spec.lua "
    .. "spec/system/openresty_spec.lua spec/system/nginx_spec.lua spec/system/service_spec.lua spec/hostile",
  ["lua/dataworks/call"] = "spec/api/version_spec.lua spec/limit spec/system/network_spec.lua "
    .. "spec/system/losses_spec.lua spec/system/openresty_spec.lua",
  ["lua/dataworks/tasks"] = "spec/system/kill_spec.lua",
  ["lua/dataworks/credentials"] = "spec/system/network_spec.lua spec/system/openresty_spec.lua",
  ["lua/dataworks/limit"] = "spec/system/openresty_spec.lua spec/concurrency spec/system/service_spec.lua",
  ["lua/dataworks/database"] = "spec/limit spec/fleet",
  ["lua/dataworks/fleet"] = "spec/cli/fleet_spec.lua spec/cli/import_spec.lua spec/cli/ledger_spec.lua",
  ["lua/dataworks/concurrency"] = "spec/transport spec/system/timers_spec.lua spec/system/openresty_spec.lua "
    .. "spec/system/service_spec.lua",
  ["csrc"] = "spec/core spec/curl spec/system/memory_spec.lua",
  ["csrc/core"] = "spec/protocol spec/system/memory_spec.lua spec/system/locale_spec.lua "
    .. "spec/system/watched_libc_spec.lua",
  ["csrc/curl"] = "spec/transport spec/concurrency spec/system/memory_spec.lua spec/system/losses_spec.lua "
    .. "spec/system/network_spec.lua spec/system/watched_libc_spec.lua spec/system/threads_spec.lua",
  ["csrc/shared"] = "spec/core spec/curl spec/transport spec/system/memory_spec.lua spec/system/watched_libc_spec.lua",
  ["csrc/system"] = "spec/system/file_spec.lua spec/system/process_spec.lua spec/system/random_spec.lua "
    .. "spec/system/watched_libc_spec.lua spec/bytecode_spec.lua spec/credentials spec/system/memory_spec.lua",
}
local SPECS_OF_ALL = "spec/client_spec.lua spec/tasks spec/client_emulator_spec.lua spec/client_clock_spec.lua"

--- The specs run in the folder `tree`. The file `path` keeps their shortest durations for later runs, in seconds. A
--- spec that fails on the unchanged library is measured again in the next run: the machine may have been busy.
function M.new(tree, path)
  local self = setmetatable({ tree = tree, path = path, durations = {} }, M)
  local file = io.open(path)
  for line in file and file:lines() or function() end do
    local key, seconds = line:match "^(%S+ %S+) (%d+)$"
    if key then self.durations[key] = tonumber(seconds) end
  end
  if file then file:close() end
  return self
end

local function find(tree, words)
  local specs, pipe = {}, assert(io.popen(("cd %s && for f in %s; do [ ! -e $f ] || find $f -name '*_spec.lua' | "
    .. "LC_ALL=C sort; done"):format(tree, words)))
  for spec in pipe:lines() do specs[#specs + 1] = spec end
  pipe:close()
  return specs
end

function M:seconds(spec, version)
  return self.durations[spec .. " " .. version] or 0
end

function M:is_slow(spec, version)
  return self:seconds(spec, version) > SLOW
end

--- Returns the specs for a file of the library: the spec of the same name, the fast ones of its folder, and, if
--- `elsewhere` is set, the slow ones and those of other folders. Of each of the three, the fastest specs come first.
function M:list(path, version, elsewhere)
  local name = path:gsub("^lua/dataworks/", "spec/"):gsub("^lua/", "spec/"):gsub("^csrc/", "spec/"):gsub("%.%w+$", "")
  local folder, ranks, list = path, {}, {}
  local function add(rank, words)
    for _, spec in ipairs(find(self.tree, words)) do
      if not ranks[spec] then list[#list + 1] = spec end
      ranks[spec] = ranks[spec] or rank
    end
  end
  add(1, name .. "_spec.lua")
  while name ~= "spec" do
    add(2, name .. "_spec.lua " .. (name == "spec/system" and "" or name))
    name = name:match "^(.*)/"
  end
  while folder and not OTHER_SPECS[folder] do folder = folder:match "^(.*)/" end
  add(3, (OTHER_SPECS[folder] or "") .. " " .. SPECS_OF_ALL)
  for i = #list, 1, -1 do
    local spec = list[i]
    if ranks[spec] == 2 and self:is_slow(spec, version) then ranks[spec] = 3 end
    if ranks[spec] == 3 and not elsewhere then table.remove(list, i) end
  end
  table.sort(list, function(a, b)
    local first, second = self:seconds(a, version), self:seconds(b, version)
    return ranks[a] < ranks[b] or ranks[a] == ranks[b] and (first < second or first == second and a < b)
  end)
  return list
end

--- Returns whether a spec passes, and the duration in seconds. The shell is the first process of its namespace; when
--- it ends, the system kills all processes that the spec has left behind.
local function run(self, spec, version, timeout)
  local started = os.time()
  local passed = os.execute(("cd %s && unshare --net --pid --fork --kill-child --mount-proc sh -c '"
    .. "ip link set lo up; ulimit -S -v 16000000; timeout -k 5 %d tools/suite %s --no-keep-going %s; exit $?' "
    .. ">log 2>&1 </dev/null"):format(self.tree, timeout, version, spec))
  return passed, os.time() - started
end

local function keep_duration(self, key, seconds)
  self.durations[key] = seconds
  if seconds == FAILS then return end
  local file = assert(io.open(self.path, "a"))
  assert(file:write(key, " ", seconds, "\n") and file:close())
end

--- Runs a spec on the unchanged library. Runs it twice if it fails, because the machine may be busy.
local function measure(self, spec, version)
  local passed, seconds = run(self, spec, version, MAX_SECONDS)
  if not passed then passed, seconds = run(self, spec, version, MAX_SECONDS) end
  keep_duration(self, spec .. " " .. version, passed and seconds or FAILS)
end

--- Does a spec notice the change? It has to fail twice, and to pass on the unchanged library, which `without_change`
--- calls a function with. Specs for nginx fail on Lua 5.4 without a change.
function M:notices(spec, version, without_change)
  local key = spec .. " " .. version
  local known = self.durations[key]
  if known == FAILS then return false end
  local passed, seconds = run(self, spec, version, known and 60 + 8 * known or FIRST_TIMEOUT)
  if passed and seconds < (known or math.huge) then keep_duration(self, key, seconds) end
  if passed then return false end
  if not known then without_change(function() measure(self, spec, version) end) end
  known = self.durations[key]
  return known ~= FAILS and not run(self, spec, version, 60 + 8 * known)
end

return M
