-- Catches a failure that a function raises as a table, from any depth. Other errors are raised again.

---@param fn fun(...): any, any
---@return any result nil: it has raised a failure
---@return any more the second result, or the failure
return function(fn, ...)
  local ok, result, more = pcall(fn, ...)
  if ok then
    return result, more
  elseif type(result) == "table" then
    return nil, result
  end
  error(result, 0)
end
