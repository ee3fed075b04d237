-- Changes members of an object inside a JSON text, and keeps every other byte. The order, the numbers and the layout of
-- the text stay as they are. The text must be valid JSON.

local core = require "dataworks.core"
local tables = require "dataworks.util.tables"

local M = {}

-- The functions skip_... return the position after what they skip.

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

--- Returns the values of an object or a list that begins at `at`. Each item has the form { key, position of the value,
--- position after the value }.
local function list_values(text, at)
  local list, is_object = {}, text:sub(at, at) == "{"
  at = skip_blanks(text, at + 1)
  while not text:find("^[%]}]", at) do
    local key = #list + 1
    if is_object then
      local stop = skip_string(text, at)
      key = core.decode_reply(text:sub(at, stop - 1))
      at = skip_blanks(text, skip_blanks(text, stop) + 1)
    end
    local stop = skip_value(text, at)
    list[#list + 1] = { key = key, first = at, after = stop }
    at = skip_blanks(text, stop)
    at = text:sub(at, at) == "," and skip_blanks(text, at + 1) or at
  end
  return list
end

local function find_object(text, path)
  local at = skip_blanks(text, 1)
  for _, key in ipairs(path) do
    local found
    for _, value in ipairs(list_values(text, at)) do
      found = value.key == key and value.first or found
    end
    if not found then
      return nil
    end
    at = found
  end
  return text:sub(at, at) == "{" and at or nil
end

--- Returns the values as JSON texts. Writes numbers without a fraction or exponent. Returns nil if one of the values is
--- not valid UTF-8.
local function encode(values)
  local texts = {}
  for name, value in pairs(values) do
    texts[name] = type(value) == "number" and ("%.0f"):format(value) or core.encode(value)
    if not texts[name] then
      return nil
    end
  end
  return texts
end

--- Inserts members, which are JSON texts, before the first member of an object, with the layout of the first member.
local function insert(text, at, members)
  local layout, names = text:match("^[ \t\r\n]*", at + 1), tables.sorted_keys(members)
  for i = #names, 1, -1 do
    local comma = text:find("^[ \t\r\n]*}", at + 1) and "" or ","
    text = ("%s%s%s: %s%s%s"):format(text:sub(1, at), layout, core.encode(names[i]), members[names[i]], comma,
      text:sub(at + 1))
  end
  return text
end

--- Sets members of an object to strings or integers.
---@param path (string|integer)[] the keys and indexes that lead to the object
---@return string|nil text nil if there is no such object, or if a change is not valid UTF-8
function M.set(text, path, changes)
  local at, texts = find_object(text, path), encode(changes)
  if not at or not texts then
    return nil
  end
  local pieces, from, absent = {}, 1, tables.merge(texts)
  for _, member in ipairs(list_values(text, at)) do
    local change = texts[member.key]
    if change then
      absent[member.key] = nil
      pieces[#pieces + 1] = text:sub(from, member.first - 1) .. change
      from = member.after
    end
  end
  return insert(table.concat(pieces) .. text:sub(from), at, absent)
end

return M
