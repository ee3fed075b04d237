-- Shows each request of a client, without its secrets, and the status of its reply (-vv).

local printable_request = require "dataworks.protocol.printable_request"

local M = {}

--- Returns a transport that passes everything to another one.
local function wrap(transport, say)
  local wrapped = {}
  function wrapped.send(_, request, limits)
    for line in tostring(printable_request.wrap(request)):gmatch "[^\n]+" do
      say("> " .. line)
    end
    local reply, failed = transport:send(request, limits)
    say(reply and ("< HTTP %d, %d bytes"):format(reply.status, #(reply.body or "")) or "< " .. failed.message)
    return reply, failed
  end
  return setmetatable(wrapped, {
    __index = function(_, name)
      local method = transport[name]
      return method and function(_, ...) return method(transport, ...) end
    end,
  })
end

---@param client dataworks.Client
---@param say fun(line: string)
function M.add(client, say)
  local caller = client._caller
  local new_transport = caller.new_transport
  caller.new_transport = function(changes)
    local transport, err = new_transport(changes)
    return transport and wrap(transport, say), err
  end
end

return M
