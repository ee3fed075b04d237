-- The call by hand with lua-http, over one connection.

local by_hand = require "bench.peers.by_hand"
local cjson = require "cjson"
local http_client = require "http.client"
local http_headers = require "http.headers"

require "bench.peers.calls"(function(host, port)
  local connection = assert(http_client.connect { host = host, port = port, tls = false })
  local params = by_hand.params()
  return function()
    local target, fields = by_hand.sign(params, host .. ":" .. port)
    local headers = http_headers.new()
    headers:append(":method", "POST")
    headers:append(":scheme", "http")
    headers:append(":authority", fields.host)
    headers:append(":path", target)
    fields.host = nil
    for name, value in pairs(fields) do headers:append(name, value) end
    headers:append("accept", "application/json")
    headers:append("content-length", "0")
    local stream = assert(connection:new_stream())
    assert(stream:write_headers(headers, true))
    assert(stream:get_headers())
    local body = assert(stream:get_body_as_string())
    assert(cjson.decode(body).Data.ProcessId == 10)
  end
end)
