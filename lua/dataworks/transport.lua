-- Picks the transport for the host program.

local M = {}

-- libcurl blocks the thread it runs on: inside nginx that is a whole worker with all its requests.
local function inside_nginx()
  local ngx = rawget(_G, "ngx")
  return type(ngx) == "table" and type(ngx.config) == "table" and ngx.config.subsystem ~= nil
end

---@class dataworks.Transport
---@field send fun(self, request: table, limits: table): table|nil, table|nil
---@field sleep fun(self, seconds: number)
---@field close fun(self)

---@class dataworks.TransportOptions as in dataworks.Options
---@field connect_timeout? number
---@field ca_file? string
---@field client_certificate? string
---@field client_key? string
---@field client_key_password? string
---@field min_tls? "1.2"|"1.3"
---@field max_reply_bytes? integer
---@field allow_http? boolean

---@param options dataworks.TransportOptions
---@return dataworks.Transport|nil transport
---@return table|nil err
function M.new(options)
  if inside_nginx() then
    return nil, {
      kind = "transport",
      sent = false,
      message = "no transport for use inside nginx: libcurl would block the worker",
      advice = "hand in a transport of your own, or call from a process outside nginx",
    }
  end
  return require("dataworks.transport.curl").new(options)
end

return M
