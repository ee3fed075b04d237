-- The call by hand with lua-curl, over one connection.

local by_hand = require "bench.peers.by_hand"
local cjson = require "cjson"
local curl = require "curl"

require "bench.peers.calls"(function(host, port)
  local easy, params, authority = curl.easy_init(), by_hand.params(), host .. ":" .. port
  local parts
  easy:setopt(curl.OPT_POST, 1)
  easy:setopt(curl.OPT_POSTFIELDSIZE, 0)
  easy:setopt(curl.OPT_POSTFIELDS, "")
  easy:setopt(curl.OPT_NOSIGNAL, 1)
  easy:setopt(curl.OPT_WRITEFUNCTION, function(text, length)
    parts[#parts + 1] = text
    return length
  end)
  return function()
    local target, headers = by_hand.sign(params, authority)
    local lines = { "accept: application/json" }
    for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
    parts = {}
    easy:setopt(curl.OPT_URL, "http://" .. authority .. target)
    easy:setopt(curl.OPT_HTTPHEADER, lines)
    assert(easy:perform())
    assert(cjson.decode(table.concat(parts)).Data.ProcessId == 10)
  end
end)
