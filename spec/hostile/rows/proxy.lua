-- Hostile proxies. The service's name, service.test, is never looked up: the proxy gets it.

local wire = require "spec.hostile.wire"

local OK = wire.reply()
local NO_SOCKS = { "invalid", false, "inside nginx only http:// proxies are supported" }
local OPEN = "HTTP/1.1 200 Connection established\r\n\r\n"
local GREETED = { "read", 3 }

local function tunnel(...) return { "request", { "send", OPEN }, ... } end

local function socks(...) return { GREETED, { "send", "\5\0" }, ... } end

local function http(list)
  for _, row in ipairs(list) do row.proxy, row.tls = "http", true end
  return list
end

local rows = http {
  { "opens a tunnel to a good service", tunnel({ "tls", { certificate = "good" } }, "request", { "send", OK }), "ok" },
  { "closes at once", {}, "transport", false },
  { "resets at once", { "reset" }, "transport", false },
  { "refuses connections", { "refused" }, "transport", false },
  { "accepts no connection", { "unaccepted" }, "timeout", false },
  { "says nothing", { "request", "hold" }, "timeout", false },
  { "closes after CONNECT", { "request" }, "transport", false },
  { "resets after CONNECT", { "request", "reset" }, "transport", false },
  { "answers 400", { "request", { "send", wire.reply("", "400 Bad Request") } }, "transport", false },
  { "answers 401", { "request", { "send", wire.reply("", "401 Unauthorized") } }, "transport", false },
  { "answers 403 with a page", { "request", { "send", wire.reply("<html>no</html>", "403 Forbidden") } }, "transport", false },
  { "answers 407", { "request", { "send", wire.reply("", "407 Auth", "Proxy-Authenticate: Basic realm=x\r\n") } }, "transport", false },
  { "answers 407 with an unknown scheme", { "request", { "send", wire.reply("", "407 Auth", "Proxy-Authenticate: Xyz\r\n") } }, "transport", false },
  { "answers 502", { "request", { "send", wire.reply("", "502 Bad Gateway") } }, "transport", false },
  { "cannot resolve the name", { "request", { "send", wire.reply("<html>dns</html>", "503 DNS failure") } }, "transport", false },
  { "answers 504", { "request", { "send", wire.reply("", "504 Timeout") } }, "transport", false },
  { "redirects", { "request", { "send", wire.reply("", "302 Found", "Location: http://login.test/\r\n") } }, "transport", false },
  { "answers 199 and closes", { "request", { "send", "HTTP/1.1 199 X\r\n\r\n" } }, "transport", false },
  { "answers 204", { "request", { "send", "HTTP/1.1 204 No Content\r\n\r\n" } }, "transport", false },
  { "sends no HTTP", { "request", { "send", "garbage\r\n\r\n" } }, "transport", false },
  { "greets as SSH", { { "send", "SSH-2.0-OpenSSH_9.2\r\n" }, "request" }, "transport", false },
  { "stops within the status line", { "request", { "send", "HTTP/1.1 2" }, "hold" }, "timeout", false },
  { "stops within the headers", { "request", { "send", "HTTP/1.1 200 OK\r\nX: y\r\n" }, "hold" }, "timeout", false },
  { "closes within the headers", { "request", { "send", "HTTP/1.1 200 OK\r\nX: y\r\n" } }, "transport", false },
  { "sends headers drop by drop", { "request", { "drip", "HTTP/1.1 200 OK\r\n" .. ("X: y\r\n"):rep(99), 0.1 } }, "timeout", false },
  { "never ends the headers", { "request", { "send", "HTTP/1.1 200 OK\r\n" }, { "forever", "X: y\r\n" } }, "transport", false },
  { "never ends a header", { "request", { "send", "HTTP/1.1 200 OK\r\nX: " }, { "forever", ("y"):rep(1000) } }, "transport", false },
  { "never ends the page of a refusal", { "request", { "send", "HTTP/1.1 403 Forbidden\r\n\r\n" }, { "forever", ("y"):rep(1000) } }, "transport", false },
  { "stops within the page of a refusal", { "request", { "send", "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\n" }, "hold" }, "transport", false },
  { "opens a tunnel and closes it", tunnel(), "transport", false },
  { "opens a tunnel and resets it", tunnel({ "pause", 1 }, "reset"), "transport", false },
  { "opens a tunnel to nothing", tunnel "hold", "timeout", false },
  { "opens a tunnel to plain HTTP", tunnel({ "read", 5 }, { "send", OK }), "transport", false },
  { "opens a tunnel and sends bytes of its own", { "request", { "send", OPEN .. "hello" } }, "transport", false },
  { "sends bytes of its own before a good service", { "request", { "send", OPEN .. "hello" }, { "tls", { certificate = "good" } },
    "request", { "send", OK } }, "transport", false },
  { "opens a tunnel to a stranger", tunnel { "tls", { certificate = "self_signed" } }, "transport", false },
  { "opens a tunnel to another name", tunnel { "tls", { certificate = "other_name" } }, "transport", false },
  { "opens a tunnel to a silent service", tunnel({ "tls", { certificate = "good" } }, "request", "hold"), "timeout", "unknown" },
  { "opens a tunnel that breaks within the reply", tunnel({ "tls", { certificate = "good" } }, "request",
    { "send", wire.head("Content-Length: 99\r\n", "{") }, { "pause", 1 }, "reset"), "transport", true },
  { "opens a tunnel with a Content-Length", { "request", { "send", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
    { "tls", { certificate = "good" } }, "request", { "send", OK } }, "ok" },
}

-- Proxies of plain HTTP: the whole request goes to the proxy.
for _, row in ipairs {
  { "answers 407 to a plain request", { "request", { "send", wire.reply("", "407 Auth") } }, "transport", false },
  { "answers 502 to a plain request", { "request", { "send", wire.reply("<html>no</html>", "502 Bad Gateway") } }, "protocol", true },
  { "closes after a plain request", { "request" }, "transport", "unknown" },
  { "says nothing to a plain request", { "request", "hold" }, "timeout", "unknown" },
  { "passes a plain request on", { "request", { "send", OK } }, "ok" },
} do
  row.proxy = "http"
  rows[#rows + 1] = row
end

for _, row in ipairs {
  { "refuses the method of SOCKS", { GREETED, { "send", "\5\255" } }, "transport", false },
  { "answers as SOCKS 4", { GREETED, { "send", "\0\90\0\0\0\0\0\0" } }, "transport", false },
  { "closes after the greeting of SOCKS", { GREETED }, "transport", false },
  { "says nothing to the greeting of SOCKS", { GREETED, "hold" }, "timeout", false },
  { "cannot resolve the name for SOCKS", socks({ "read", 19 }, { "send", "\5\4\0\1\0\0\0\0\0\0" }), "transport", false },
  { "does not allow the service for SOCKS", socks({ "read", 19 }, { "send", "\5\2\0\1\0\0\0\0\0\0" }), "transport", false },
  { "sends an unknown type of address", socks({ "read", 19 }, { "send", "\5\0\0\99\0\0\0\0\0\0" }), "transport", false },
  { "stops within the reply of SOCKS", socks({ "read", 19 }, { "send", "\5\0" }, "hold"), "timeout", false },
  { "closes within the reply of SOCKS", socks({ "read", 19 }, { "send", "\5\0" }), "transport", false },
  { "speaks HTTP to SOCKS", { GREETED, { "send", wire.reply("", "400 Bad Request") } }, "transport", false },
  { "opens a SOCKS tunnel to a good service", socks({ "read", 19 }, { "send", "\5\0\0\1\127\0\0\1\0\80" },
    { "tls", { certificate = "good" } }, "request", { "send", OK }), "ok" },
} do
  row.proxy, row.tls, row.nginx = "socks5h", true, NO_SOCKS
  rows[#rows + 1] = row
end

for _, row in ipairs {
  { "has an expired certificate of its own", { { "tls", { certificate = "expired" } } }, "transport", false },
  { "speaks plain HTTP instead of TLS", { { "read", 5 }, { "send", OPEN } }, "transport", false },
  { "says nothing to TLS", { "hold" }, "timeout", false },
} do
  row.proxy, row.tls, row.nginx = "https", true, NO_SOCKS
  rows[#rows + 1] = row
end

return rows
