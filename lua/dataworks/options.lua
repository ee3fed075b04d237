-- Checks tables of options: what is unknown or of the wrong type is misuse.

local nearest = require "dataworks.nearest"

local M = {}

local function positive(value)
  return type(value) == "number" and value > 0 and value < math.huge
end

local function count(value)
  return type(value) == "number" and value >= 0 and value < math.huge and value % 1 == 0
end

local CHECKS = {
  seconds = { positive, "a positive number of seconds" },
  count = { count, "a whole number, 0 or more" },
  bytes = { function(value) return count(value) and value > 0 end, "a whole number of bytes" },
  transport = {
    function(value) return type(value) == "table" and type(value.send) == "function" end,
    "a table with a method send",
  },
}

---@param options table
---@param known table<string, string> name to Lua type, or to a name of CHECKS
---@return string|nil message what is wrong
function M.wrong(options, known)
  for name, value in pairs(options) do
    local wanted = known[name]
    if not wanted then return ("unknown option %s%s"):format(tostring(name), nearest.hint(name, known)) end
    local check = CHECKS[wanted]
    if check and not check[1](value) then return ("option %s: expected %s"):format(name, check[2]) end
    if not check and type(value) ~= wanted then
      return ("option %s: expected a %s, got %s"):format(name, wanted, type(value))
    end
  end
end

return M
