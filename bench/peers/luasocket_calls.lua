local by_hand = require "bench.peers.by_hand"
local luasocket = require "bench.peers.luasocket"

require "bench.peers.calls"(function(host, port)
  local call, params = luasocket.connect(host, port), by_hand.params()
  return function() assert(call(params).Data.ProcessId == 10) end
end)
