-- Lua values for the parts of JSON that plain tables and numbers lack: null, lists, ordered objects and long integers.

local M = {}

M.object_mt, M.integer_mt, M.list_mt = {}, {}, {}

function M.integer_mt.__tostring(self)
  return self.digits
end

M.null = setmetatable({}, {})

--- An object whose members keep their order. Members with the value nil are left out.
---@param ... any key, value, key, value
---@return table
function M.object(...)
  return setmetatable({ count = select("#", ...), ... }, M.object_mt)
end

--- An integer that may be longer than a Lua number can hold.
---@param digits string
---@return table
function M.integer(digits)
  return setmetatable({ digits = digits }, M.integer_mt)
end

--- Marks a table as a JSON list, so that an empty one is written as [].
---@param items table
---@return table
function M.list(items)
  return setmetatable(items, M.list_mt)
end

---@param value any
---@return boolean
function M.is_list(value)
  return getmetatable(value) == M.list_mt
end

--- True for a decoded JSON object: a table that is not a list, null or a long integer.
---@param value any
---@return boolean
function M.is_object(value)
  return type(value) == "table" and getmetatable(value) == nil
end

return M
