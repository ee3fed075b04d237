-- Derives the tables of actions, lua/dataworks/api/catalog/v*.lua, from descriptions of the API as JSON:
--
--   lua5.4 tools/catalog.lua lua/dataworks/api/catalog ACTIONS.json ACTIONS_2024_DI.json
--
-- A description has version, source and actions; an action has method, params and response; a parameter has name,
-- type, in ("query" or "body"), and perhaps required and serialize ("json"). Its types are those of the official IDL:
-- a name, or {array = type}, {object = fields} or {map = type}. What can't be represented stops the script.

local json = require "cjson"

local COLUMNS = 120

-- Plain types, and what they are called in the tables.
local TYPES = {
  long = "long", int32 = "int32", float = "double", double = "double", string = "string", boolean = "boolean",
}

-- Actions that only read and may therefore be repeated: Get, List, Search, Query and a few more. Each name that a
-- pattern here matches was looked at. Names that only look like reading stay outside: CheckFileDeployment files a
-- verdict, TestDataServiceApi calls an API of the user's, QueryPublicModelEngine runs a statement of the caller's,
-- TestNetworkConnection, ScanSensitiveData and DesensitizeData do work.
local READS = {
  "^Get%u", "^List%u", "^Search%u", "^CheckMeta%u", "^TopTen%u", "^Dsg%a*Get%u", "^Dsg%a*Query%u", "^QueryDISync%u",
  "^QueryDefaultTemplate$", "^QueryRecognize%u", "^QuerySens%u", "^ExportDataSources$",
}

-- How an action can be paged: the parameter that moves on.
local PAGERS = { PageNumber = true, PageNum = true, PageNo = true, NextToken = true, NextPrimaryKey = true }

local function fail(...)
  error((("%s"):rep(select("#", ...))):format(...), 0)
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function check_fields(what, value, known)
  for _, key in ipairs(sorted_keys(value)) do
    if not known[key] then
      fail(what, " has a field that this script does not know: ", key)
    end
  end
end

-- Parameters

local PARAM_FIELDS = {
  name = true, type = true, ["in"] = true, required = true, serialize = true, example = true, deprecated = true,
}

local function type_of(what, param)
  if param.serialize == "json" then
    return type(param.type) == "table" and param.type.array and "array" or "json"
  elseif param.serialize ~= nil then
    fail(what, " is serialized in a way that this script does not know: ", param.serialize)
  elseif type(param.type) == "table" and (param.type.array or param.type.object or param.type.map) then
    return "list"
  end
  return TYPES[param.type] or fail(what, " has a type that this script does not know: ", json.encode(param.type))
end

local function check_place(what, action, param)
  if param["in"] ~= "query" and param["in"] ~= "body" then
    fail(what, " is in a place that this script does not know: ", tostring(param["in"]))
  elseif param["in"] == "body" and action.method == "GET" then
    fail(what, " is in the body of a GET request")
  end
end

--- The words for the parameters of each place.
local function read_params(action)
  local words = { query = {}, body = {} }
  local seen = {}
  table.sort(action.params, function(a, b) return a.name < b.name end)
  for _, param in ipairs(action.params) do
    local what = action.name .. "." .. param.name
    check_fields(what, param, PARAM_FIELDS)
    check_place(what, action, param)
    if not param.name:find("^%a%w*$") or seen[param.name] then
      fail(what, " is no name, or stands twice")
    end
    seen[param.name] = true
    local kind = type_of(what, param)
    local list = words[param["in"]]
    list[#list + 1] = param.name .. (kind == "string" and "" or ":" .. kind) .. (param.required and "!" or "")
  end
  return words, seen
end

-- What the reply tells

local function field(fields, name)
  for _, one in ipairs(fields) do
    if one.name == name then
      return one
    end
  end
end

local function object_of(one)
  return one and type(one.type) == "table" and one.type.object or nil
end

--- Does a Status say how the call went? It does where a Message explains it, and where it is a plain yes or no.
local function tells_outcome(response)
  local data = object_of(field(response, "Data"))
  local status = field(response, "Status")
  return data and field(data, "Status") and field(data, "Message") or status and status.type == "boolean"
end

--- The paths of all lists that are in no other list.
local function lists_in(fields, path, found)
  for _, one in ipairs(fields) do
    if object_of(one) then
      lists_in(object_of(one), path .. one.name .. ".", found)
    elseif type(one.type) == "table" and one.type.array then
      found[#found + 1] = path .. one.name
    end
  end
  return found
end

local function repeatable(name, params)
  if params.ClientToken then
    return "token"
  end
  for _, pattern in ipairs(READS) do
    if name:find(pattern) then
      return "always"
    end
  end
  return "unsent"
end

--- The list that an action is there to give, if there is one and only one.
local function list_of(action, params)
  local lists = lists_in(action.response, "", {})
  local wanted = action.name:find("^List%u") ~= nil
  for name in pairs(params) do
    wanted = wanted or PAGERS[name]
  end
  return wanted and #lists == 1 and lists[1] or nil
end

-- Actions

local ACTION_FIELDS = {
  name = true, method = true, params = true, response = true, di = true, reqBodyType = true, bodyType = true,
  deprecated = true,
}

local function check_action(name, action)
  check_fields(name, action, ACTION_FIELDS)
  if action.name ~= name or not name:find("^%u%w*$") then
    fail(name, " is no name of an action")
  elseif action.method ~= "GET" and action.method ~= "POST" and action.method ~= "PUT" then
    fail(name, " has a method that this script does not know: ", tostring(action.method))
  elseif (action.reqBodyType or "formData") ~= "formData" or (action.bodyType or "json") ~= "json" then
    fail(name, " has a body that is no form, or a reply that is no JSON")
  elseif action.deprecated then
    fail(name, " is deprecated, which the tables can't say")
  end
end

local function add_words(lines, mark, words)
  local line = " " .. mark
  for _, word in ipairs(words) do
    if #line + 1 + #word > COLUMNS then
      lines[#lines + 1] = line
      line = "  "
    end
    line = line .. " " .. word
  end
  lines[#lines + 1] = #words > 0 and line or nil
end

local function add_action(lines, name, action)
  check_action(name, action)
  local words, params = read_params(action)
  local head = { name, action.method, repeatable(name, params) }
  head[#head + 1] = tells_outcome(action.response) and "outcome" or nil
  local list = list_of(action, params)
  head[#head + 1] = list and "list=" .. list
  lines[#lines + 1] = table.concat(head, " ")
  add_words(lines, "?", words.query)
  add_words(lines, "&", words.body)
end

local HEADER = [=[
-- The actions of version %s. Made by tools/catalog.lua, not by hand, from:
-- %s
--
-- An action is a line with its name, HTTP method and what may be repeated; then "outcome" where a Status says how the
-- call went, and list= with the way to the one list in the reply. Below it the parameters of the query stand behind ?
-- and those of the form behind &, as Name:type; text has no type; ! is required.

return [[

%s
]]
]=]

local function wrap_comment(text)
  return (text:gsub("%s+", " "):gsub("(" .. ("."):rep(80) .. "[^ ]*) ", "%1\n-- "))
end

local function derive(description)
  local lines = {}
  for _, name in ipairs(sorted_keys(description.actions)) do
    add_action(lines, name, description.actions[name])
  end
  return HEADER:format(description.version, wrap_comment(description.source), table.concat(lines, "\n"))
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return json.decode(text)
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local folder, made = arg[1], {}
if #arg < 2 then
  fail("usage: lua5.4 tools/catalog.lua FOLDER DESCRIPTION.json...")
end
for i = 2, #arg do
  local description = read(arg[i])
  made[#made + 1] = { ("%s/v%s.lua"):format(folder, (description.version:gsub("%D", ""))), derive(description) }
end
for _, file in ipairs(made) do
  write(file[1], file[2])
end
