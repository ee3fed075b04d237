-- Checks a table of options against the types that they must have.

local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"
local nearest = lazy "dataworks.util.nearest"
local tables = require "dataworks.util.tables"

local M = {}

local function is_positive(value)
  return type(value) == "number" and value > 0 and value < math.huge
end

local function is_positive_integer(value)
  return is_positive(value) and value % 1 == 0
end

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

local function is_any_of(types)
  local allowed = tables.set_of(types)
  return function(value) return allowed[type(value)] or false end
end

--- Types of options beside the types of Lua: what the message says was expected, and a test.
local TYPES = {
  seconds = { "a number of seconds above 0", is_positive },
  duration = { "a whole number of seconds above 0", is_positive_integer },
  rate = { "calls a second, above 0", is_positive },
  count = { "a whole number, 0 or more", function(value) return value == 0 or is_positive_integer(value) end },
  positive_count = { "a whole number above 0", is_positive_integer },
  size = { "a whole number of bytes above 0", is_positive_integer },
  text = { "text that isn't empty", is_text },
  policy = { "a table or JSON text", function(value) return type(value) == "table" or is_text(value) end },
  credentials = { "a function, a name or a table", is_any_of "function string table" },
  debug = { "true, false or a function that takes a line", is_any_of "boolean function" },
  -- dataworks.limit checks the rest.
  limit = { "calls a second, \"adaptive\" or a table", is_any_of "number string table" },
  transport = { "an object with the methods send, sleep and close", function(value)
    return type(value) == "table" and type(value.send) == "function" and type(value.sleep) == "function"
      and type(value.close) == "function"
  end },
}

local function fits(value, kind)
  local named = TYPES[kind]
  if named then
    return named[2](value), named[1]
  end
  return type(value) == kind, "a " .. kind
end

---@param known table<string, string> the type of each option
---@param given table
---@return string|nil mistake the first that is found
function M.find_mistake(known, given)
  for name, value in pairs(given) do
    if not known[name] then
      return ("unknown option %s%s"):format(tostring(name), nearest.hint(name, known))
    end
    local good, expected = fits(value, known[name])
    if not good then
      local got = type(value) == "number" and tostring(value) or value == "" and '""' or type(value)
      return ("%s must be %s, got %s"):format(name, expected, got)
    end
  end
end

--- Raises unless `self` is an object of a class, as when a method is called with a dot.
---@param class { __name: string } the metatable of its objects
---@param self any
---@param method string
function M.check_self(class, self, method)
  if getmetatable(self) ~= class then
    local kind = class.__name:match("^dataworks%.(%w+)$"):lower()
    misuse(("%s: call it as a method of a %s, %s:%s()"):format(method, kind, kind, method))
  end
end

--- A mistake raises at the caller's line.
---@param what string the function whose options these are, for the message
---@param known table<string, string> the type of each option
---@param given table|nil
---@return table given, or an empty table
function M.check(what, known, given)
  if given ~= nil and type(given) ~= "table" then
    misuse(("%s: options must be a table, got %s"):format(what, type(given)))
  end
  given = given or {}
  local mistake = M.find_mistake(known, given)
  if mistake then
    misuse(what .. ": " .. mistake)
  end
  return given
end

return M
