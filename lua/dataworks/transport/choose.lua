-- Picks the transport for the host program. libcurl blocks its thread, which inside nginx is a worker with all its
-- requests.

local inside_nginx = require "dataworks.util.inside_nginx"

local M = {}

---@class dataworks.Transport
---@field send fun(self, request: table, limits: table): table|nil, table|nil
---@field sleep fun(self, seconds: number): "cancelled"|nil
---@field close fun(self)
---@field latch? fun(self): dataworks.Latch|nil, table|nil nil: no other call can run while one waits
---@field can_wait? fun(self): true|nil, table|nil

---@class dataworks.TransportOptions as in dataworks.Options
---@field connect_timeout? number
---@field ca_file? string
---@field client_certificate? string
---@field client_key? string
---@field client_key_password? string
---@field min_tls? "1.2"|"1.3"
---@field max_reply_bytes? integer
---@field allow_http? boolean

local function transport()
  return inside_nginx() and require "dataworks.transport.ngx" or require "dataworks.transport.curl"
end

---@param options dataworks.TransportOptions
---@return dataworks.Transport|nil transport
---@return table|nil err
function M.new(options)
  return transport().new(options)
end

--- Pauses the running task, or the running request inside nginx; elsewhere it blocks the thread.
---@param seconds number
---@return "cancelled"|nil
function M.sleep(seconds)
  return transport().sleep(seconds)
end

return M
