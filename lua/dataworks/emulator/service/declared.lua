-- Takes from a decoded value what the description of the API declares. A shape is the name of a type, a list with the
-- shape of the items, or a table with the shapes of the members; the member "*" is the shape of members with any name.

local json = require "dataworks.emulator.json"
local reply = require "dataworks.emulator.service.reply"

local M = {}

local function integer(value)
  local text = type(value) == "string" and value or json.encode(value)
  return text:find("^%-?%d+$") and json.integer(text) or nil
end

--- The functions that convert a value to a type, or return nil.
local CONVERTERS = {
  string = function(value)
    return type(value) == "string" and value or not json.is_object(value) and not json.is_list(value)
      and json.encode(value) or nil
  end,
  long = integer,
  int32 = integer,
  double = function(value) return tonumber(type(value) == "string" and value or json.encode(value)) end,
  boolean = function(value)
    local text = tostring(value):lower()
    if text == "true" or text == "false" then
      return text == "true"
    end
  end,
}

local take

local function take_list(value, shape, path)
  local taken = {}
  for i, item in ipairs(json.is_list(value) and value or reply.raise(reply.invalid(path))) do
    taken[i] = take(item, shape[1], ("%s[%d]"):format(path, i))
  end
  return json.list(taken)
end

local function take_object(value, shape, path)
  local taken = {}
  for name, member in pairs(json.is_object(value) and value or reply.raise(reply.invalid(path))) do
    local member_shape = shape[name] or shape["*"]
    taken[name] = member_shape and take(member, member_shape, path .. "." .. name)
  end
  return taken
end

function take(value, shape, path)
  if value == nil or value == json.null then
    return nil
  elseif type(shape) == "table" then
    return (shape[1] and take_list or take_object)(value, shape, path)
  end
  local converted = CONVERTERS[shape](value)
  if converted == nil then
    reply.raise(reply.invalid(("%s must be a %s"):format(path, shape)))
  end
  return converted
end

--- Returns the declared part of a decoded value. Raises a reply if a part has another type.
---@type fun(value: any, shape: any, path: string): any
M.take = take

--- Decodes a parameter. Raises a reply if its JSON does not have the shape.
---@param params table<string, string>
---@param name string
---@param shape table
---@return any value nil if there is no such parameter
function M.decode(params, name, shape)
  if not params[name] then
    return nil
  end
  local value, wrong = json.decode(params[name])
  if wrong then
    reply.raise(reply.invalid(("%s is not JSON: %s"):format(name, wrong)))
  end
  take(value, shape, name)
  return value
end

return M
