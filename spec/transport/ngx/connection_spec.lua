local connection = require "dataworks.transport.ngx.connection"

local unpack = table.unpack or unpack -- luacheck: ignore 113
local OPEN = "HTTP/1.1 200 Connection established\r\n\r\n"
local REPLY = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
local BLOCK = 64 * 1024

-- With a socket and a clock of the spec, on which each operation takes one second.
describe("a connection inside nginx", function()
  local now, log, replies, failing, reused, kept, target

  local function reset()
    now, log, replies, failing, reused, kept = 0, {}, { OPEN, REPLY }, {}, 0, nil
    target = {
      scheme = "https", origin = "https://service.test:443", host = "service.test", pools = {},
      peer = { host = "127.0.0.1", port = 3128, is_name = false }, proxy = { tunnel_to = "service.test:443" },
    }
  end
  before_each(reset)

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
      getreusedtimes = function() return reused end, close = function(self) self.closed = true end,
      setkeepalive = function(_, milliseconds, count) kept = { milliseconds / 1000, count } return 1 end,
      connect = operate "connect", send = operate "send", sslhandshake = operate "handshake",
      receiveany = operate("receive", function() return table.remove(replies, 1) end),
    }
  end

  --- Opens a connection, and exchanges a request. Returns the reply or nil, the failure or nil, the socket, and the
  --- connection.
  local function exchange(deadline, request, certificate)
    local sock, opened = new_socket(), nil
    local ok, result = pcall(function()
      opened = connection.open(sock, target, certificate or false, deadline, function() return now end)
      opened:write(request or "request", deadline)
      return (opened:read(1000, deadline))
    end)
    return ok and result or nil, not ok and result or nil, sock, opened
  end

  it("sets the timeout of each step by the deadline", function()
    local reply, _, sock = exchange(10)
    assert.equal("ok", reply.body)
    assert.same({ "connect 10", "send 9", "receive 8", "handshake 7", "send 6", "receive 5" }, log)
    assert.same({ "CONNECT service.test:443 HTTP/1.1\r\nHost: service.test:443\r\n\r\n", "request" }, sock.sent)
  end)

  it("opens no tunnel and no TLS on a connection that nginx kept", function()
    reused, replies = 1, { REPLY }
    assert.equal("ok", exchange(10).body)
    assert.same({ "connect 10", "send 9", "receive 8" }, log)
  end)

  it("opens no tunnel without a proxy, or for plain http", function()
    target.proxy, replies = nil, { REPLY }
    assert.equal("ok", exchange(10).body)
    assert.same({ "connect 10", "handshake 9", "send 8", "receive 7" }, log)
    reset()
    target.scheme, target.proxy, replies = "http", { login = false }, { REPLY }
    exchange(10)
    assert.same({ "connect 10", "send 9", "receive 8" }, log)
  end)

  it("is kept for less than the 25 seconds of the service's gateway, and closed on demand", function()
    local _, _, sock, opened = exchange(10)
    assert.is_true(opened:keep())
    assert.same({ 20, 64, 64 }, { kept[1], kept[2], target.pools[""].pool_size })
    assert.is_false(sock.closed)
    opened:close()
    assert.is_true(sock.closed)
  end)

  it("begins no step after the deadline, and says whether the request was sent", function()
    for steps, sent in pairs { [0] = false, false, false, false, false, "unknown" } do
      reset()
      local _, err, sock = exchange(steps)
      assert.same({ steps, "timeout", sent, true }, { #log, err.kind, err.sent, sock.closed })
    end
  end)

  it("writes a large request block by block, each with a timeout by the deadline", function()
    local request = ("x"):rep(BLOCK) .. ("y"):rep(BLOCK) .. "z"
    local _, _, sock = exchange(20, request)
    assert.same({ "send 16", "send 15", "send 14", "receive 13" }, { unpack(log, 5, 8) })
    assert.same({ ("x"):rep(BLOCK), ("y"):rep(BLOCK), "z" }, { unpack(sock.sent, 2) })
    reset()
    local _, err = exchange(6, request)
    assert.same({ 6, "timeout", "unknown" }, { #log, err.kind, err.sent })
  end)

  it("lets other requests of the worker run after each 16 reads", function()
    local name, ngx, slept = "dataworks.transport.ngx.connection", rawget(_G, "ngx"), {}
    finally(function()
      package.loaded[name] = connection
      rawset(_G, "ngx", ngx)
    end)
    rawset(_G, "ngx", { sleep = function(seconds) slept[#slept + 1] = ("%g after %d"):format(seconds, #log) end })
    package.loaded[name] = nil
    local module = require(name)
    target.scheme, target.proxy, replies = "http", false, { "HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n" }
    for i = 2, 34 do replies[i] = "x" end
    local opened = module.open(new_socket(), target, false, 100, function() return now end)
    assert.equal(("x"):rep(33), opened:read(100, 100).body)
    assert.same({ "0 after 16", "0 after 32" }, slept)
  end)

  it("fails when the proxy refuses the tunnel, or sends bytes of its own into it", function()
    for reply, message in pairs {
      [OPEN .. "x"] = "the proxy: it sent bytes of its own into the tunnel",
      ["HTTP/1.1 300 Choices\r\n\r\n"] = "the proxy answered HTTP 300", ["HTTP/1.1 403 No\r\n\r\n"] = "the proxy answered HTTP 403",
    } do
      reset()
      replies = { reply }
      local _, err, sock = exchange(10)
      assert.same({ "transport", false, message, true, 3 }, { err.kind, err.sent, err.message:sub(1, #message), sock.closed, #log })
    end
  end)

  it("closes the socket when a step fails, and says whether the request was sent", function()
    for step, sent in pairs { false, false, false, false, false, "unknown" } do
      reset()
      failing = { [step] = "closed" }
      local _, err, sock = exchange(10)
      assert.same({ step, "transport", sent, true }, { #log, err.kind, err.sent, sock.closed })
    end
    reset()
    failing = { [6] = "closed" }
    local _, err = exchange(20, ("x"):rep(BLOCK + 1))
    assert.same({ "transport", "unknown" }, { err.kind, err.sent })
  end)

  it("needs a socket that can show the client certificate, and a valid one", function()
    local certificate = { name = "c", certificate = "cert", key = "key" }
    local _, err, sock = exchange(10, nil, certificate)
    assert.same({ "invalid", "nginx's stream module can't show a client certificate", true }, { err.kind, err.message, sock.closed })
    for result, expected in pairs { [true] = "ok", [false] = "the client certificate can't be used: nil" } do
      reset()
      sock = new_socket()
      function sock:setclientcert(cert, key)
        self.shown = cert .. key
        return result
      end
      local ok, failure = pcall(connection.open, sock, target, certificate, 10, function() return now end)
      assert.same({ expected, "certkey", not ok }, { ok and "ok" or failure.message, sock.shown, sock.closed })
    end
  end)
end)
