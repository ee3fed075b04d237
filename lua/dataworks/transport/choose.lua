-- Chooses the transport: nginx's sockets inside nginx, and libcurl elsewhere. Inside nginx, a request of libcurl would
-- block all other requests of the worker.

local inside_nginx = require "dataworks.util.inside_nginx"

local M = {}

---@class dataworks.Transport
---@field send fun(self, request: userdata|table, limits: table): table|nil, table|nil
---@field sleep fun(self, seconds: number, wake_at: number|nil): "cancelled"|nil
---@field close fun(self)
---@field latch? fun(self): dataworks.Latch|nil, table|nil returns nil if no other call can run while one call waits
---@field can_wait? fun(self): true|nil, table|nil returns true if a call can wait here; else nil and the fields of an
--- error

---@class dataworks.TransportFailure
---@field kind string
---@field sent boolean|"unknown" whether the request was sent
---@field message string
---@field code? string the name of libcurl's error code
---@field advice? string
---@field path? string the option that is wrong

---@class dataworks.TransportOptions fields of dataworks.Options
---@field connect_timeout? number
---@field ca_file? string
---@field client_certificate? string
---@field client_key? string
---@field client_key_password? string
---@field min_tls? "1.2"|"1.3"
---@field max_reply_bytes? integer
---@field allow_http? boolean

local function chosen_transport()
  return inside_nginx() and require "dataworks.transport.ngx" or require "dataworks.transport.curl"
end

function M.new(options)
  return chosen_transport().new(options)
end

--- Pauses the running task, or inside nginx the running request. Elsewhere blocks the thread.
---@param seconds number
---@param wake_at? number outside nginx: see Task:sleep
function M.sleep(seconds, wake_at)
  return chosen_transport().sleep(seconds, wake_at)
end

return M
