-- Finds out whether this Lua runs inside nginx, where a blocking call would delay every request of the worker.

---@return boolean inside
---@return string block the block of nginx's configuration that the running module reads: "http" or "stream"
return function()
  local ngx = rawget(_G, "ngx")
  local subsystem = type(ngx) == "table" and type(ngx.config) == "table" and ngx.config.subsystem
  return type(subsystem) == "string", subsystem or "http"
end
