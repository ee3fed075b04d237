-- Delays the loading of modules that most programs never need. A module is loaded when it is first used.

--- Returns a table that stands for a module, or a function that stands for a function of the module. The first use
--- loads the module.
---@param name string the name of the module
---@param field? string the name of a function in the module
return function(name, field)
  if field then
    return function(...) return require(name)[field](...) end
  end
  return setmetatable({}, { __index = function(_, member) return require(name)[member] end })
end
