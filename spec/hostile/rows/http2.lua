-- Malformed HTTP/2. Only the loop negotiates HTTP/2. To the others the server sends the same bytes over HTTP/1, which they
-- must refuse as no HTTP/1.

local wire = require "spec.hostile.wire"

local frame, head = wire.frame, wire.h2_head
local TLS = { "tls", { certificate = "good", alpn = "h2" } }
local NOT_HTTP1 = { "protocol", "unknown", "they do not negotiate HTTP/2, and the bytes are not HTTP/1" }
local HOLD = "hold"

-- libcurl closes the connection, and its versions differ in what they say about it.
local CLOSED = { { "transport", "unknown" }, { "protocol", "unknown" } }

-- libcurl 8 reports some errors of the connection only after the next event, and here none follows. It counts a valid header
-- before an error as a part of the reply.
local NEWER = { { "protocol", true }, { "protocol", "unknown" }, { "timeout", "unknown" }, { "timeout", true } }

local rows = {}

--- Adds a row whose server sends bytes after the request, and then plays the other steps.
local function add(name, bytes, kind, sent, ...)
  local row = { name, { TLS, "request", { "send", bytes }, ... }, kind, sent, tls = true, blocking = NOT_HTTP1, nginx = NOT_HTTP1 }
  rows[#rows + 1] = row
  return row
end

--- Adds a row whose server makes an error of the connection.
local function add_error(name, bytes, ...)
  local row = add(name, bytes, "protocol", "unknown", ...)
  row.any_of, row.newer = CLOSED, NEWER
end

local function settings(id, value) return frame(wire.SETTINGS, 0, 0, wire.bytes(id, 2) .. wire.bytes(value, 4)) end

local function goaway(last, code) return frame(wire.GOAWAY, 0, 0, wire.bytes(last, 4) .. wire.bytes(code, 4)) end

local function reset(code) return frame(wire.RST_STREAM, 0, 1, wire.bytes(code, 4)) end

local START = wire.NO_SETTINGS

add("replies", wire.H2_REPLY, "ok")
add("replies with padding", START .. head() .. frame(wire.DATA, 9, 1, "\3" .. wire.BODY .. "\0\0\0"), "ok")
add("sends headers in two frames", START .. frame(wire.HEADERS, 0, 1, wire.STATUS_200) .. frame(wire.CONTINUATION, 4, 1, wire.field("x", "y"))
  .. wire.H2_BODY, "ok")
add("sends 100 before the reply", START .. frame(wire.HEADERS, 4, 1, wire.field(":status", "100")) .. head() .. wire.H2_BODY, "ok")
add("sends trailers", START .. head() .. frame(wire.DATA, 0, 1, wire.BODY) .. frame(wire.HEADERS, 5, 1, wire.field("x", "y")), "ok")
add("pings before the reply", START .. frame(wire.PING, 0, 0, "12345678") .. head() .. wire.H2_BODY, "ok")
add("sends a frame of an unknown type", START .. frame(99, 0, 0, "x") .. head() .. wire.H2_BODY, "ok")
add("sends an unknown setting", settings(999, 1) .. head() .. wire.H2_BODY, "ok")
add("says goodbye after the reply", wire.H2_REPLY .. goaway(1, 0), "ok")
add("closes after its settings", START, "transport", "unknown")
add("says nothing after its settings", START, "timeout", "unknown", HOLD)
add_error("sends no settings first", head() .. wire.H2_BODY, HOLD)
local http1 = add("sends HTTP/1", wire.reply(), "transport", "unknown", HOLD)
http1.blocking, http1.nginx, http1.newer = { "ok" }, { "ok" }, NEWER
add_error("sends garbage", ("garbage "):rep(20), HOLD)
add_error("sends zeros", ("\0"):rep(100), HOLD)
add_error("refuses the stream", START .. reset(7), HOLD)
add("cancels the stream", START .. reset(8), "protocol", "unknown", HOLD)
add("resets the stream with no error", START .. reset(0), "protocol", "unknown", HOLD)
add("resets the stream with an unknown error", START .. reset(999), "protocol", "unknown", HOLD)
add_error("demands HTTP/1.1", START .. reset(13), HOLD)
add("resets the stream after the headers", START .. head(), "protocol", true, { "pause", 1 }, { "send", reset(2) }, HOLD)
add("resets the stream within the body", START .. head() .. frame(wire.DATA, 0, 1, "{"), "protocol", true, { "pause", 1 }, { "send", reset(2) }, HOLD)
add_error("says goodbye before the reply", START .. goaway(0, 0), HOLD)
add_error("says goodbye with an error", START .. goaway(0, 1), HOLD)
add_error("says goodbye and demands calm", START .. goaway(0, 11), HOLD)
add("closes after the headers", START .. head(), "transport", true)
add("closes within the body", START .. head() .. frame(wire.DATA, 0, 1, "{"), "transport", true)
add("resets within the body", START .. head() .. frame(wire.DATA, 0, 1, "{"), "transport", true, { "pause", 1 }, "reset")
add("closes within a frame", START .. head() .. wire.H2_BODY:sub(1, 20), "transport", true)
add("stops after the headers", START .. head(), "timeout", true, HOLD)
add("stops within a frame", START .. head() .. wire.H2_BODY:sub(1, 20), "timeout", true, HOLD)
add("ends the stream without a body", START .. head("", 5), "protocol", true, HOLD)
add("sends less than the Content-Length", START .. head(wire.field("content-length", "99")), "protocol", true, { "pause", 1 }, { "send", wire.H2_BODY }, HOLD)
add("sends more than the Content-Length", START .. head(wire.field("content-length", "2")), "protocol", true, { "pause", 1 }, { "send", wire.H2_BODY }, HOLD)
add("sends no status", START .. frame(wire.HEADERS, 4, 1, wire.field("x", "y")) .. wire.H2_BODY, "protocol", "unknown", HOLD)
add("sends a status of letters", START .. frame(wire.HEADERS, 4, 1, wire.field(":status", "abc")) .. wire.H2_BODY, "protocol", "unknown", HOLD)
add("sends a header in capital letters", START .. head(wire.field("X", "y")) .. wire.H2_BODY, "protocol", "unknown", HOLD).newer = NEWER
add("sends a NUL in a header", START .. head(wire.field("x", "a\0b")) .. wire.H2_BODY, "protocol", "unknown", HOLD).newer = NEWER
add("sends a connection header", START .. head(wire.field("connection", "close")) .. wire.H2_BODY, "protocol", "unknown", HOLD).newer = NEWER
add_error("sends data before the headers", START .. wire.H2_BODY, HOLD)
add_error("sends damaged HPACK", START .. frame(wire.HEADERS, 4, 1, "\255\255\255\255\255"), HOLD)
add_error("sends headers for another stream", START .. frame(wire.HEADERS, 4, 7, wire.STATUS_200), HOLD)
add_error("sends headers for stream 0", START .. frame(wire.HEADERS, 4, 0, wire.STATUS_200), HOLD)
add("pushes a resource", START .. frame(wire.PUSH_PROMISE, 4, 1, wire.bytes(2, 4) .. "\130\132\135"), "timeout", "unknown", HOLD)
add("sends a frame larger than allowed", START .. head() .. frame(wire.DATA, 0, 1, (" "):rep(100000)), "protocol", true, HOLD)
add_error("sends settings of five bytes", frame(wire.SETTINGS, 0, 0, "12345"), HOLD)
add("sets the window to zero", settings(4, 0), "timeout", "unknown", HOLD)
add_error("sets the window above the limit", settings(4, 4294967295), HOLD)
add_error("opens the window beyond the limit", START .. frame(wire.WINDOW_UPDATE, 0, 0, "\127\255\255\255"):rep(2), HOLD)
add_error("opens the window by zero", START .. frame(wire.WINDOW_UPDATE, 0, 1, "\0\0\0\0"), HOLD)
add("allows no stream", settings(3, 0), "timeout", "unknown", HOLD)
add("pads more than the frame holds", START .. head() .. frame(wire.DATA, 9, 1, "\200{}"), "timeout", true, HOLD).any_of =
  { { "protocol", true } } -- libcurl can also take the frame for the end of an empty body
add_error("interrupts headers with another frame", START .. frame(wire.HEADERS, 0, 1, wire.STATUS_200) .. frame(wire.PING, 0, 0, "12345678"), HOLD)
add("sends pings for ever", START, "timeout", "unknown", { "forever", frame(wire.PING, 0, 0, "12345678"), 0.05 })
add("sends settings for ever", START, "timeout", "unknown", { "forever", wire.NO_SETTINGS, 0.05 })
add_error("never ends the headers", START .. frame(wire.HEADERS, 0, 1, wire.STATUS_200),
  { "forever", frame(wire.CONTINUATION, 0, 1, wire.field("x", ("y"):rep(100))) })
add("sends empty data for ever", START .. head(), "timeout", true, { "forever", frame(wire.DATA, 0, 1, ""), 0.02 })
add("never ends the body", START .. head(), "protocol", true, { "forever", frame(wire.DATA, 0, 1, (" "):rep(10000)) })
add("sends 100 for ever", START, "protocol", "unknown", { "forever", frame(wire.HEADERS, 4, 1, wire.field(":status", "100")) })

return rows
