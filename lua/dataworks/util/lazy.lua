-- A module that is loaded by its first use. For modules that most programs never need.

---@param name string of the module
---@return table
return function(name)
  return setmetatable({}, { __index = function(_, field) return require(name)[field] end })
end
