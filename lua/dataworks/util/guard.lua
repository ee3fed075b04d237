-- Calls a callback of the program. An error that it raises stops the operation.

---@param name string of the option, for the message
---@param callback fun(value: table)|nil
---@param value table
---@return true|nil
---@return table|nil err fields of an error of kind "cancelled"
return function(name, callback, value)
  if not callback then
    return true
  end
  local ok, message = pcall(callback, value)
  if ok then
    return true
  end
  return nil, { kind = "cancelled", message = ("%s raised: %s"):format(name, tostring(message)) }
end
