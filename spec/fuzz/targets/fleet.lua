-- The manifest of a fleet, as a table and as JSON text.

local bytes = require "spec.fuzz.bytes"
local core = require "dataworks.core"
local manifest = require "dataworks.fleet.manifest"

local M = {}

local path = os.tmpname()
os.remove(path)
path = path:gsub("^/tmp/", "/dev/shm/") .. ".json"

local KEYS = {
  "project", "region", "fleet", "defaults", "tasks", "name", "type", "from", "to", "resource_group", "TaskParam", "TaskContent",
  "folder", "schedule", "state", "mysql", "tables", "odps", "steps", "stepType", "parameter", "version", "protect", "moved_from", "a",
}
local WORDS = {
  "a", "b", "", "10000", "created", "deployed", "running", "DI_REALTIME", "DI_SOLUTION", "DI_OFFLINE", "0 2 * * *", "0 0 2 * * ?", "job", "reader",
  '{"type":"job"}', "{", "a/b",
}

local function content()
  return {
    type = "job", version = "2.0",
    steps = core.list { { stepType = "mysql", category = "reader", parameter = { x = 1 } }, { stepType = "odps", category = "writer", parameter = { x = 2 } } },
  }
end

local function valid()
  return {
    project = 10000, region = "cn-shanghai", fleet = "orders",
    defaults = { resource_group = "S_res_group_1_1", to = { odps = "warehouse" }, from = { mysql = "orders_db" } },
    tasks = core.list {
      { name = "one", from = { tables = core.list { "a" } }, state = "running" },
      { name = "two", type = "DI_OFFLINE", TaskContent = content(), schedule = "0 2 * * *", state = "deployed", protect = true },
      { name = "three", from = { mysql = "m", tables = { db = core.list { "t" } } }, folder = "f", moved_from = "four" },
    },
  }
end

--- Changes a member at a random place.
local function change(source, from)
  local inner = source
  for _ = 1, from:below(7) do
    local following = inner[inner[1] and from:below(3) + 1 or from:pick(KEYS)]
    if type(following) == "table" then inner = following end
  end
  local key, kind, value = inner[1] and from:below(3) + 1 or from:pick(KEYS), from:below(4), nil
  if kind == 0 then
    value = from:value(3)
  elseif kind == 1 then
    value = content()
  elseif kind == 2 then
    value = from:pick(WORDS)
  end
  if value ~= nil or not inner[1] or key >= #inner then inner[key] = value end
end

--- Gives a task a member of another task.
local function copy_member(source, from)
  local tasks = type(source.tasks) == "table" and source.tasks or {}
  local one, other, key = tasks[from:below(3) + 1], tasks[from:below(3) + 1], from:pick(KEYS)
  if type(one) == "table" and type(other) == "table" then one[key] = other[key] end
end

--- Writes JSON with random white space. Returns the text, and the line and the column of each path: of the name of a
--- member, or of an item.
local function write(source, from)
  local parts, places, line, column = {}, {}, 1, 1
  local function put(text)
    parts[#parts + 1] = text
    for char in text:gmatch "[^\128-\191]" do
      line, column = char == "\n" and line + 1 or line, char == "\n" and 1 or column + 1
    end
  end
  local function blank() put(from:pick { "", "", " ", "\n", "\t\n  " }) end
  local function note(where) places[where] = { line, column } end
  local function add(value, where)
    if type(value) ~= "table" then return put(core.encode(value)) end
    local is_list, is_first = value[1] ~= nil or core.encode(value, true) == "[]", true
    put(is_list and "[" or "{")
    for key, item in (is_list and ipairs or pairs)(value) do
      if not is_first then put "," end
      is_first = false
      blank()
      local inner = is_list and ("%s[%d]"):format(where, key) or where == "" and key or where .. "." .. key
      note(inner)
      if not is_list then
        put(core.encode(key))
        blank()
        put ":"
        blank()
      end
      add(item, inner)
      blank()
    end
    put(is_list and "]" or "}")
  end
  blank()
  note ""
  add(source, "")
  blank()
  return table.concat(parts), places
end

--- Returns the place of a path, or of the innermost value around it.
local function place_of(where, places)
  while not places[where] do where = where:match "^(.*)[.%[]" or "" end
  return places[where]
end

local function check_faults(faults)
  assert(#faults > 0, "neither a manifest nor a fault")
  for _, fault in ipairs(faults) do
    assert(type(fault.path) == "string" and type(fault.message) == "string" and fault.message ~= "", "a fault without a path or a message")
  end
end

--- A manifest that is accepted has each task once, with a canonical script. Written out, it is accepted again.
local function check_manifest(read, source)
  local names, tasks = {}, core.list {}
  assert(#read.tasks == #source.tasks, "a task is lost")
  for i, task in ipairs(read.tasks) do
    assert(not names[task.name], "two tasks have one name")
    names[task.name] = true
    assert(manifest.STATES[task.state] and task.digest:find "^%x+$" and #task.digest == 64, "not a task")
    assert(core.encode(core.decode(task.script), true) == task.script, "the script is not canonical")
    tasks[i] = {
      name = task.name, type = task.task_type, [task.task_type == "DI_OFFLINE" and "TaskContent" or "TaskParam"] = task.script, folder = task.folder,
      resource_group = task.resource_group, protect = task.protect, moved_from = task.moved_from, schedule = task.schedule, state = task.state,
    }
  end
  local again = assert(manifest.check { project = read.project, region = read.region, fleet = read.fleet, tasks = tasks })
  assert(again.key == read.key, "another fleet")
  for i, task in ipairs(again.tasks) do assert(task.digest == read.tasks[i].digest, "the digest has changed") end
end

local function read_text(text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local read, faults = manifest.read(path)
  os.remove(path)
  if not read then check_faults(faults) end
  return read, faults
end

M.manifest = {
  planted = { "lua/dataworks/fleet/manifest.lua", "if name and places[name] then", "if name and places[name] and #name ~= 3 then" },
  covers = {
    "lua/dataworks/fleet/manifest.lua:describe,sorted_names,check_fields,script_of,check_script,check_words,digest_of,task_of",
    "lua/dataworks/fleet/manifest.lua:check_top,check_moves,check,check_json,read",
  },
  run = function(text)
    local from, source = bytes.new(text), valid()
    if from:below(8) == 0 then return read_text(from:rest()) end
    for _ = 1, from:below(4) do from:pick { change, copy_member }(source, from) end
    local read, faults = manifest.check(source)
    if read then check_manifest(read, source) end
    if not core.encode(source, true) then return end
    local written, places = write(source, from)
    local read_again, faults_again = read_text(written)
    assert((read ~= nil) == (read_again ~= nil) and #faults == #faults_again, "the text is read in another way")
    for i, fault in ipairs(faults_again) do
      local place, last = place_of(fault.path, places), faults_again[i - 1] or { line = 1, column = 1 }
      assert(fault.line == place[1] and fault.column == place[2], "another place of " .. fault.path)
      assert(fault.line > last.line or fault.line == last.line and fault.column >= last.column, "the faults are not sorted")
    end
  end,
}

return M
