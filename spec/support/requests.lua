-- Requests to the web server of the transport's specs, over one transport that tasks share.

local transports = require "dataworks.transport.choose"

local M = {}

-- Seconds: more than any request of a spec takes.
M.PATIENCE = 30

---@param count integer
---@return integer[] 1 to count
function M.numbers(count)
  local list = {}
  for i = 1, count do list[i] = i end
  return list
end

local barriers = 0

local Requests = {}
Requests.__index = Requests

---@param web table that spec.support.web has started
---@return table requests with a field transport, to be closed
function M.new(web)
  return setmetatable({ web = web, transport = transports.new { ca_file = web.ca_file } }, Requests)
end

---@param path string
---@param timeout? number
---@param transport? dataworks.Transport
---@param server? string name of a TLS server
function Requests:send(path, timeout, transport, server)
  local url = server and self.web:tls_url(server, path) or self.web:url(path)
  return (transport or self.transport):send({ method = "POST", url = url, headers = {}, body = "body" },
    { timeout = timeout or M.PATIENCE })
end

--- A path whose requests are answered when this many of them have arrived.
---@param count integer
---@return string
function Requests:barrier(count)
  barriers = barriers + 1
  return ("/barrier/%d/%d-%s"):format(count, barriers, tostring(self.transport):gsub("%W", ""))
end

return M
