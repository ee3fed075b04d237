-- Watches the requests of a client and their replies.

local printable_request = require "dataworks.protocol.printable_request"

local M = {}

--- Returns a transport that passes everything to another one, and calls on_request and on_reply.
local function wrap(transport, on_request, on_reply)
  local wrapped = {}
  function wrapped.send(_, request, limits)
    on_request(request)
    local reply, failed = transport:send(request, limits)
    on_reply(reply, failed)
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
---@param on_request fun(request: userdata|table)
---@param on_reply fun(reply: table|nil, failed: table|nil)
function M.watch(client, on_request, on_reply)
  local caller = client._caller
  local new_transport = caller.new_transport
  caller.new_transport = function(changes)
    local transport, err = new_transport(changes)
    return transport and wrap(transport, on_request, on_reply), err
  end
end

--- Shows each request, without its secrets, and the status of its reply (-vv).
---@param client dataworks.Client
---@param say fun(line: string)
function M.show(client, say)
  M.watch(client, function(request)
    for line in printable_request.text(request):gmatch "[^\n]+" do
      say("> " .. line)
    end
  end, function(reply, failed)
    say(reply and ("< HTTP %d, %d bytes"):format(reply.status, #(reply.body or "")) or "< " .. failed.message)
  end)
end

return M
