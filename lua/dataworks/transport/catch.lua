-- Calls a function. If the function raises a table, which is a failure, returns nil and the table. Raises any other
-- error again.

---@return any result nil if the function raised a failure
---@return any more the second result of the function, or the failure
return function(fn, ...)
  local ok, result, more = pcall(fn, ...)
  if ok then
    return result, more
  elseif type(result) == "table" then
    return nil, result
  end
  error(result, 0)
end
