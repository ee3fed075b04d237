-- A module that busted loads before the specs. While a C function of the library runs, each allocation runs a full
-- cycle of the garbage collector. An object that the C function needs, but that nothing refers to, is then collected at
-- once. While other code runs, the garbage collector starts a new cycle as soon as one ends.
local getinfo, sethook = debug.getinfo, debug.sethook
local c_functions = {}
local is_tight = false

--- Makes each allocation run a full cycle.
local function tighten()
  is_tight = true
  if _VERSION == "Lua 5.4" then
    collectgarbage("incremental", 0, 1000, 63)
    collectgarbage("step", 0)
  else
    collectgarbage("setpause", 0)
    collectgarbage("setstepmul", 1e6)
    collectgarbage("step", 0)
  end
end

--- Makes one cycle follow the other, with other code in between.
local function loosen()
  is_tight = false
  if _VERSION == "Lua 5.4" then
    collectgarbage("incremental", 10, 400, 10)
  else
    collectgarbage("setpause", 10)
    collectgarbage("setstepmul", 400)
  end
end

--- The debug hook for calls and returns. It tightens when a C function of the library begins.
local function hook(event)
  if event ~= "return" and c_functions[getinfo(2, "f").func] then
    if not is_tight then tighten() end
  elseif is_tight then
    loosen()
  end
end

--- Adds the functions of a module or of a metatable to the watched functions.
local function watch(functions)
  for _, value in pairs(functions) do
    if type(value) == "function" then c_functions[value] = true end
  end
end

for _, name in ipairs { "dataworks.core", "dataworks.curl" } do
  watch(require(name))
end
for name, metatable in pairs(debug.getregistry()) do
  if type(name) == "string" and name:find("^dataworks%.") and type(metatable) == "table" then
    watch(metatable)
    if type(metatable.__index) == "table" then watch(metatable.__index) end
  end
end
assert(next(c_functions), "no C function to watch")

-- A hook affects only one coroutine. Set the hook in each new coroutine.
local create = coroutine.create
function coroutine.create(...)
  local thread = create(...)
  sethook(thread, hook, "cr")
  return thread
end
function coroutine.wrap(f)
  local thread = coroutine.create(f)
  local function check(ok, ...)
    if not ok then error((...), 0) end
    return ...
  end
  return function(...) return check(coroutine.resume(thread, ...)) end
end

if jit then jit.off() end
sethook(hook, "cr")
loosen()
