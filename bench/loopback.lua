-- A server on this machine that sends the same short reply to each request, and a client that calls it.

local dataworks = require "dataworks"
local measure = require "bench.measure"
local script = require "bench.script"
local web = require "spec.support.web"

local M = {}

M.PARAMS = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script }

--- Starts the server of spec/support/web.lua on the core of the servers.
function M.start_server()
  measure.place_servers()
  local server = web.start()
  measure.place_measured()
  return server
end

--- Returns a client of a port of this machine.
---@param port integer
---@param options? table more options of dataworks.new
function M.client(port, options)
  local all = {
    endpoint = ("http://127.0.0.1:%d"):format(port), access_key_id = "LTAI5tExampleExampleExam",
    access_key_secret = "a-secret-of-thirty-characters-",
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return dataworks.new(all)
end

--- Returns a signed request as the arguments of floor.curl and floor.multi.
---@return string url, string target, string[] headers, string body
function M.bytes_of(request)
  local lines = {}
  for name, value in pairs(request.headers) do lines[#lines + 1] = name .. ": " .. value end
  local url, target = request.url:match "^(%w+://[^/]+)(/.*)$"
  return url .. "/", target, lines, request.body
end

--- Calls fn(server, client, bytes...) with a running server, and stops the server. The bytes are those of a call of
--- the documented script.
function M.with_server(fn)
  local server = M.start_server()
  local client = M.client(server.ready)
  local ok, result = pcall(function()
    return fn(server, client, M.bytes_of(assert(client:request("GenerateDISyncTaskConfigForCreating", M.PARAMS))))
  end)
  client:close()
  server:stop()
  if not ok then error(result, 0) end
  return result
end

return M
