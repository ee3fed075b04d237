-- One call over an open connection, from the parameters to the result.

local by_hand = require "bench.peers.by_hand"
local floor = require "floor"
local loopback = require "bench.loopback"
local luasocket = require "bench.peers.luasocket"
local measure = require "bench.measure"

local COUNT = 1000

local function against_libcurl()
  return loopback.with_server(function(_, client, url, target, headers, body)
    return measure.pairs {
      ours = measure.repeated(function() assert(client:generate(loopback.PARAMS)) end), count = COUNT, goal = 1.4,
      floor = function(count) return floor.curl(url, target, headers, body, count) end,
    }
  end)
end

local function against_luasocket()
  return loopback.with_server(function(server, client)
    local call = luasocket.connect("127.0.0.1", server.ready)
    local params = by_hand.params()
    assert(call(params).Data.ProcessId == 10)
    return measure.pairs {
      ours = measure.repeated(function() assert(client:generate(loopback.PARAMS)) end), count = COUNT, goal = 0.7,
      floor = measure.repeated(function() call(params) end),
    }
  end)
end

return {
  {
    name = "blocking", ours = "client:generate over an open connection", measure = against_libcurl,
    floor = "libcurl sends the same bytes as a request target, and discards the replies",
  },
  {
    name = "blocking-luasocket", ours = "client:generate over an open connection", measure = against_luasocket,
    floor = "the same call by hand with luasocket, lua-cjson and luaossl, over an open connection",
  },
}
