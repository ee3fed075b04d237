-- The call by hand with luasocket.

local by_hand = require "bench.peers.by_hand"
local cjson = require "cjson"
local socket = require "socket"

local M = {}

--- Returns the length of the body that the head of the reply names.
local function read_head(connection)
  local length
  repeat
    local line = assert(connection:receive "*l")
    length = tonumber(line:match "^[Cc]ontent%-[Ll]ength: *(%d+)") or length
  until line == ""
  return length
end

--- Returns a function that makes a call over one connection: it takes the parameters, and returns the decoded reply.
function M.connect(host, port)
  local connection = assert(socket.connect(host, port))
  connection:setoption("tcp-nodelay", true)
  local authority = host .. ":" .. port
  return function(params)
    local target, headers = by_hand.sign(params, authority)
    local lines = { "POST " .. target .. " HTTP/1.1" }
    for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
    lines[#lines + 1] = "accept: application/json\r\ncontent-length: 0\r\n\r\n"
    assert(connection:send(table.concat(lines, "\r\n")))
    local body = assert(connection:receive(read_head(connection)))
    return cjson.decode(body)
  end
end

return M
