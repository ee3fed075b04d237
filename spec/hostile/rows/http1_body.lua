-- Malformed and unusual bodies of replies over HTTP/1, and replies that do not come from the service.

local wire = require "spec.hostile.wire"

local BODY = wire.BODY

local function reply(bytes) return { "request", { "send", bytes } } end

local function head(headers, body) return reply(wire.head(headers, body or BODY)) end

local function chunks(body, headers) return head("Transfer-Encoding: chunked\r\n" .. (headers or ""), body) end

local function coded(coding, body) return reply(wire.reply(body, nil, "Content-Encoding: " .. coding .. "\r\n")) end

local function status(text, body, headers) return reply(wire.reply(body or "", text, headers)) end

local function lenient(reason) return { "ok", nil, reason } end

local FIRST_DIGITS = lenient "libcurl reads the digits at the beginning, and the JSON text is complete"

local GZIP = "\31\139\8\0\0\0\0\0\0\3\171\174\5\0\67\191\166\163\2\0\0\0"

return {
  { "closes before the end of the body", head "Content-Length: 100\r\n", "transport", true },
  { "resets within the body", { "request", { "send", wire.head("Content-Length: 100\r\n", BODY) }, { "pause", 1 }, "reset" }, "transport", true },
  { "closes before the body", head("Content-Length: 42\r\n", ""), "transport", true },
  { "resets a body without a length", { "request", { "send", wire.head("", BODY) }, { "pause", 1 }, "reset" }, "transport", true },
  { "ends a body without a length by closing", head "", "ok" },
  { "cuts a body without a length", head("", BODY:sub(1, 20)), "protocol", true },
  { "sends more than the length", head("Content-Length: 42\r\n", BODY .. "more"), "ok" },
  { "sends a second reply", reply(wire.reply():rep(2)), "ok" },
  { "announces a negative length", head "Content-Length: -1\r\n", "protocol", true },
  { "announces a length of letters", head "Content-Length: ten\r\n", "protocol", true },
  { "announces an empty length", head "Content-Length:\r\n", "protocol", true },
  { "announces a hexadecimal length", head "Content-Length: 0x2a\r\n", "protocol", true },
  { "announces a length with a sign", head "Content-Length: +42\r\n", "protocol", true,
    curl = FIRST_DIGITS },
  { "announces a length and text", head "Content-Length: 42 bytes\r\n", "protocol", true,
    curl = FIRST_DIGITS },
  { "announces a length above 64 bits", head "Content-Length: 99999999999999999999\r\n", "protocol", true },
  { "announces 1 TiB", head "Content-Length: 1099511627776\r\n", "protocol", true },
  { "announces more than the limit", head "Content-Length: 2000000\r\n", "protocol", true },
  { "announces two equal lengths", head "Content-Length: 42\r\nContent-Length: 42\r\n", "ok" },
  { "announces two different lengths", head "Content-Length: 42\r\nContent-Length: 43\r\n", "protocol", true,
    curl = { "transport", true, "libcurl waits for the second length" } },
  { "announces different lengths in one header", head "Content-Length: 42, 43\r\n", "protocol", true,
    curl = FIRST_DIGITS },
  { "announces a length and chunks", chunks("2a\r\n" .. BODY .. "\r\n0\r\n\r\n", "Content-Length: 42\r\n"), "protocol", true,
    curl = lenient "libcurl ignores the length, as RFC 9112 allows" },
  { "encodes the transfer with gzip", head "Transfer-Encoding: gzip\r\n", "protocol", true },
  { "encodes the transfer with an unknown coding", head "Transfer-Encoding: xyz\r\n", "protocol", true },
  { "sends chunks", chunks("2a\r\n" .. BODY .. "\r\n0\r\n\r\n"), "ok" },
  { "sends chunks with extensions", chunks("2a;a=b\r\n" .. BODY .. "\r\n0\r\n\r\n"), "ok" },
  { "sends chunks and trailers", chunks("2a\r\n" .. BODY .. "\r\n0\r\nX: y\r\n\r\n"), "ok" },
  { "closes before the last chunk", chunks("2a\r\n" .. BODY .. "\r\n"), "transport", true },
  { "closes within a chunk", chunks "2a\r\n{", "transport", true },
  { "closes within a chunk's size", chunks "2", "transport", true },
  { "resets between two chunks", { "request", { "send", wire.head("Transfer-Encoding: chunked\r\n", "1\r\n{\r\n") }, { "pause", 1 }, "reset" }, "transport", true },
  { "sends a chunk size of letters", chunks("xy\r\n" .. BODY), "protocol", true },
  { "sends a negative chunk size", chunks("-5\r\n" .. BODY), "protocol", true },
  { "sends an empty chunk size", chunks("\r\n" .. BODY), "protocol", true },
  { "sends a chunk size above 64 bits", chunks("fffffffffffffffffff\r\n" .. BODY), "protocol", true },
  { "sends a chunk size of 4 GiB", chunks("ffffffff\r\n" .. BODY), "protocol", true,
    curl = { "transport", true, "libcurl limits the bytes that arrive, and the connection ends before" } },
  { "sends a chunk longer than its size", chunks("20\r\n" .. BODY .. "\r\n0\r\n\r\n"), "protocol", true },
  { "sends malformed trailers", chunks("2a\r\n" .. BODY .. "\r\n0\r\nnonsense\r\n\r\n"), "protocol", true },
  { "sends 300 trailers", chunks("2a\r\n" .. BODY .. "\r\n0\r\n" .. ("X: y\r\n"):rep(300) .. "\r\n"), "protocol", true,
    curl = lenient "libcurl does not count trailers; their bytes are limited" },
  { "sends no gzip under that name", coded("gzip", BODY), "protocol", true },
  { "sends gzip", coded("gzip", GZIP), "ok" },
  { "cuts gzip off", coded("gzip", GZIP:sub(1, 12)), "protocol", true },
  { "damages gzip", coded("gzip", GZIP:sub(1, 10) .. "\255\255\255" .. GZIP:sub(14)), "protocol", true },
  { "sends gzip with a wrong checksum", coded("gzip", GZIP:sub(1, 14) .. "\0\0\0\0" .. GZIP:sub(19)), "protocol", true },
  { "sends bytes after gzip", coded("gzip", GZIP .. "more"), "protocol", true },
  { "sends no deflate under that name", coded("deflate", BODY), "protocol", true },
  { "sends an unknown coding", coded("xyz", BODY), "protocol", true },
  { "names ten codings", coded(("gzip, "):rep(10) .. "gzip", GZIP), "protocol", true },
  { "sends the status 204", reply "HTTP/1.1 204 No Content\r\n\r\n", "protocol", true },
  { "sends the status 204 with a body", status("204 No Content", BODY), "protocol", true },
  { "sends the status 304", reply "HTTP/1.1 304 Not Modified\r\n\r\n", "protocol", true },
  { "redirects to another host", status("301 Moved", "", "Location: http://example.invalid/\r\n"), "protocol", true },
  { "redirects to a file", status("302 Found", "", "Location: file:///etc/passwd\r\n"), "protocol", true },
  { "redirects to itself", status("307 Temporary Redirect", "", "Location: /\r\n"), "protocol", true },
  { "wants a password", status("401 Unauthorized", "", "WWW-Authenticate: Basic realm=x\r\n"), "protocol", true },
  { "wants a password for a proxy", status("407 Proxy Authentication Required", "", "Proxy-Authenticate: Basic realm=x\r\n"), "protocol", true },
  { "sends 408", status "408 Request Timeout", "protocol", true },
  { "sends 413", status "413 Too Large", "protocol", true },
  { "sends 429 with a time far away", status("429 Too Many", "", "Retry-After: 99999999999\r\n"), "protocol", true },
  { "sends 500 with HTML", status("500 Error", "<html>oops</html>"), "protocol", true },
  { "sends 502 with half a JSON text", status("502 Bad Gateway", '{"Code":'), "protocol", true },
  { "sends 503 with a malformed time", status("503 Unavailable", '{"Code":"X"}', "Retry-After: soon\r\n"), "service", true },
  { "sends an empty body", status "200 OK", "protocol", true },
  { "sends HTML", status("200 OK", "<html>log in</html>"), "protocol", true },
  { "sends a JSON list", status("200 OK", "[]"), "protocol", true },
  { "sends a JSON number", status("200 OK", "1"), "protocol", true },
  { "sends null", status("200 OK", "null"), "protocol", true },
  { "sends half a JSON text", status("200 OK", '{"Data":{"a'), "protocol", true },
  { "sends JSON and more", status("200 OK", "{}{}"), "protocol", true },
  { "nests 100,000 lists", status("200 OK", '{"a":' .. ("["):rep(100000)), "protocol", true },
  { "sends JSON in UTF-16", status("200 OK", "\255\254{\0}\0"), "protocol", true },
  { "sends a NUL in JSON", status("200 OK", '{"a":"\0"}'), "protocol", true },
  { "sends Data as a list", status("200 OK", '{"Data":[1]}'), "ok" },
  { "sends Success as text", status("200 OK", '{"Success":"false"}'), "task", true },
  { "sends an error without a code", status("400 Bad", '{"RequestId":"r"}'), "protocol", true },
  { "sends a code that is a table", status("400 Bad", '{"Code":{"a":1},"Message":[]}'), "protocol", true },
  { "sends a code of 1 MB", status("400 Bad", '{"Code":"' .. ("x"):rep(1000000) .. '"}'), "service", true },
}
