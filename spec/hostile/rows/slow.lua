-- Servers that are slow, or never end. A row with the kind "timeout" ends at the deadline of the call.

local wire = require "spec.hostile.wire"

local OK = wire.reply()

local function after_request(...) return { "request", ... } end

local TOO_LONG = "libcurl 7.88 reports a line above 100 KiB as a lack of memory"
local NEWER = { { "protocol", "unknown" }, { "protocol", true } }
local CHUNKED = wire.head "Transfer-Encoding: chunked\r\n"

return {
  { "accepts no connection", { "unaccepted" }, "timeout", false },
  { "refuses connections", { "refused" }, "transport", false },
  { "reads nothing and says nothing", { "ignore" }, "timeout", "unknown" },
  { "reads nothing of a large request", { "ignore" }, "timeout", "unknown", large = true },
  { "closes within a large request", { { "read", 1000 } }, "transport", "unknown", large = true },
  { "resets within a large request", { { "read", 1000 }, "reset" }, "transport", "unknown", large = true },
  { "replies within a large request", { { "read", 1000 }, { "send", wire.reply('{"Code":"TooLarge"}', "413 Too Large") }, "hold" },
    "service", true, large = true },
  { "says nothing after the request", after_request "hold", "timeout", "unknown" },
  { "stops within the status line", after_request({ "send", "HTTP/1.1 2" }, "hold"), "timeout", "unknown" },
  { "stops after the status line", after_request({ "send", "HTTP/1.1 200 OK\r\n" }, "hold"), "timeout", true },
  { "stops within a header", after_request({ "send", "HTTP/1.1 200 OK\r\nContent-" }, "hold"), "timeout", true },
  { "stops before the body", after_request({ "send", wire.head "Content-Length: 42\r\n" }, "hold"), "timeout", true },
  { "stops within the body", after_request({ "send", wire.head("Content-Length: 42\r\n", "{") }, "hold"), "timeout", true },
  { "never ends a body without a length", after_request({ "send", wire.head("", wire.BODY) }, "hold"), "timeout", true },
  { "stops within a chunk's size", after_request({ "send", CHUNKED .. "2" }, "hold"), "timeout", true },
  { "stops within a chunk", after_request({ "send", CHUNKED .. "2a\r\n{" }, "hold"), "timeout", true },
  { "stops after the last chunk", after_request({ "send", CHUNKED .. "2\r\n{}\r\n0\r\n" }, "hold"), "timeout", true },
  { "stops after 100", after_request({ "send", "HTTP/1.1 100 Continue\r\n\r\n" }, "hold"), "timeout", "unknown" },
  { "sends a status line drop by drop", after_request { "drip", "HTTP/1.1 200 OK", 1 }, "timeout", "unknown" },
  { "sends headers drop by drop", after_request({ "send", "HTTP/1.1 200 OK\r\n" }, { "drip", ("X: y\r\n"):rep(99), 0.1 }), "timeout", true },
  { "sends a body drop by drop", after_request({ "send", wire.head "Content-Length: 99\r\n" }, { "drip", (" "):rep(99), 0.2 }), "timeout", true },
  { "sends chunks drop by drop", after_request({ "send", CHUNKED }, { "forever", "1\r\n \r\n", 0.2 }), "timeout", true },
  { "sends 100 for ever, slowly", after_request { "forever", "HTTP/1.1 100 Continue\r\n\r\n", 0.2 }, "timeout", "unknown" },
  { "sends the whole reply byte by byte", after_request { "drip", OK, 0.005 }, "ok" },
  { "sends chunks of one byte", after_request { "send", CHUNKED .. wire.BODY:gsub(".", "1\r\n%0\r\n") .. "0\r\n\r\n" }, "ok" },
  { "waits before the reply", after_request({ "pause", 0.5 }, { "send", OK }), "ok" },
  { "replies and keeps the connection", after_request({ "send", OK }, "hold"), "ok" },
  { "replies, and then sends for ever", after_request({ "send", OK }, { "forever", OK, 0.01 }), "ok" },
  { "replies, and then closes the kept connection", after_request({ "send", OK }, "request"), "transport", "unknown", calls = 2 },
  { "replies, and then resets the kept connection", after_request({ "send", OK }, "request", "reset"), "transport", "unknown", calls = 2 },
  { "replies, and then says nothing", after_request({ "send", OK }, "request", "hold"), "timeout", "unknown", calls = 2 },
  { "replies, and then sends garbage", after_request({ "send", OK }, "request", { "send", "garbage\r\n\r\n" }), "protocol", "unknown", calls = 2 },
  { "replies, and then sends half a reply", after_request({ "send", OK }, "request", { "send", OK:sub(1, -5) }), "transport", true, calls = 2 },
  { "never ends the status line", after_request { "forever", "HTTP/1.1 200 " .. ("x"):rep(1000) }, "protocol", "unknown",
    curl = { "transport", "unknown", TOO_LONG }, newer = NEWER },
  { "sends a line that is no status line for ever", after_request { "forever", ("x"):rep(1000) }, "protocol", "unknown" },
  { "sends blank lines for ever", after_request { "forever", "\r\n" }, "protocol", "unknown" },
  { "sends zeros for ever", after_request { "forever", ("\0"):rep(1000) }, "protocol", "unknown" },
  { "never ends the headers", after_request({ "send", "HTTP/1.1 200 OK\r\n" }, { "forever", "X: y\r\n" }), "protocol", true },
  { "never ends a header", after_request({ "send", "HTTP/1.1 200 OK\r\nX: " }, { "forever", ("y"):rep(1000) }), "protocol", true,
    curl = { "transport", true, TOO_LONG }, newer = NEWER },
  { "sends 100 for ever", after_request { "forever", ("HTTP/1.1 100 Continue\r\nX: y\r\n\r\n"):rep(100) }, "protocol", "unknown" },
  { "never ends a body", after_request({ "send", wire.head "" }, { "forever", ("x"):rep(10000) }), "protocol", true },
  { "never ends a JSON text", after_request({ "send", wire.head("", '{"a":"') }, { "forever", ("x"):rep(10000) }), "protocol", true },
  { "never ends the chunks", after_request({ "send", CHUNKED }, { "forever", "400\r\n" .. (" "):rep(1024) .. "\r\n" }), "protocol", true },
  { "never ends a chunk's extension", after_request({ "send", CHUNKED .. "1;" }, { "forever", ("x"):rep(1000) }), "protocol", true,
    curl = { "timeout", true, "libcurl reads extensions without a limit, and keeps none of them" } },
  { "never ends a chunk's size", after_request({ "send", CHUNKED }, { "forever", ("0"):rep(1000) }), "protocol", true },
  { "never ends the trailers", after_request({ "send", CHUNKED .. "2\r\n{}\r\n0\r\n" }, { "forever", "X: y\r\n" }), "protocol", true },
}
