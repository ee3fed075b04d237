-- A server on this machine that sends the same short reply to each request, and a client that calls it.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local floor = require "floor"
local measure = require "bench.measure"
local script = require "bench.script"
local web = require "spec.support.web"

local M = {}

M.PARAMS = { ProjectId = 10000, TaskType = "DI_REALTIME", TaskParam = script }

M.ID, M.SECRET = "LTAI5tExampleExampleExam", "a-secret-of-thirty-characters-"

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
    endpoint = ("http://127.0.0.1:%d"):format(port), access_key_id = M.ID, access_key_secret = M.SECRET,
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

--- Returns the texts that OpenSSL reads for a signed request.
---@return string body, string canonical_request, string string_to_sign, string secret
function M.signed_texts(signed)
  local query = {}
  for name, value in signed.url:match "%?(.*)$":gmatch "([^&=]+)=([^&]*)" do
    query[name] = value:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  end
  local stages = assert(core.sign {
    method = signed.method, headers = signed.headers, body = signed.body, query = query, access_key_secret = M.SECRET,
    access_key_id = M.ID,
  })
  assert(stages.authorization == signed.headers.authorization, "the floor must do the work of this request")
  return signed.body, stages.canonical_request, stages.string_to_sign, M.SECRET
end

--- Returns OpenSSL's part of the work for a signed request.
---@return bench.Side
function M.openssl(signed)
  local body, canonical_request, string_to_sign, secret = M.signed_texts(signed)
  return function(count) return floor.openssl(body, canonical_request, string_to_sign, secret, count) end
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
