-- Changes members of an object inside a JSON text, and leaves every other byte of it as it is: order, numbers and
-- layout belong to whoever wrote the file. The text must be valid JSON.

local core = require "dataworks.core"
local response = require "dataworks.protocol.response"

local M = {}

local function skip_blanks(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local function skip_string(text, at)
  repeat
    at = text:find('["\\]', at + 1)
    local escaped = text:sub(at, at) == "\\"
    at = escaped and at + 1 or at
  until not escaped
  return at + 1
end

--- Where a value ends: the place behind it.
local function skip_value(text, at)
  local depth = 0
  repeat
    local byte = text:sub(at, at)
    if byte == '"' then
      at = skip_string(text, at)
    elseif byte == "{" or byte == "[" then
      depth, at = depth + 1, at + 1
    elseif byte == "}" or byte == "]" then
      depth, at = depth - 1, at + 1
    elseif byte == "," or byte == ":" then
      at = at + 1
    else
      at = text:find("[%s,:%]}]", at) or #text + 1
    end
    at = depth > 0 and skip_blanks(text, at) or at
  until depth == 0
  return at
end

--- The values of an object or a list that begins at `at`: {key or index, first byte, place behind}.
local function values(text, at)
  local list, is_object = {}, text:sub(at, at) == "{"
  at = skip_blanks(text, at + 1)
  while not text:find("^[%]}]", at) do
    local key = #list + 1
    if is_object then
      local stop = skip_string(text, at)
      key = response.decode("[" .. text:sub(at, stop - 1) .. "]")[1]
      at = skip_blanks(text, skip_blanks(text, stop) + 1)
    end
    local stop = skip_value(text, at)
    list[#list + 1] = { key, at, stop }
    at = skip_blanks(text, stop)
    at = text:sub(at, at) == "," and skip_blanks(text, at + 1) or at
  end
  return list
end

local function find(text, path)
  local at = skip_blanks(text, 1)
  for _, key in ipairs(path) do
    local found
    for _, value in ipairs(values(text, at)) do
      found = value[1] == key and value[2] or found
    end
    if not found then
      return nil
    end
    at = found
  end
  return text:sub(at, at) == "{" and at or nil
end

local function literal(value)
  return type(value) == "number" and ("%.0f"):format(value) or core.encode(value)
end

--- New members come first, laid out like the one that was first before.
local function insert(text, at, names, changes)
  local layout = text:match("^[ \t\r\n]*", at + 1)
  for i = #names, 1, -1 do
    local comma = text:find("^[ \t\r\n]*}", at + 1) and "" or ","
    text = ("%s%s%s: %s%s%s"):format(text:sub(1, at), layout, core.encode(names[i]), literal(changes[names[i]]), comma,
      text:sub(at + 1))
  end
  return text
end

--- Sets members to texts or whole numbers.
---@param text string
---@param path (string|integer)[] the way to the object
---@param changes table<string, string|number>
---@return string|nil text nil when there is no such object
function M.set(text, path, changes)
  local at = find(text, path)
  if not at then
    return nil
  end
  local members, present = values(text, at), {}
  for i = #members, 1, -1 do
    local key, first, behind = members[i][1], members[i][2], members[i][3]
    if changes[key] ~= nil then
      present[key] = true
      text = text:sub(1, first - 1) .. literal(changes[key]) .. text:sub(behind)
    end
  end
  local names = {}
  for name in pairs(changes) do
    names[#names + 1] = not present[name] and name or nil
  end
  table.sort(names)
  return insert(text, at, names, changes)
end

return M
