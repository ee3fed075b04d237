-- A program of host.c: lets one allocation after the other fail in each operation, and judges what follows.
--
--   host spec/torture/torture.lua FOLDER ENDPOINT TLS_ENDPOINT CA_FILE ID SECRET STEP SEED PAIRS C [OPERATION]
--
-- STEP: every STEP-th allocation fails. C: "c" if malloc fails too, "lua" if only Lua's allocator does.

-- OPERATION: only this one, or "pairs": only the random pairs.

-- luacheck: globals failing starting allocations live frames spare plant
-- LuaJIT crashes when memory fails while it compiles.
if jit then jit.off() end
local failing, starting, allocations = failing, starting, allocations
local live, frames, spare, plant = live, frames, spare, plant

local folder, endpoint, tls_endpoint, ca_file, id, secret = (table.unpack or unpack)(arg, 1, 6)
local step, seed, pairs_wanted = tonumber(arg[7]), tonumber(arg[8]), tonumber(arg[9])
local with_c, only = arg[10] == "c", arg[11]

local curl = require "dataworks.curl"
local known = require "spec.torture.known"
local operations = require "spec.torture.operations"

local NO_MEMORY = "not enough memory"
local REPEATS = 20 -- a leak grows in each attempt; OpenSSL keeps the texts of its last 16 errors
local START_STEP = 37
local SHOWN = 10

operations.folder = folder
operations.plain = { endpoint = endpoint, id = id, secret = secret }
operations.tls = { endpoint = tls_endpoint, ca_file = ca_file, id = id, secret = secret }

io.stdout:setvbuf "line"
local passed, failed = 0, 0
local control = curl.new {}

local function empty_journal()
  assert(control:send({ method = "POST", url = endpoint .. "/_emulator/reset", body = "{}" }, 30))
end

--- Returns how many calls the emulator has got since the journal was emptied.
local function received()
  local _, _, body = assert(control:send({ method = "GET", url = endpoint .. "/_emulator/journal?action=ListDIProjectConfig" }, 30))
  return select(2, body:gsub('"action":', ""))
end

--- Returns what is wrong with an error, or nil.
local function judge_error(err)
  if type(err) ~= "table" then return not tostring(err):find(NO_MEMORY, 1, true) and "returned " .. tostring(err) or nil end
  local seen = ("%s %s, sent %s: %s"):format(err.kind, tostring(err.code), tostring(err.sent), tostring(err.message))
  if seen:lower():find("memory", 1, true) and err.kind ~= "invalid" then return nil end
  return seen
end

--- Returns what is wrong with the outcome of an operation, or nil.
local function judge(module, ok, result, err)
  if not ok then
    if module and tostring(result):find(NO_MEMORY, 1, true) then return nil end
    return "raised " .. tostring(result)
  elseif result then
    return nil
  elseif not module then
    return "failed without a reason: " .. tostring(err)
  end
  return judge_error(err)
end

--- `sent` may be "unknown"; otherwise it must be what the emulator saw.
local function judge_sent(err)
  local count = received()
  if type(err) == "table" and type(err.sent) == "boolean" and err.sent ~= (count > 0) then
    return ("sent is %s, but the emulator has got %d calls"):format(tostring(err.sent), count)
  end
end

local baseline

local MEASURED = { "Lua objects", "blocks of memory", "descriptors" }

--- Removes from `grown` what has not grown since the last measurement.
local function keep_grown(grown)
  local now, any = { live() }, false
  for i in ipairs(MEASURED) do
    grown[i] = grown[i] and now[i] > baseline[i]
    any = any or grown[i]
  end
  if any then baseline = now end
  return any
end

--- Repeats an attempt that left something over. Returns what is lost, or nil if it is only kept.
local function judge_left(attempt)
  local grown = { true, true, true }
  if not keep_grown(grown) then return nil end
  for _ = 1, REPEATS do
    attempt()
    if not keep_grown(grown) then return nil end
  end
  local lost = {}
  for i, what in ipairs(MEASURED) do lost[#lost + 1] = grown[i] and what or nil end
  return "loses " .. table.concat(lost, ", ")
end

--- Lets one allocation, or two, fail in an operation. Returns the module whose allocation failed, and what is wrong.
local function try(operation, call, kind, n, more)
  if operation.sends then empty_journal() end
  local module, ok, result, err = failing(kind, n, more, call)
  local where = frames()
  local wrong = judge(module, ok, result, err)
  if operation.sends and module and not result then wrong = wrong or judge_sent(err) end
  result, err = nil, nil -- luacheck: ignore 311
  local good, problem = call()
  if not good then wrong = wrong or "the next call fails: " .. tostring(problem) end
  good, problem = nil, nil -- luacheck: ignore 311
  wrong = wrong or judge_left(function()
    failing(kind, n, more, call)
    call()
  end)
  if wrong and known.reason(where, wrong) then wrong = nil end
  return module, wrong, where
end

for _, row in ipairs(known.CRASHES) do spare(row.module, row.frame) end

local faults = 0

local function record(name, kind, n, wrong, where)
  if not wrong then
    passed = passed + 1
    return
  end
  failed, faults = failed + 1, faults + 1
  if faults <= SHOWN then print(("  %s, allocation %s of %s: %s\n    in %s"):format(name, n, kind, wrong, where)) end
end

local function summary(counts)
  local words = {}
  for module, count in pairs(counts) do words[#words + 1] = ("%s %d"):format(module, count) end
  table.sort(words)
  return table.concat(words, ", ")
end

local KINDS = { "lua", with_c and "c" or nil }

--- Returns a function that performs the operation, in a warm state.
local function prepare(operation)
  local call = operation[2]()
  for _ = 1, 5 do assert(call()) end
  return call
end

local function sweep(operation)
  local name, call, counts = operation[1], prepare(operation), {}
  faults = 0
  for _, kind in ipairs(KINDS) do
    baseline = { live() }
    local n, more = 1, true
    while more do
      local hit, wrong, where = try(operation, call, kind, n, 0)
      record(name, kind, n, wrong, where)
      more = hit
      if hit then counts[hit] = (counts[hit] or 0) + 1 end
      n = n + step
    end
  end
  print(("%s: %s; %d wrong"):format(name, summary(counts), faults))
end

--- Two allocations fail in a random operation.
local function random_pairs(count)
  local calls = {}
  math.randomseed(seed)
  faults = 0
  for _ = 1, count do
    local operation, kind = operations.list[math.random(#operations.list)], KINDS[math.random(#KINDS)]
    local call = calls[operation] or prepare(operation)
    calls[operation] = call
    assert(select(2, failing(kind, 0, 0, call)))
    local first, more = math.random(0, allocations()), math.random(50)
    baseline = { live() }
    local _, wrong, where = try(operation, call, kind, first, more)
    record(operation[1], kind, first .. " and " .. first + more, wrong, where)
  end
  print(("%d random pairs, seed %d: %d wrong"):format(count, seed, faults))
end

--- A state of its own loads the library and makes a client. It leaves nothing over, however it ends.
local function sweep_start()
  local code = operations.START:format(package.path, package.cpath, endpoint)
  local counts = {}
  faults = 0
  for _, kind in ipairs(KINDS) do
    for _ = 1, 3 do
      local _, ok, err = starting(kind, 0, 0, code)
      assert(ok, err)
    end
    baseline = { live() }
    local n, more = 1, true
    while more do
      local hit, ok, err = starting(kind, n, 0, code)
      more = hit
      local where = frames()
      local wrong = judge(hit, ok, ok or err) or judge_left(function() starting(kind, n, 0, code) end)
      if wrong and known.reason("lua_close ", wrong) then wrong = nil end
      record("start", kind, n, wrong, where)
      if hit then counts[hit] = (counts[hit] or 0) + 1 end
      n = n + START_STEP * step
    end
  end
  print(("start and require: %s; %d wrong"):format(summary(counts), faults))
end

--- A program that finds no planted bug proves nothing.
local function check_plant()
  for _ = 1, 5 do plant() end
  baseline = { live() }
  local _, wrong = try({ "plant" }, plant, "lua", 4, 0) -- the first ones may be those of Lua's stack
  local found = wrong == "loses blocks of memory"
  record("plant", "lua", 4, not found and "the planted bug was not found" or nil, "")
  print("planted bug: " .. (found and "found" or "not found"))
end

check_plant()
for _, operation in ipairs(operations.list) do
  if not only or operation[1] == only then sweep(operation) end
end
if not only then sweep_start() end
if not only or only == "pairs" then random_pairs(pairs_wanted) end
for name, count in known.counts() do print(("known: %s: %d times"):format(name, count)) end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and 0 or 1)
