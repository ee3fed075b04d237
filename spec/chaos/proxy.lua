-- A TCP proxy in front of the emulator. It damages requests and replies at random, and can pretend that the service restarts.

local uv = require "luv"

local M = { requests = 0 }

local BACKLOG = 128
local STALL_MS = 3000

local open = {} -- both sides of each connection
local is_down = false

local function close(handle)
  open[handle] = nil
  if not handle:is_closing() then handle:close() end
end

--- Closes with a reset.
local function reset(handle)
  open[handle] = nil
  if not handle:is_closing() and not pcall(handle.close_reset, handle) then close(handle) end
end

-- What happens at a request. Each gets the two sides, and returns how to carry the bytes of the client and of the server;
-- nil means unchanged.
local FAULTS = {
  reset_at_once = function(client)
    return function()
      reset(client)
      return true
    end
  end,
  reset_after_request = function(client)
    return nil, function()
      reset(client)
      return true
    end
  end,
  cut_reply = function(client)
    return nil, function(data)
      client:write(data:sub(1, math.random(0, #data - 1)))
      client:shutdown()
      return true
    end
  end,
  cut_request = function(client, server)
    return function(data)
      server:write(data:sub(1, math.random(1, #data)), function() reset(client) close(server) end)
      return true
    end
  end,
  stall = function(client)
    local timer = uv.new_timer()
    timer:start(STALL_MS, 0, function()
      close(timer)
      reset(client)
    end)
    return nil, function() return true end
  end,
  duplicate = function(_, server, again)
    return function(data)
      again(data)
      server:write(data)
      return true
    end
  end,
  half_close = function(client)
    return nil, function(data)
      client:write(data)
      client:shutdown()
      return true
    end
  end,
}
local NAMES = {}
for name in pairs(FAULTS) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local function carry(from, to, change)
  from:read_start(function(err, data)
    if err or not data then
      close(to)
      close(from)
    elseif not (change and change(data)) and not to:is_closing() then
      to:write(data)
    end
  end)
end

--- Sends bytes a second time, on a connection of its own. Ignores the reply.
local function sender(port)
  return function(data)
    local other = uv.new_tcp()
    other:connect("127.0.0.1", port, function(err)
      if err then return close(other) end
      other:write(data)
      other:read_start(function() close(other) end)
    end)
  end
end

--- Starts the proxy.
---@param port integer the port of the emulator
---@param rate number the share of damaged requests, from 0 to 1
---@return integer port
---@return table<string, integer> counts how often each fault has happened
function M.start(port, rate)
  local listener, counts = uv.new_tcp(), {}
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(BACKLOG, function()
    local client, server = uv.new_tcp(), uv.new_tcp()
    listener:accept(client)
    if is_down then return reset(client) end
    open[client], open[server] = true, true
    server:connect("127.0.0.1", port, function(err)
      if err then
        close(server)
        return reset(client)
      end
      local on_request, on_reply
      carry(client, server, function(data)
        M.requests = M.requests + 1
        if math.random() < rate then
          local name = NAMES[math.random(#NAMES)]
          counts[name] = (counts[name] or 0) + 1
          on_request, on_reply = FAULTS[name](client, server, sender(port))
        end
        return on_request and on_request(data)
      end)
      carry(server, client, function(data) return on_reply and on_reply(data) end)
    end)
  end))
  return listener:getsockname().port, counts
end

--- Behaves as if the service restarted: resets all connections, and each new one until the milliseconds have passed.
function M.restart(milliseconds)
  is_down = true
  local handles = {}
  for handle in pairs(open) do handles[#handles + 1] = handle end
  for _, handle in ipairs(handles) do reset(handle) end
  local timer = uv.new_timer()
  timer:start(milliseconds, 0, function()
    close(timer)
    is_down = false
  end)
end

return M
