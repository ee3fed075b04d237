-- A module, or a function of it, that is loaded by its first use. For modules that most programs never need.

---@param name string of the module
---@param field? string of a function in it
---@return table|function
return function(name, field)
  if field then
    return function(...) return require(name)[field](...) end
  end
  return setmetatable({}, { __index = function(_, member) return require(name)[member] end })
end
