local connection = require "dataworks.transport.ngx.connection"
local unpack = table.unpack or unpack -- luacheck: ignore 113

local OPEN = "HTTP/1.1 200 Connection established\r\n\r\n"
local REPLY = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
local TARGET = {
  scheme = "https", origin = "https://service.test:443", host = "service.test", pools = {},
  peer = { host = "127.0.0.1", port = 3128, is_name = false }, proxy = { tunnel_to = "service.test:443" },
}

-- With a socket and a clock of the spec, on which each operation takes one second.
describe("a connection inside nginx", function()
  local now, log, replies, failing

  --- Does an operation of the socket: notes its name and the timeout in seconds.
  local function operate(name, result)
    return function(self, data)
      log[#log + 1] = ("%s %g"):format(name, self.timeout / 1000)
      now = now + 1
      if failing[#log] then return nil, failing[#log] end
      if name == "send" then self.sent[#self.sent + 1] = data end
      return result and result() or 1
    end
  end

  local function new_socket()
    return {
      sent = {}, closed = false, settimeout = function(self, timeout) self.timeout = timeout end,
      getreusedtimes = function() return 0 end, close = function(self) self.closed = true end,
      connect = operate "connect", send = operate "send", sslhandshake = operate "handshake",
      receiveany = operate("receive", function() return table.remove(replies, 1) end),
    }
  end

  before_each(function() now, log, replies, failing = 0, {}, { OPEN, REPLY }, {} end)

  --- Opens a connection through a proxy, and exchanges a request. Returns the reply, or nil and the failure, and the socket.
  local function exchange(deadline, request)
    local sock = new_socket()
    local ok, result = pcall(function()
      local opened = connection.open(sock, TARGET, false, deadline, function() return now end)
      opened:write(request or "request", deadline)
      return (opened:read(1000, deadline))
    end)
    if ok then return result, nil, sock end
    return nil, result, sock
  end

  it("sets the timeout of each step by the deadline", function()
    local reply, _, sock = exchange(10)
    assert.equal("ok", reply.body)
    assert.same({ "connect 10", "send 9", "receive 8", "handshake 7", "send 6", "receive 5" }, log)
    assert.is_false(sock.closed)
  end)

  it("begins no step after the deadline, and says whether the request was sent", function()
    for steps, sent in pairs { [0] = false, false, false, false, false, "unknown" } do
      now, log, replies = 0, {}, { OPEN, REPLY }
      local _, err, sock = exchange(steps)
      assert.same({ steps, "timeout", sent, true }, { #log, err.kind, err.sent, sock.closed })
    end
  end)

  it("writes a large request block by block, each with a timeout by the deadline", function()
    local request = ("x"):rep(100000) .. ("y"):rep(100000)
    local _, _, sock = exchange(20, request)
    assert.same({ "send 16", "send 15", "send 14", "send 13" }, { unpack(log, 5, 8) })
    assert.equal(request, table.concat(sock.sent, "", 2))
    now, log, replies = 0, {}, { OPEN, REPLY }
    local _, err = exchange(6, request)
    assert.same({ 6, "timeout", "unknown" }, { #log, err.kind, err.sent })
  end)

  it("fails when the proxy sends bytes of its own into the tunnel", function()
    replies = { OPEN .. "x" }
    local _, err, sock = exchange(10)
    assert.same({ "transport", false, "the proxy: it sent bytes of its own into the tunnel", true, 3 },
      { err.kind, err.sent, err.message, sock.closed, #log })
  end)

  it("closes the socket when a step fails, and says whether the request was sent", function()
    for step, sent in pairs { false, false, false, false, false, "unknown" } do
      now, log, replies, failing = 0, {}, { OPEN, REPLY }, { [step] = "closed" }
      local _, err, sock = exchange(10)
      assert.same({ step, "transport", sent, true }, { #log, err.kind, err.sent, sock.closed })
    end
    now, log, replies, failing = 0, {}, { OPEN, REPLY }, { [6] = "closed" }
    local _, err = exchange(20, ("x"):rep(100000))
    assert.same({ "transport", "unknown" }, { err.kind, err.sent })
  end)
end)
