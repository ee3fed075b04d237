-- A module that is loaded by its first use: most programs never come to the words of a mistake.

---@param name string of the module
---@return table
return function(name)
  return setmetatable({}, { __index = function(_, field) return require(name)[field] end })
end
