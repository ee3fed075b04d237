-- Lists the folders of lua/ and bin/, which are called rooms, and the dependencies between them, which are called
-- arrows. Fails if an arrow is not allowed:
--
--   lua5.4 tools/rooms.lua                               prints the list
--   lua5.4 tools/rooms.lua --check docs/architecture.md  also fails if the page shows another list
--   lua5.4 tools/rooms.lua --update docs/architecture.md writes the list into the page
--
-- Each string that names a module counts as an arrow, whether it is passed to require or lazy, or is in a table.

local tokenize = require "tools.lua_tokens"

--- Each row has the name, the level and the purpose of a room. Level 1 is the top. A room may require the rooms of a
--- higher level number. If a row has the field `only`, the room may require only these rooms. All rooms may require a
--- room that has for_all = true.
local ROOMS = {
  { "cli", 1, "the command `dataworks`, with one file for each subcommand" },
  { "dataworks.lua", 2, "the public functions of the library" },
  { "fleet", 3, "many tasks from a manifest, with a ledger in a database" },
  { "client", 4, "the methods of a client, which check their arguments and call a room below" },
  { "tasks", 5, "operations of several calls: create a task, wait for a state, read a list page by page" },
  { "concurrency", 6, "many calls at once in one thread: the loop, its tasks and timers, map" },
  { "call", 7, "one call: its steps, the decision on a retry, the clock, the events" },
  { "credentials", 8, "the sources of keys, with one file for each provider" },
  { "transport", 9, "sends a request through libcurl, or through cosockets inside nginx" },
  { "limit", 9, "limits on calls per second, and pauses" },
  { "database", 10, "SQL in SQLite or PostgreSQL, and the tables of a ledger" },
  { "protocol", 10, "one exchange with the service: keys, replies, error codes" },
  { "api", 11, "data: actions, endpoints, the fields and writers of a TaskParam" },
  { "emulator", 2, "a simulation of the service on 127.0.0.1",
    only = { "api", "util", "error", "version", "options" } },
  { "error", 12, "the type of all errors", only = { "util" }, for_all = true },
  { "version", 12, "the version of the library", only = { "util" }, for_all = true },
  { "options", 12, "the options of a client and their types", only = { "util" }, for_all = true },
  { "bytecode", 12, "the bytecode of the library in an installation", only = {} },
  { "util", 13, "small modules that require no other room", only = {} },
  { "core", 14, "C code with libcrypto: JSON, encoding, signatures, files, clock", for_all = true, in_c = true },
  { "curl", 14, "C code with libcurl: sessions and transfers", in_c = true },
}

--- Rooms that only some of the rooms above may require.
local ONLY_FROM = { emulator = { "cli" }, curl = { "transport" } }

local MAX_UTIL_FILES, MAX_LINES = 10, 350

--- The one module that may call require with a computed name, because the name is its parameter.
local LAZY = "dataworks.util.lazy"

--- Patterns of the C files that may include lua.h. All other C files must not include it, neither directly nor through
--- another header.
local C_WITH_LUA = {
  "^csrc/compat", "^csrc/core/action_row", "^csrc/core/comma_list", "^csrc/core/core", "^csrc/core/lua_",
  "^csrc/core/openssl_origin", "^csrc/core/param", "^csrc/core/repeat_list", "^csrc/core/request%.",
  "^csrc/core/script", "^csrc/core/task_", "^csrc/core/value", "^csrc/core/writers", "^csrc/curl/curl",
  "^csrc/curl/lua_", "^csrc/shared/lua_", "^csrc/system/",
}

--- The C files that match a pattern must not include this header, neither directly nor through another header.
local C_WITHOUT = { ["^csrc/curl/session"] = "curl/multi.h" }

local faults = {}

--- Notes a fault. `where` is a path with a line number.
local function fault(where, ...)
  faults[#faults + 1] = where .. ": " .. string.format(...)
end

--- Returns the text of a file; nil if the file does not exist.
local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

--- Returns the lines that a shell command prints.
local function list_files(command)
  local pipe, paths = assert(io.popen(command)), {}
  for path in pipe:lines() do
    paths[#paths + 1] = path
  end
  pipe:close()
  return paths
end

local function contains(list, value)
  for _, one in ipairs(list) do
    if one == value then
      return true
    end
  end
  return false
end

-- Modules

local SINGLE_FILES = { client = true, error = true, version = true, options = true, bytecode = true }

--- Returns the name of the room to which a path belongs; nil if it belongs to no room.
local function room_name(path)
  local single, folder = path:match("^lua/dataworks/([%w_]+)%.lua$"), path:match("^lua/dataworks/([%w_]+)/")
  if path == "lua/dataworks.lua" then
    return "dataworks.lua"
  elseif path:find("^bin/") then
    return "cli"
  elseif single then
    return SINGLE_FILES[single] and single
  end
  return not SINGLE_FILES[folder] and folder or nil
end

--- Returns the row of a module's room; nil if there is no such room.
local function room_of(module)
  for _, room in ipairs(ROOMS) do
    if room[1] == module.room then
      return room
    end
  end
end

--- Returns all modules. The modules of Lua are in a list and by name, the modules of C only by name.
local function load_modules()
  local modules = {}
  for _, path in ipairs(list_files "find lua bin -type f | LC_ALL=C sort") do
    local name = (path:match("^lua/(.*)%.lua$") or path):gsub("/", ".")
    local module = { name = name, path = path, room = room_name(path), text = read(path), arrows = {} }
    modules[#modules + 1], modules[name] = module, module
  end
  for _, room in ipairs(ROOMS) do
    if room.in_c then
      local name = "dataworks." .. room[1]
      modules[name] = { name = name, room = room[1], arrows = {} }
    end
  end
  return modules
end

--- Checks that each module is in a room, that no file is too long, and that util has not too many files.
local function check_places(modules)
  local in_util = 0
  for _, module in ipairs(modules) do
    local room = room_of(module)
    if not room or room.in_c then
      fault(module.path .. ":1", "the module is in no room; move it to the folder of a room, or add one to ROOMS")
    end
    in_util = in_util + (module.room == "util" and 1 or 0)
    local _, lines = module.text:gsub("\n", "")
    if lines > MAX_LINES and not module.name:find("^dataworks%.api%.catalog%.") then
      fault(module.path .. ":" .. MAX_LINES + 1, "the file has %d lines, more than %d; split it by idea", lines,
        MAX_LINES)
    end
  end
  if in_util > MAX_UTIL_FILES then
    fault("lua/dataworks/util:1", "the room has %d files, more than %d; move a file to the room that uses it", in_util,
      MAX_UTIL_FILES)
  end
end

-- Arrows

--- Notes an arrow, if the name is that of another module.
local function add_arrow(modules, from, name, line)
  local to = modules[name]
  if to and to ~= from then
    from.arrows[#from.arrows + 1] = { from = from, to = to, line = line }
  end
end

--- May this text be the name of a module of the library?
local function is_module_name(text)
  return text == "dataworks" or text:find("^dataworks%.[%w_.]+$") ~= nil
end

--- Returns two tables. The first gives, for each name that takes its value from a table, as in `local x = TABLE[...]`
--- or `for _, x in pairs(TABLE)`, the name of that table. The second has the names of the tables that list modules.
local function find_tables(tokens)
  local sources, tables = {}, {}
  for i, token in ipairs(tokens) do
    local before, after = tokens[i - 1] or token, tokens[i + 1]
    if token.kind == "name" and after.text == "=" and tokens[i + 2].text == "{" then
      local depth, at = 0, i + 2
      repeat
        local text = tokens[at].text
        depth = depth + (tokens[at].kind ~= "mark" and 0 or text == "{" and 1 or text == "}" and -1 or 0)
        tables[token.text] = tables[token.text] or tokens[at].kind == "string" and is_module_name(text)
        at = at + 1
      until depth == 0 or at >= #tokens
    elseif token.kind == "name" and after.text == "=" and before.text == "local" then
      sources[token.text] = tokens[i + 2].text
    elseif token.kind == "name" and after.text == "in" and before.text == "," then
      sources[token.text], sources[tokens[i - 2].text] = tokens[i + 4].text, tokens[i + 4].text
    end
  end
  return sources, tables
end

--- Does a name take its value from a table in this file that lists modules?
local function is_from_table(name, sources, tables)
  for _ = 1, 5 do
    if tables[name] then
      return true
    end
    name = sources[name]
  end
  return false
end

--- Checks the name of the module in one call of require or lazy.
local function read_require(modules, module, tokens, i, tables_of)
  local at = i + 1
  local is_protected = tokens[i].text == "require" and tokens[at].text == "," and tokens[i - 2].text == "pcall"
  if tokens[at].text == "(" or is_protected then
    at = at + 1
  end
  local name, where = tokens[at], module.path .. ":" .. tokens[i].line
  if name.kind == "string" and tokens[at + 1].text ~= ".." then
    if name.text == "dataworks" then
      add_arrow(modules, module, name.text, name.line)
    elseif is_module_name(name.text) and not modules[name.text] then
      fault(where, "there is no module %s; correct the name", name.text)
    end
  elseif module.name ~= LAZY and not (name.kind == "name" and is_from_table(name.text, tables_of())) then
    fault(where, "the name of the module is computed; list full names in a table of this file and require its entries")
  end
end

--- Notes all arrows of a module, and each computed name of a module.
local function read_arrows(modules, module)
  local tokens = tokenize(module.text)
  local loaders, sources, tables = { require = true }, nil, nil
  local function tables_of()
    if not sources then
      sources, tables = find_tables(tokens)
    end
    return sources, tables
  end
  for i, token in ipairs(tokens) do
    local before, after = tokens[i - 1], tokens[i + 1]
    if token.kind == "string" then
      if token.text ~= "dataworks" then
        add_arrow(modules, module, token.text, token.line)
      end
      for name in token.text:gmatch("require%(?%s*[\"']([%w_.]+)") do
        add_arrow(modules, module, name, token.line)
      end
      if token.text == LAZY and tokens[i - 2].text == "=" then
        loaders[tokens[i - 3].text] = true
      end
    elseif token.kind == "name" and loaders[token.text] and before and before.text ~= "." and after.text ~= "=" then
      read_require(modules, module, tokens, i, tables_of)
    elseif token.text == "loaded" and after.text == "[" and tokens[i + 2].kind ~= "string"
      and not is_from_table(tokens[i + 2].text, tables_of()) then
      fault(module.path .. ":" .. token.line, "the look-up in package.loaded is computed; write the full name")
    end
  end
end

--- May the room `from` require the room `to`?
local function is_allowed(from, to)
  if from == to or to[1] == "core" then
    return true
  elseif from.only then
    return contains(from.only, to[1])
  elseif ONLY_FROM[to[1]] then
    return contains(ONLY_FROM[to[1]], from[1])
  end
  return to.for_all or from[2] < to[2]
end

local function check_arrows(modules)
  for _, module in ipairs(modules) do
    for _, arrow in ipairs(module.arrows) do
      local from, to = room_of(module), room_of(arrow.to)
      if from and to and not is_allowed(from, to) then
        fault(module.path .. ":" .. arrow.line,
          "%s must not require %s: the arrow from %s to %s %s; hand it in from above, or move what both need below",
          module.name, arrow.to.name, from[1], to[1], from[2] >= to[2] and "runs up" or "is not in the plan")
      end
    end
  end
end

-- Circles

--- Follows the arrows depth first. Calls report(path, arrow) for each arrow that leads back to a node of the path.
local function find_circles(nodes, arrows_of, report)
  local state, path = {}, {}
  local function visit(node)
    state[node], path[#path + 1] = "open", node
    for _, arrow in ipairs(arrows_of(node)) do
      if state[arrow.to] == "open" then
        report(path, arrow)
      elseif not state[arrow.to] then
        visit(arrow.to)
      end
    end
    state[node], path[#path] = "closed", nil
  end
  for _, node in ipairs(nodes) do
    if not state[node] then
      visit(node)
    end
  end
end

--- Returns the names of a circle: a -> b -> a.
local function circle_text(path, back_to, name_of)
  local names = {}
  for _, node in ipairs(path) do
    if node == back_to or #names > 0 then
      names[#names + 1] = name_of(node)
    end
  end
  names[#names + 1] = name_of(back_to)
  return table.concat(names, " -> ")
end

--- Returns the first arrow from each room to each other room.
local function arrows_between_rooms(modules)
  local between = {}
  for _, module in ipairs(modules) do
    for _, arrow in ipairs(module.arrows) do
      local from, to = room_of(module), room_of(arrow.to)
      if from and to and from ~= to then
        between[from] = between[from] or {}
        between[from][to] = between[from][to] or { to = to, where = module.path .. ":" .. arrow.line }
      end
    end
  end
  return between
end

local function check_circles(modules, between)
  find_circles(modules, function(module) return module.arrows end, function(path, arrow)
    fault(arrow.from.path .. ":" .. arrow.line, "a circle of modules, %s; move what both need to a module below them",
      circle_text(path, arrow.to, function(module) return module.name end))
  end)
  find_circles(ROOMS, function(room)
    local arrows = {}
    for _, to in ipairs(ROOMS) do
      arrows[#arrows + 1] = (between[room] or {})[to]
    end
    return arrows
  end, function(path, arrow)
    fault(arrow.where, "a circle of rooms, %s; remove the arrow that runs up",
      circle_text(path, arrow.to, function(room) return room[1] end))
  end)
end

-- C

--- Calls report(name, where) for each header that a C file includes, directly or through other headers of csrc.
local function each_include(path, report, seen)
  local line = 0
  for text in ((read(path) or "") .. "\n"):gmatch("([^\n]*)\n") do
    line = line + 1
    local name = text:match('^%s*#%s*include%s*[<"]([^>"]+)[>"]')
    if name and not seen[name] then
      seen[name] = true
      report(name, path .. ":" .. line)
      each_include("csrc/" .. name, report, seen)
    end
  end
end

--- Checks the headers that each C file includes.
local function check_c()
  for _, path in ipairs(list_files "find csrc -name '*.[ch]' | LC_ALL=C sort") do
    local forbidden = {}
    for pattern, header in pairs(C_WITHOUT) do
      forbidden[header] = path:find(pattern) ~= nil
    end
    forbidden["lua.h"] = true
    for _, pattern in ipairs(C_WITH_LUA) do
      forbidden["lua.h"] = forbidden["lua.h"] and not path:find(pattern)
    end
    each_include(path, function(name, where)
      if forbidden[name] or name == "lauxlib.h" and forbidden["lua.h"] then
        fault(where, "%s must not include %s; move the code that needs it to another file", path, name)
      end
    end, {})
  end
end

-- The list of rooms

--- Returns the list of the rooms that have modules, with the arrows of each.
local function draw(modules, between)
  local inhabited, lines = {}, {}
  for _, module in pairs(modules) do
    inhabited[module.room or ""] = true
  end
  for _, room in ipairs(ROOMS) do
    if inhabited[room[1]] then
      local names = {}
      for _, to in ipairs(ROOMS) do
        names[#names + 1] = (between[room] or {})[to] and to[1] or nil
      end
      lines[#lines + 1] = ("%-14s %s"):format(room[1], room[3])
      lines[#lines + 1] = #names > 0 and "  -> " .. table.concat(names, ", ") or nil
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local FENCE = "(<!%-%- tools/rooms%.lua %-%->\n```text\n)(.-)(```)"

--- Checks that a page shows this list.
local function compare(path, list)
  local _, shown = (read(path) or ""):match(FENCE)
  if shown ~= list then
    fault(path .. ":1", "the page shows an old list of the rooms; run: lua5.4 tools/rooms.lua --update %s", path)
  end
end

--- Writes the list into a page.
local function update(path, list)
  local text, count = assert(read(path)):gsub(FENCE, function(head, _, tail) return head .. list .. tail end)
  assert(count == 1, path .. " has no place for the list of rooms")
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local modules = load_modules()
check_places(modules)
for _, module in ipairs(modules) do
  read_arrows(modules, module)
end
local between = arrows_between_rooms(modules)
check_arrows(modules)
check_circles(modules, between)
check_c()

local list = draw(modules, between)
if arg[1] == "--check" then
  compare(arg[2], list)
elseif arg[1] == "--update" then
  update(arg[2], list)
else
  io.write(list)
end
for _, text in ipairs(faults) do
  io.stderr:write(text, "\n")
end
os.exit(#faults == 0 and 0 or 1)
