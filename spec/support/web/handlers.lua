-- The handlers of the web server of spec.support.web. The first part of a request's path is the name of its handler. A
-- handler takes the rest of the path. This module runs inside nginx.
-- luacheck: std min+ngx_lua

local M = {}
local handlers = {}

-- Adds one to a counter.
local function count(name)
  ngx.shared.counts:incr(name, 1, 0)
end

-- Returns the socket of the connection. Handlers that send an invalid reply write to this socket.
local function raw()
  ngx.req.read_body()
  return assert(ngx.req.socket(true))
end

-- Resets the connection. In nginx, the status 444 means that no reply is sent.
local function reset()
  ngx.exit(444)
end

-- Replies with the request: its first line, its headers, an empty line, and its body.
function handlers.echo()
  ngx.req.read_body()
  ngx.header["Content-Type"] = "application/octet-stream"
  ngx.print(ngx.req.raw_header(), ngx.req.get_body_data() or "")
end

-- Replies with the number of the connection, and the number of the request on this connection.
function handlers.connection()
  ngx.req.read_body()
  ngx.print(ngx.var.connection, " ", ngx.var.connection_requests)
end

-- Replies with the version of TLS and the subject of the client's certificate.
function handlers.tls()
  ngx.print(ngx.var.ssl_protocol, " ", ngx.var.ssl_client_s_dn or "nobody")
end

-- Replies with the server name that the client sent in the TLS handshake.
function handlers.sni()
  ngx.print(ngx.var.ssl_server_name or "none")
end

-- Replies with the value of a counter.
function handlers.count(name)
  ngx.print(ngx.shared.counts:get(name) or 0)
end

-- Replies with a body of this length.
function handlers.bytes(length)
  ngx.print(("x"):rep(tonumber(length)))
end

-- Replies with a body of zero bytes. nginx compresses the body if the path begins with /gzip/.
function handlers.gzip(megabytes)
  local block = ("\0"):rep(1024 * 1024)
  for _ = 1, tonumber(megabytes) do
    if not ngx.print(block) or not ngx.flush(true) then return end
  end
end

-- Replies with this HTTP status.
function handlers.status(status)
  ngx.status = tonumber(status)
  ngx.print("status ", status)
end

-- Replies with a body in three chunks.
function handlers.chunked()
  for _, piece in ipairs { "one ", "two ", "three" } do
    ngx.print(piece)
    ngx.flush(true)
  end
end

-- Replies with two headers of the same name.
function handlers.twice()
  ngx.header["X-Twice"] = { "a", "b" }
  ngx.print("twice")
end

-- Does not reply for a minute.
function handlers.never()
  count "never"
  ngx.req.read_body()
  ngx.sleep(60)
end

-- For the argument "3/name", replies after three requests with this name have arrived.
function handlers.barrier(argument)
  local expected, name = argument:match("^(%d+)/(.+)$")
  ngx.req.read_body()
  count("barrier " .. name)
  while ngx.shared.counts:get("barrier " .. name) < tonumber(expected) do
    ngx.sleep(0.005)
  end
  ngx.print(name)
end

-- Sends a part of the reply, counts it, and does not send the rest for a minute.
function handlers.half()
  ngx.header["Content-Length"] = 10
  ngx.print("half")
  ngx.flush(true)
  count "half"
  ngx.sleep(60)
end

function handlers.counted(name)
  ngx.req.read_body()
  count(name)
  ngx.print(ngx.req.get_headers()["x-a"], ngx.req.get_body_data())
end

-- Reads the whole request, counts it, and resets the connection.
function handlers.vanish()
  ngx.req.read_body()
  count "vanish"
  reset()
end

-- Sends a valid reply and closes the connection. No header of the reply announces that.
function handlers.bye()
  raw():send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbye")
end

-- The replies of the handler `raw`. Each valid reply has the header Connection: close, so that the client does not send
-- another request on the connection.
local replies = {
  nothing = "",
  bare = "HTTP/1.1 200 OK\r\n\r\n",
  truncated = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.",
  truncated_head = "HTTP/1.1 200 OK\r\nContent-Le",
  truncated_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nten bytes.",
  bad_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nten bytes.\r\n0\r\n\r\n",
  bad_gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\nten bytes.",
  bad_encoding = "HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\nContent-Length: 10\r\n\r\nten bytes.",
  more_gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 26\r\n\r\n"
    .. "\31\139\8\0\0\0\0\0\0\3\171\174\5\0\67\191\166\163\2\0\0\0more",
  announced = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nten bytes.",
  lower_case = "http/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
  no_http = "what do you mean?\r\n\r\n",
  bad_header = "HTTP/1.1 200 OK\r\nX-A: \0b\r\nContent-Length: 0\r\n\r\n",
  bad_name = "HTTP/1.1 200 OK\r\nX-\0A: b\r\nContent-Length: 0\r\n\r\n",
  early = "HTTP/1.1 103 Early Hints\r\nX-A: early\r\n\r\n"
    .. "HTTP/1.1 200 OK\r\nX-B: final\r\nConnection: close\r\n\r\n",
  early_only = "HTTP/1.1 103 Early Hints\r\nX-A: early\r\n\r\n",
  trailer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    .. "2\r\nok\r\n0\r\nX-Trailer: t\r\n\r\n",
  headers_128 = "HTTP/1.1 200 OK\r\n" .. ("X-A: b\r\n"):rep(127) .. "Connection: close\r\n\r\n",
  headers_129 = "HTTP/1.1 200 OK\r\n" .. ("X-A: b\r\n"):rep(128) .. "Content-Length: 0\r\n\r\n",
  header_64k = "HTTP/1.1 200 OK\r\nX-A: " .. ("b"):rep(64 * 1024) .. "\r\nContent-Length: 0\r\n\r\n",
  early_forever = ("HTTP/1.1 103 Early Hints\r\nX-A: " .. ("b"):rep(8000) .. "\r\n\r\n"):rep(20),
}

-- Sends one of the replies above, byte for byte.
function handlers.raw(name)
  local reply = assert(replies[name], name)
  raw():send(reply)
end

-- Reads the request at about 3 MB per second.
function handlers.sip()
  local sock = assert(ngx.req.socket())
  sock:settimeout(2000)
  while sock:receive(65536) do ngx.sleep(0.02) end
  ngx.print("sipped")
end

local STRAY = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"

local strays = {
  at_once = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" .. STRAY },
  large = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" .. STRAY:rep(2000) },
  later = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", STRAY },
  without_body = { "HTTP/1.1 204 No Content\r\nContent-Length: 43\r\n\r\n", STRAY },
  malformed = { "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n", STRAY },
  bad_gzip = { "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", STRAY },
}

-- Sends a reply, and then another reply for which there is no request, and counts that. The connection stays open.
function handlers.stray(name)
  local sock = raw()
  for i, text in ipairs(strays[name]) do
    ngx.sleep(i > 1 and 0.05 or 0)
    if not sock:send(text) then return end
  end
  count("stray_" .. name)
  sock:settimeout(2000)
  sock:receive()
end

-- Sends half of a reply, and resets the connection.
function handlers.reset()
  ngx.header["Content-Length"] = 10
  ngx.print("half")
  ngx.flush(true)
  reset()
end

-- Calls the handler that the path names.
function M.serve()
  local name, argument = ngx.var.uri:match("^/(%w+)/?(.*)$")
  handlers[name or "echo"](argument) -- The requests of the service have the path /.
end

-- Replies like the handler `echo`, with the additional header X-From: proxy.
function M.proxied()
  ngx.header["X-From"] = "proxy"
  handlers.echo()
end

-- Copies all data from one socket to another.
local function pump(from, to)
  while true do
    local data = from:receiveany(65536)
    if not data or not to:send(data) then return end
  end
end

-- Handles a CONNECT request: opens a tunnel to a port of 127.0.0.1, whatever name the request has. nginx stopped
-- reading the request after its first line, so this function reads the headers.
function M.connect(port)
  local client = assert(ngx.req.socket(true))
  local head = {}
  repeat head[#head + 1] = assert(client:receive()) until head[#head] == ""
  ngx.shared.counts:set("connect", table.concat(head, "\n"))
  local server = ngx.socket.tcp()
  assert(server:connect("127.0.0.1", port))
  client:send("HTTP/1.1 200 Connection established\r\nX-From: proxy\r\n\r\n")
  ngx.thread.wait(ngx.thread.spawn(pump, server, client), ngx.thread.spawn(pump, client, server))
  ngx.exit(ngx.OK)
end

return M
