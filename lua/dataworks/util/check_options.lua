-- Checks that a table has only known options, and that each option has the right type.

local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"
local nearest = lazy "dataworks.util.nearest"
local tables = require "dataworks.util.tables"

local M = {}

local NO_OPTIONS = {}

local function is_positive(value)
  return type(value) == "number" and value > 0 and value < math.huge
end

local function is_positive_integer(value)
  return is_positive(value) and value % 1 == 0
end

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

--- Returns a function that tests whether a value has one of the Lua types.
local function type_test(types)
  local allowed = tables.set_of(types)
  return function(value) return allowed[type(value)] or false end
end

--- The types that an option can have in addition to the types of Lua. Each row holds the text that follows "must be" in
--- a message, and a function that tests a value.
local TYPES = {
  seconds = { "a number of seconds above 0", is_positive },
  duration = { "a whole number of seconds above 0", is_positive_integer },
  rate = { "calls a second, above 0", is_positive },
  count = { "a whole number, 0 or more", function(value) return value == 0 or is_positive_integer(value) end },
  positive_count = { "a whole number above 0", is_positive_integer },
  size = { "a whole number of bytes above 0", is_positive_integer },
  text = { "text that isn't empty", is_text },
  state = { "the table that on_step got, or the field state of an error (decode JSON text first)", type_test "table" },
  policy = { "a table or JSON text", function(value) return type(value) == "table" or is_text(value) end },
  credentials = { "a function, a name or a table", type_test "function string table" },
  debug = { "true, false or a function that takes a line", type_test "boolean function" },
  -- The module limit.limit checks this option further.
  limit = { "calls a second, \"adaptive\" or a table", type_test "number string table" },
  transport = { "an object with the methods send, sleep and close", function(value)
    return type(value) == "table" and type(value.send) == "function" and type(value.sleep) == "function"
      and type(value.close) == "function"
  end },
}

local NUMBERS = tables.set_of "seconds duration rate count positive_count size limit number"

--- Tests a value. Returns the result of the test, and the text of the type for a message.
local function fits(value, kind)
  local named = TYPES[kind]
  if named then
    return named[2](value), named[1]
  end
  return type(value) == kind, "a " .. kind
end

--- Describes a value of a wrong type for a message. A text is never shown, and a number only as the value of an option
--- that is a number, because it may be a secret.
---@param kind? string the expected type
function M.describe(value, kind)
  if value == "" then
    return '""'
  elseif type(value) == "number" and NUMBERS[kind] then
    return tostring(value)
  elseif type(value) == "string" and NUMBERS[kind] and tonumber(value) then
    return "a string; write the number without quotes"
  elseif type(value) == "number" and kind == "text" then
    return "a number; write it in quotes"
  elseif value == nil then
    return "nil"
  end
  return "a " .. type(value)
end

--- Returns the message about an unknown name.
local function unknown_name(name, known, noun)
  if type(name) == "number" then
    return ("value %s has no name; write { name = value }. The %ss are %s"):format(tostring(name), noun,
      nearest.list(known))
  end
  return ("unknown %s %s%s The %ss are %s"):format(noun, tostring(name), nearest.hint_end(name, known), noun,
    nearest.list(known))
end

--- Finds an unknown option or an option of a wrong type.
---@param known table<string, string> the type of each option
---@param noun? string what the names stand for; default: "option"
---@return string|nil mistake a message; nil if all options are right
function M.find_mistake(known, given, noun)
  for name, value in pairs(given) do
    if not known[name] then
      return unknown_name(name, known, noun or "option")
    end
    local good, expected = fits(value, known[name])
    if not good then
      return ("%s must be %s, got %s"):format(name, expected, M.describe(value, known[name]))
    end
  end
end

--- Raises if `self` is not an object of the class, for example because a program called a method with a dot.
---@param class { __name: string } the metatable of its objects
function M.check_self(class, self, method)
  if getmetatable(self) ~= class then
    local kind = class.__name:match("^dataworks%.(%w+)$"):lower()
    misuse(("%s: call it with a colon, as in %s:%s(...)"):format(method, kind, method))
  end
end

--- Checks the options that a program gave to a function. Raises at the line of the program if there is a mistake.
---@param what string the name of the function, for the message
---@param known table<string, string> the type of each option
---@param noun? string what the names stand for; default: "option"
---@return table options the given table, or an empty table; the caller does not change it
function M.check(what, known, given, noun)
  if given == nil then
    return NO_OPTIONS
  elseif type(given) ~= "table" then
    misuse(("%s: %ss must be a table, as in { name = value }, got %s"):format(what, noun or "option",
      M.describe(given)))
  end
  local mistake = M.find_mistake(known, given, noun)
  if mistake then
    misuse(what .. ": " .. mistake)
  end
  return given
end

return M
