-- Reads a manifest: a file that says which tasks should exist. It is checked as a whole, and all faults are returned.

local check_options = require "dataworks.util.check_options"
local core = require "dataworks.core"
local endpoints = require "dataworks.api.endpoints"
local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"
local schedules = require "dataworks.api.schedule"
local scripts = require "dataworks.fleet.manifest_script"
local script_check = require "dataworks.api.script_check"
local tables = require "dataworks.util.tables"

local M = {}

---@class dataworks.fleet.Fault
---@field path string for example tasks[3].state
---@field message string
---@field name? string the name of the task
---@field line? integer in a file with JSON
---@field column? integer
---@field is_unreadable? boolean true: the file cannot be read

---@class dataworks.fleet.Task
---@field name string
---@field task_type "DI_REALTIME"|"DI_SOLUTION"|"DI_OFFLINE"
---@field script string the canonical JSON text; it is made when it is read, so that an unchanged task has none
---@field folder? string
---@field resource_group? string of an offline task
---@field schedule? string
---@field state "created"|"deployed"|"running"
---@field protect? boolean nil: the protection stays as it is
---@field moved_from? string the earlier name
---@field source "from"|"TaskParam"|"TaskContent" the field with the script
---@field script_digest string of what an update changes: the script, the resource group and the schedule
---@field digest string of everything that is applied

---@class dataworks.fleet.Manifest
---@field project string
---@field region? string
---@field fleet string
---@field key string identifies the fleet in a ledger
---@field path? string of the file
---@field tasks dataworks.fleet.Task[]

local TOP = { project = "string number", region = "string", fleet = "string", defaults = "table", tasks = "table" }

local FIELDS = {
  name = "string", type = "string", from = "table", to = "table", resource_group = "string",
  TaskParam = "table string", TaskContent = "table string", folder = "string", schedule = "string", state = "string",
  protect = "boolean", moved_from = "string",
}

--- The fields that a task can have from the defaults.
local DEFAULTS = tables.merge(FIELDS)
DEFAULTS.name, DEFAULTS.moved_from = nil, nil

local TYPES = tables.set_of "DI_REALTIME DI_SOLUTION DI_OFFLINE"

--- The states that a task can have, and their order.
M.STATES = { created = 1, deployed = 2, running = 3 }

local MAX_NAME_BYTES = 256
local MAX_ID_DIGITS = 19

-- The metatable of manifests that are read and checked.
local CHECKED = {}

local function describe(value)
  local digits = ids.long(value)
  return digits and "the number " .. digits or core.is_null(value) and "null" or check_options.describe(value)
end

--- Returns the type of a value of JSON.
local function type_of(value)
  return ids.long(value) and "number" or type(value)
end

--- Returns the names of the fields. In a table of Lua they can be of any type.
local function sorted_names(object)
  local names = {}
  for name in next, object do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return names
end

--- Checks the names and the types of fields. `add` notes a fault.
local function check_fields(object, known, path, add)
  for _, name in ipairs(sorted_names(object)) do
    local value, where = object[name], path == "" and tostring(name) or path .. "." .. tostring(name)
    local _, err = core.encode(type(value) == "string" and value or "", true)
    if not known[name] then
      add(where, "is not a field of a manifest" .. nearest.hint_end(name, known))
    elseif not known[name]:find(type_of(value), 1, true) then
      add(where, ("expected a %s, got %s"):format(known[name]:gsub(" ", " or a "), describe(value)))
    elseif err then
      add(where, err.message)
    end
  end
end

local function check_name(name, path, add)
  if type(name) ~= "string" or name == "" or #name > MAX_NAME_BYTES or name:find "%c" then
    add(path, ("expected text of 1 to %d bytes on one line"):format(MAX_NAME_BYTES))
  end
end

local function check_words(fields, path, add)
  check_name(fields.name, path .. ".name", add)
  if fields.moved_from then
    check_name(fields.moved_from, path .. ".moved_from", add)
  end
  if not TYPES[fields.type] then
    add(path .. ".type", "expected one of " .. nearest.list(TYPES))
  elseif fields.moved_from and fields.type == "DI_SOLUTION" then
    add(path .. ".moved_from", "the service has no action that renames a solution")
  elseif not M.STATES[fields.state] then
    add(path .. ".state", "expected one of " .. nearest.list(M.STATES))
  elseif fields.state == "running" and fields.type == "DI_OFFLINE" then
    add(path .. ".state", "an offline task is run by its schedule; the last state is deployed")
  elseif fields.schedule and fields.type ~= "DI_OFFLINE" then
    add(path .. ".schedule", "is for DI_OFFLINE only")
  elseif type(fields.schedule) == "string" then
    local cron, message = schedules.parse(fields.schedule)
    if not cron then
      add(path .. ".schedule", message)
    end
  end
end

--- Returns the task that an item of the list describes.
local function task_of(item, defaults, path, add)
  local before = add()
  check_fields(item, FIELDS, path, add)
  local fields = tables.merge({ state = "created", type = "DI_REALTIME" }, defaults, item)
  if type(item.from) == "table" and type(defaults.from) == "table" then
    fields.from = tables.merge(defaults.from, item.from)
  elseif item.TaskParam ~= nil or item.TaskContent ~= nil then
    fields.from = item.from
  end
  if add() > before then
    return nil
  end
  check_words(fields, path, add)
  local digest, source = scripts.check(fields, path, add)
  if add() > before then
    return nil
  end
  local task = scripts.attach(fields, {
    name = fields.name, task_type = fields.type, folder = fields.folder, schedule = fields.schedule,
    resource_group = fields.type == "DI_OFFLINE" and fields.resource_group or nil, state = fields.state,
  })
  task.script_digest = core.digest { task.task_type, digest, task.resource_group or "", task.schedule or "" }
  task.digest = core.digest { task.script_digest, task.state }
  task.protect, task.moved_from, task.source = fields.protect, fields.moved_from, source
  return task
end

local function check_top(source, add)
  check_fields(source, TOP, "", add)
  for _, name in ipairs { "project", "fleet", "tasks" } do
    if source[name] == nil then
      add(name, "is missing")
    end
  end
  local project, fleet, kind = source.project, source.fleet, type_of(source.project)
  local is_id = kind == "string" or kind == "number" and (ids.long(project) ~= nil or project % 1 == 0)
  local digits = is_id and ids.text(project):match "^%d+$"
  if TOP.project:find(kind, 1, true) and (not digits or #digits > MAX_ID_DIGITS) then
    add("project", "expected the id of a workspace" .. (ids.long(project) and ", got " .. describe(project) or ""))
  end
  if type(source.region) == "string" then
    local _, err = endpoints.host(source.region)
    if err then
      add("region", err.message)
    end
  end
  if type(fleet) == "string" and not fleet:find "^[%w_.-]+$" then
    add("fleet", "expected a name of letters, digits, _, . and -")
  end
  local list = type(source.tasks) == "table" and source.tasks or {}
  local hole = tables.find_hole(list)
  if hole then
    add(("tasks[%d]"):format(hole), "is nil: the list has a hole")
  end
  for _, key in ipairs(sorted_names(list)) do
    if type(key) ~= "number" or key < 1 then
      return add("tasks", ("expected a list of tasks; it has the member %s"):format(tostring(key)))
    end
  end
end

--- Checks that each earlier name is of no task of the manifest, and of one task only.
local function check_moves(tasks, places, add)
  local taken = {}
  for _, task in ipairs(tasks) do
    local from = task.moved_from
    local where = from and places[task.name] .. ".moved_from"
    if from and places[from] then
      add(where, ("is the name of %s, which is still in the manifest"):format(places[from]))
    elseif from and taken[from] then
      add(where, ("is also the earlier name of %s"):format(taken[from]))
    end
    taken[from or ""] = places[task.name]
  end
end

--- Checks a decoded manifest.
---@return dataworks.fleet.Manifest|nil manifest
---@return dataworks.fleet.Fault[] faults
function M.check(source)
  local faults, name = {}, nil
  local function add(path, message)
    if path then
      faults[#faults + 1] = { path = path, message = message, name = name }
    end
    return not path and #faults or nil
  end
  if type(source) ~= "table" then
    add("", "a manifest is an object, got " .. describe(source))
    return nil, faults
  end
  check_top(source, add)
  local defaults = type(source.defaults) == "table" and source.defaults or {}
  check_fields(defaults, DEFAULTS, "defaults", add)
  local tasks, places = {}, {}
  for i, item in ipairs(#faults == 0 and source.tasks or {}) do
    local path = ("tasks[%d]"):format(i)
    if type(item) ~= "table" then
      add(path, "expected an object, got " .. describe(item))
    else
      name = type(item.name) == "string" and item.name or nil
      tasks[#tasks + 1] = task_of(item, defaults, path, add)
      if name and places[name] then
        add(path .. ".name", ("is also the name of %s"):format(places[name]))
      elseif name then
        places[name] = path
      end
      name = nil
    end
  end
  check_moves(tasks, places, add)
  if #faults > 0 then
    return nil, faults
  end
  local project = ids.text(source.project)
  return setmetatable({
    project = project, region = source.region, fleet = source.fleet, tasks = tasks,
    key = ("%s/%s/%s"):format(source.region or "", project, source.fleet),
  }, CHECKED), faults
end

local function read_text(path)
  local file, message = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text, message
end

--- Returns the fault of a file that cannot be read.
---@param message string|nil
local function unreadable(message)
  return nil, { { path = "", message = message or "is a folder", is_unreadable = true } }
end

--- Raises the error of Ctrl-C again, which is no fault of the manifest.
local function pass_interruption(problem)
  if type(problem) == "string" and problem:find "interrupted!$" then
    error(problem, 0)
  end
end

--- Reads a manifest in Lua.
local function check_lua(path)
  local text, problem = read_text(path)
  if not text then
    return unreadable(problem)
  end
  local chunk, message = loadfile(path)
  if not chunk then
    return nil, { { path = "", message = message } }
  end
  local ok, value = pcall(chunk)
  if ok and type(value) == "function" then
    ok, value = pcall(value)
  end
  if not ok then
    pass_interruption(value)
    message = type(value) == "string" and value or "the program raised " .. describe(value)
    return nil, { { path = "", message = message } }
  end
  local checked, manifest, faults = pcall(M.check, value)
  if checked then
    return manifest, faults
  end
  pass_interruption(manifest)
  -- A table of the program can have a metatable with functions, which run while the table is read.
  return unreadable("a table of the manifest cannot be read: "
    .. (type(manifest) == "string" and manifest or "a metatable raised " .. describe(manifest)))
end

--- Adds the places of faults in a manifest that was read from JSON.
---@param manifest dataworks.fleet.Manifest
---@param faults dataworks.fleet.Fault[]
function M.place(manifest, faults)
  local text = #faults > 0 and manifest.path and not manifest.path:find "%.lua$" and read_text(manifest.path)
  if text then
    script_check.place(text, faults)
  end
end

--- Reads a manifest in JSON.
local function check_json(source)
  local text, message = read_text(source)
  if not text then
    return unreadable(message)
  end
  local value, err = core.decode_unique(text)
  if err then
    message = err.message:gsub(" at line %d+, column.*$", "")
    return nil, { { path = "", message = message, line = err.line, column = err.column } }
  end
  local manifest, faults = M.check(value)
  script_check.place(text, faults)
  return manifest, faults
end

--- Reads and checks a manifest.
---@param source string|table the path of a file with JSON, or with Lua if it ends with .lua; or the manifest as a
--- table; or a result of this function, which is returned as it is
---@return dataworks.fleet.Manifest|nil manifest
---@return dataworks.fleet.Fault[]|nil faults
function M.read(source)
  if getmetatable(source) == CHECKED then
    return source, {}
  elseif type(source) ~= "string" then
    return M.check(source)
  end
  source = source == "-" and "/dev/stdin" or source
  local manifest, faults = (source:find "%.lua$" and check_lua or check_json)(source)
  if manifest then
    manifest.path = source
  end
  return manifest, faults
end

return M
