-- Does nginx run this Lua? There, a blocking call delays every request of the worker.

---@return boolean
---@return string block of nginx's configuration for the running module: "http block", "stream block"
return function()
  local ngx = rawget(_G, "ngx")
  local subsystem = type(ngx) == "table" and type(ngx.config) == "table" and ngx.config.subsystem
  return type(subsystem) == "string", ("%s block"):format(subsystem or "http")
end
