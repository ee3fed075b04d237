-- Picks the transport for the host program: libcurl blocks the thread that it runs on, which inside nginx is a whole
-- worker with all its requests.

local inside_nginx = require "dataworks.util.inside_nginx"

local M = {}

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
    return require("dataworks.transport.ngx").new(options)
  end
  return require("dataworks.transport.curl").new(options)
end

return M
