-- Builds the parameters of an action from words of the command line: Name=text, Name:=JSON and Name=@FILE, and from the
-- JSON object of -d.

local core = require "dataworks.core"

local M = {}

--- Reads a file; "-" is standard input.
---@return string|nil text
---@return string|nil message
local function read(path)
  if path == "-" then
    local text, message = io.stdin:read "*a"
    return text, message and "standard input: " .. message
  end
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local text, problem = file:read "*a", nil
  file:close()
  if not text then
    problem = path .. " is a folder"
  end
  return text, problem
end
M.read = read

--- Reads a file without the byte order mark that some editors write.
---@return string|nil text
---@return string|nil message
function M.read_unmarked(path)
  local text, message = read(path)
  return text and text:gsub("^\239\187\191", "", 1), message
end

--- Decodes JSON text, and names its source in the message about a fault.
local function decode(text, source)
  local value, err = core.decode_unique(text)
  if value == nil then
    local message = err.message:gsub(" at line %d+, column.*$", "")
    return nil, ("%s:%d:%d: the text %s"):format(source, err.line, err.column, message)
  end
  return value
end

--- Adds the members of the object that -d names: @FILE, - for standard input, or JSON text.
local function add_data(params, data)
  local path = data:match "^@(.*)$" or data == "-" and "-"
  local text = data
  if path then
    local message
    text, message = read(path)
    if not text then
      return "-d: " .. message
    end
  end
  local object, message = decode(text, path == "-" and "standard input" or path or "-d")
  if object == nil then
    return message
  elseif type(object) ~= "table" or core.encode(object, true):sub(1, 1) ~= "{" then
    return "-d: the JSON text must be an object of parameters"
  end
  for name, value in pairs(object) do
    params[name] = value
  end
end

--- Converts the text of a parameter to a boolean if the action declares it so. The library checks everything else.
local function typed(row, name, text)
  for _, param in ipairs(row.params) do
    if param[1] == name and param[2] == "boolean" then
      local word = text:lower()
      if word == "true" or word == "false" then
        return word == "true"
      end
    end
  end
  return text
end

--- Adds one word. Returns a message if it is wrong.
local function add_word(params, row, word)
  local name, sign, text = word:match "^([%w%._]+)(:?=)(.*)$"
  if not name then
    return ("%s: write Name=value, Name:=JSON or Name=@FILE"):format(word)
  elseif sign == ":=" then
    local value, message = decode(text, name)
    params[name] = value
    return message
  elseif text:sub(1, 1) == "@" then
    local content, message = read(text:sub(2))
    params[name] = content
    return message and ("%s: %s"):format(name, message)
  end
  params[name] = typed(row, name, text)
end

--- Returns the parameters, or nil and messages about all wrong words.
---@param row dataworks.Action
---@param words string[]
---@param data string|nil the value of -d
---@return table|nil params
---@return string[]|nil messages
function M.build(row, words, data)
  local params, messages = {}, {}
  if data then
    messages[1] = add_data(params, data)
  end
  local seen = {}
  for _, word in ipairs(words) do
    local name = word:match "^[%w%._]+"
    local is_repeated = name and seen[name]
    seen[name or ""] = true
    messages[#messages + 1] = is_repeated and name .. ": is given twice" or add_word(params, row, word)
  end
  if #messages > 0 then
    return nil, messages
  end
  return params
end

return M
