-- Checks a table of options. A wrong option is a mistake of the program, and raises at its line.

local lazy = require "dataworks.util.lazy"
local misuse = require "dataworks.util.misuse"
local nearest = lazy "dataworks.util.nearest"

local M = {}

local function is_finite(value)
  return type(value) == "number" and value == value and value < math.huge
end

--- What an option can be, beside the names of Lua's types.
local TYPES = {
  seconds = { "a number of seconds above 0", function(value) return is_finite(value) and value > 0 end },
  count = { "a whole number, 0 or more", function(value)
    return is_finite(value) and value >= 0 and value % 1 == 0
  end },
  size = { "a whole number of bytes above 0", function(value)
    return is_finite(value) and value > 0 and value % 1 == 0
  end },
  text = { "text that isn't empty", function(value) return type(value) == "string" and value ~= "" end },
  duration = { "a whole number of seconds above 0", function(value)
    return is_finite(value) and value > 0 and value % 1 == 0
  end },
  policy = { "a table or JSON text", function(value)
    return type(value) == "table" or type(value) == "string" and value ~= ""
  end },
  credentials = { "a function, a name or a table", function(value)
    return type(value) == "function" or type(value) == "table" or type(value) == "string"
  end },
  debug = { "true, false or a function that takes a line", function(value)
    return type(value) == "boolean" or type(value) == "function"
  end },
  -- What is in one, dataworks.limit knows.
  limit = { "calls a second, \"adaptive\" or a table", function(value)
    return type(value) == "number" or type(value) == "string" or type(value) == "table"
  end },
  transport = { "an object with a method send", function(value)
    return type(value) == "table" and type(value.send) == "function"
  end },
}

local function fits(value, kind)
  local named = TYPES[kind]
  if named then
    return named[2](value), named[1]
  end
  return type(value) == kind, "a " .. kind
end

---@param what string whose options these are, for the message
---@param known table<string, string> what each option has to be
---@param given table|nil
---@return table given, or an empty one
function M.check(what, known, given)
  if given == nil then
    return {}
  elseif type(given) ~= "table" then
    misuse(("%s: options must be a table, got %s"):format(what, type(given)))
  end
  for name, value in pairs(given) do
    if not known[name] then
      misuse(("%s: unknown option %s%s"):format(what, tostring(name), nearest.hint(name, known)))
    end
    local good, expected = fits(value, known[name])
    if not good then
      local got = type(value) == "number" and tostring(value) or value == "" and '""' or type(value)
      misuse(("%s: %s must be %s, got %s"):format(what, name, expected, got))
    end
  end
  return given
end

return M
