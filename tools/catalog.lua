-- Generates the tables of actions, lua/dataworks/api/catalog/v*.lua, from descriptions of the API in JSON:
--
--   lua5.4 tools/catalog.lua lua/dataworks/api/catalog tools/api/*.json
--   lua5.4 tools/annotations.lua lua/dataworks/api/catalog/annotations.lua tools/api/*.json
--   lua5.4 tools/descriptions.lua lua/dataworks/api/catalog/descriptions tools/api/*.json
--
-- When the provider publishes new actions, change the descriptions, and run the three commands. A description has the
-- fields version, source and actions. An action has name, method, params and response, and optionally deprecated and
-- replaced_by (a version and a name). A parameter has name, type, in ("query" or "body"), and optionally required and
-- serialize ("json", or "simple" for values with commas between them). A type is a name, {array = type},
-- {object = fields} or {map = type}, as in the official IDL. The script fails if it can't represent a description.

local json = require "cjson"

local COLUMNS = 120

-- The types of a description, and their names in the tables.
local TYPES = {
  long = "long", int32 = "int32", float = "double", double = "double", string = "string", boolean = "boolean",
}

-- The actions that only read, so that a call can always be retried. Every name that these patterns match was checked by
-- hand. Some actions have a name that suggests reading, but do more, and must not match: CheckFileDeployment records a
-- result, TestDataServiceApi calls an API of the user, QueryPublicModelEngine runs a statement of the caller, and
-- TestNetworkConnection, ScanSensitiveData and DesensitizeData start work in the service.
local READS = {
  "^Get%u", "^List%u", "^Search%u", "^CheckMeta%u", "^TopTen%u", "^Dsg%a*Get%u", "^Dsg%a*Query%u", "^QueryDISync%u",
  "^QueryDefaultTemplate$", "^QueryRecognize%u", "^QuerySens%u", "^ExportDataSources$",
}

-- The lists of the actions whose reply has two. The provider's pages call the other list deprecated: it has the same
-- tasks without the type of their dependency.
local LISTS = {
  ListDownstreamTaskInstances = "PagingInfo.DownstreamTaskInstances",
  ListDownstreamTasks = "PagingInfo.DownstreamTasks",
  ListUpstreamTaskInstances = "PagingInfo.UpstreamTaskInstances",
  ListUpstreamTasks = "PagingInfo.UpstreamTasks",
}

-- The parameters that select a page.
local PAGE_PARAMETERS = { PageNumber = true, PageNum = true, PageNo = true, NextToken = true, NextPrimaryKey = true }

--- Stops the script with a message.
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

--- Fails if the value has an unknown field.
local function check_fields(what, value, known)
  for _, key in ipairs(sorted_keys(value)) do
    if not known[key] then
      fail(what, " has an unknown field: ", key)
    end
  end
end

-- Parameters

local PARAM_FIELDS = {
  name = true, type = true, ["in"] = true, required = true, serialize = true, example = true, deprecated = true,
}

--- Returns the type of a parameter, as the tables name it.
local function type_of(what, param)
  if param.serialize == "json" then
    return type(param.type) == "table" and param.type.array and "array" or "json"
  elseif param.serialize == "simple" and type(param.type) == "table" and param.type.array then
    return "comma_list"
  elseif param.serialize ~= nil then
    fail(what, " has an unknown serialization: ", param.serialize)
  elseif type(param.type) == "table" and (param.type.array or param.type.object or param.type.map) then
    return "list"
  end
  return TYPES[param.type] or fail(what, " has an unknown type: ", json.encode(param.type))
end

local function check_location(what, action, param)
  if param["in"] ~= "query" and param["in"] ~= "body" then
    fail(what, " has an unknown location: ", tostring(param["in"]))
  elseif param["in"] == "body" and action.method == "GET" then
    fail(what, " is in the body of a GET request")
  end
end

--- Returns the words of the table for the parameters of each location, and the set of all names.
local function parse_params(action)
  local words = { query = {}, body = {} }
  local seen = {}
  table.sort(action.params, function(a, b) return a.name < b.name end)
  for _, param in ipairs(action.params) do
    local what = action.name .. "." .. param.name
    check_fields(what, param, PARAM_FIELDS)
    check_location(what, action, param)
    if not param.name:find("^%a%w*$") or seen[param.name] then
      fail(what, " is malformed or listed twice")
    end
    seen[param.name] = true
    local kind = type_of(what, param)
    local list = words[param["in"]]
    list[#list + 1] = param.name .. (kind == "string" and "" or ":" .. kind) .. (param.required and "!" or "")
  end
  return words, seen
end

-- Replies

--- Returns the field with this name; nil if there is none.
local function field(fields, name)
  for _, one in ipairs(fields) do
    if one.name == name then
      return one
    end
  end
end

--- Returns the fields of a field whose type is an object; nil for any other type.
local function object_of(one)
  return one and type(one.type) == "table" and one.type.object or nil
end

--- Does the Status in the reply say whether the call succeeded? It does if a Message stands next to it in Data, or if
--- it is a boolean.
local function has_outcome(response)
  local data = object_of(field(response, "Data"))
  local status = field(response, "Status")
  return data and field(data, "Status") and field(data, "Message") or status and status.type == "boolean"
end

--- Adds the paths of all lists in a reply to `found`. Lists inside of lists are ignored.
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

--- Says when a call of the action can be retried.
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

--- Does an object in the reply name the token of a next page that no parameter takes?
local function has_unused_token(fields, params)
  for _, one in ipairs(fields) do
    if one.name == "NextToken" and not params.NextToken
      or object_of(one) and has_unused_token(object_of(one), params) then
      return true
    end
  end
  return false
end

--- Returns the path of the list that an action returns, page after page or in one reply. Returns nil if the reply has
--- no list, or several.
local function list_of(action, params)
  local lists = lists_in(action.response, "", {})
  if LISTS[action.name] then
    for _, path in ipairs(lists) do
      if path == LISTS[action.name] then
        return path
      end
    end
  elseif has_unused_token(action.response, params) then
    return nil
  end
  local wanted = action.name:find("^List%u") ~= nil
  for name in pairs(params) do
    wanted = wanted or PAGE_PARAMETERS[name]
  end
  return wanted and #lists == 1 and lists[1] or nil
end

-- Actions

local ACTION_FIELDS = {
  name = true, method = true, params = true, response = true, di = true, reqBodyType = true, bodyType = true,
  deprecated = true, replaced_by = true,
}

local function check_action(name, action)
  check_fields(name, action, ACTION_FIELDS)
  if action.name ~= name or not name:find("^%u%w*$") then
    fail(name, " is malformed as the name of an action")
  elseif action.method ~= "GET" and action.method ~= "POST" and action.method ~= "PUT" then
    fail(name, " has an unknown method: ", tostring(action.method))
  elseif (action.reqBodyType or "formData") ~= "formData" or (action.bodyType or "json") ~= "json" then
    fail(name, " has a body other than a form, or a reply other than JSON")
  end
end

--- Adds the words to the lines. The first line begins with the mark, and no line is longer than COLUMNS.
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
  local words, params = parse_params(action)
  local head = { name, action.method, repeatable(name, params) }
  head[#head + 1] = has_outcome(action.response) and "outcome" or nil
  local list = list_of(action, params)
  head[#head + 1] = list and "list=" .. list
  lines[#lines + 1] = table.concat(head, " ")
  add_words(lines, "?", words.query)
  add_words(lines, "&", words.body)
end

local HEADER = [=[
-- The actions of version %s. Generated by tools/catalog.lua from:
-- %s
--
-- The first line of an action has its name, its HTTP method, and a word that says when a call can be retried. The word
-- "outcome" follows if Status says whether the call succeeded. The text list= follows with the path of the list, if the
-- reply has exactly one list. The next lines have the parameters, as Name:type. "?" begins the parameters of the query,
-- and "&" begins the parameters of the form. A parameter without a type is a string. "!" marks a required parameter.

return [[

%s
]]
]=]

--- Breaks a comment into lines of about 80 characters.
local function wrap_comment(text)
  return (text:gsub("%s+", " "):gsub("(" .. ("."):rep(80) .. "[^ ]*) ", "%1\n-- "))
end

--- Returns the text of a table.
local function generate(description)
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
  made[#made + 1] = { ("%s/v%s.lua"):format(folder, (description.version:gsub("%D", ""))), generate(description) }
end
for _, file in ipairs(made) do
  write(file[1], file[2])
end
