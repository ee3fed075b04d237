-- Lua values for JSON's null, lists, objects whose members have an order, integers that a Lua number can't hold, and
-- values that are JSON text already.

local M = {}

M.object_mt, M.integer_mt, M.list_mt, M.written_mt = {}, {}, {}, {}

function M.integer_mt.__tostring(self)
  return self.digits
end

M.null = setmetatable({}, {})

--- Creates an object whose members keep their order. A member whose value is nil is left out.
---@param ... any a name, its value, the next name, its value, and so on
function M.object(...)
  return setmetatable({ count = select("#", ...), ... }, M.object_mt)
end

function M.integer(digits)
  return setmetatable({ digits = digits }, M.integer_mt)
end

--- Creates a value whose JSON text is known.
---@param written string
function M.written(written)
  return setmetatable({ written = written }, M.written_mt)
end

--- Marks a table as a JSON list, so that an empty table is encoded as [] and not as {}.
function M.list(items)
  return setmetatable(items, M.list_mt)
end

function M.is_list(value)
  return getmetatable(value) == M.list_mt
end

--- Returns true if the value is a decoded JSON object, and not a list, null or a long integer.
function M.is_object(value)
  return type(value) == "table" and getmetatable(value) == nil
end

return M
