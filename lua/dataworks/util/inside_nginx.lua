-- Does nginx run this Lua? There, a blocking call delays every request of the worker.

---@return boolean
return function()
  local ngx = rawget(_G, "ngx")
  return type(ngx) == "table" and type(ngx.config) == "table" and ngx.config.subsystem ~= nil
end
