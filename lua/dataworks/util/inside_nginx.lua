-- Is this Lua run by nginx, where whatever blocks would hold up all requests of a worker?

---@return boolean
return function()
  local ngx = rawget(_G, "ngx")
  return type(ngx) == "table" and type(ngx.config) == "table" and ngx.config.subsystem ~= nil
end
