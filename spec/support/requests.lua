-- Sends requests to the web server of spec.support.web. The requests share one transport.

local core = require "dataworks.core"
local transports = require "dataworks.transport.choose"

local M = {}

--- A timeout in seconds. No request of a spec takes so long.
M.PATIENCE = 30

--- Returns the list of the integers from 1 to `count`.
---@param count integer
---@return integer[]
function M.numbers(count)
  local list = {}
  for i = 1, count do list[i] = i end
  return list
end

local barriers = 0

local Requests = {}
Requests.__index = Requests

--- Creates the object that sends requests. Close its field `transport` at the end.
---@param web table the web server, a result of spec.support.web.start
---@return table requests
function M.new(web)
  return setmetatable({ web = web, transport = transports.new { ca_file = web.ca_file } }, Requests)
end

--- Sends a request and returns the results of the transport.
---@param path string
---@param timeout? number
---@param transport? dataworks.Transport the transport to use instead of the shared one
---@param server? string the name of a TLS server; without it, the request is not encrypted
function Requests:send(path, timeout, transport, server)
  local url = server and self.web:tls_url(server, path) or self.web:url(path)
  return (transport or self.transport):send({ method = "POST", url = url, headers = {}, body = "body" },
    { timeout = timeout or M.PATIENCE })
end

--- Returns a counter of the server.
---@param name string
---@return integer
function Requests:count(name)
  return tonumber((assert(self:send("/count/" .. name)).body))
end

--- Waits until a counter of the server is above `before`.
---@param name string
---@param before integer
function Requests:await_count(name, before)
  local deadline = core.clock() + M.PATIENCE
  repeat assert(core.clock() < deadline, name) until self:count(name) > before
end

--- Returns a new path. The server answers its requests only after `count` requests for this path have arrived.
---@param count integer
---@return string
function Requests:barrier(count)
  barriers = barriers + 1
  return ("/barrier/%d/%d-%s"):format(count, barriers, tostring(self.transport):gsub("%W", ""))
end

return M
