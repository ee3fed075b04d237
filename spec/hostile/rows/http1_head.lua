-- Malformed and unusual heads of replies over HTTP/1.

local wire = require "spec.hostile.wire"

local OK = wire.reply()
local BODY = wire.BODY
local LENIENT = { "ok", nil, "libcurl accepts it" }
local TOO_LONG = { "transport", true, "libcurl 7.88 reports a line above 100 KiB as a lack of memory" }
local RESET_RACE = { { "transport", false } } -- the reset may arrive before the request is written

local function reply(bytes) return { "request", { "send", bytes } } end

local function line(text) return reply(text .. "\r\nContent-Length: 42\r\n\r\n" .. BODY) end

local function header(text) return reply("HTTP/1.1 200 OK\r\nContent-Length: 42\r\n" .. text .. "\r\n" .. BODY) end

return {
  { "closes without a reply", { "request" }, "transport", "unknown" },
  { "resets without a reply", { "request", "reset" }, "transport", "unknown" },
  { "closes before the request", {}, "transport", "unknown", any_of = RESET_RACE },
  { "resets before the request", { "reset" }, "transport", "unknown", any_of = RESET_RACE },
  { "half-closes without a reply", { "request", "half_close", "hold" }, "transport", "unknown" },
  { "sends bytes and no status line", reply "hello\r\n\r\n", "protocol", "unknown" },
  { "sends HTML and no status line", reply "<html><body>router</body></html>", "protocol", "unknown" },
  { "sends one byte", reply "H", "transport", "unknown" },
  { "sends the beginning of a status line", reply "HTTP/1.1 20", "transport", "unknown" },
  { "sends zeros", reply(("\0"):rep(100) .. "\r\n\r\n"), "protocol", "unknown" },
  { "greets as SSH", { { "send", "SSH-2.0-OpenSSH_9.2\r\n" } }, "protocol", "unknown" },
  { "greets as SMTP", { { "send", "220 mail.test ESMTP\r\n" } }, "protocol", "unknown" },
  { "greets as MySQL", { { "send", "J\0\0\0\10008.0.36\0abcdefgh" } }, "protocol", "unknown" },
  { "answers as Redis", reply "-ERR unknown command 'GET'\r\n", "protocol", "unknown" },
  { "answers as an FTP server", reply "500 Unknown command.\r\n", "protocol", "unknown" },
  { "answers as Shoutcast", line "ICY 200 OK", "protocol", "unknown" },
  { "answers as HTTP/2.0", line "HTTP/2.0 200 OK", "protocol", "unknown", curl = LENIENT },
  { "answers as HTTP/3", line "HTTP/3 200 OK", "protocol", "unknown" },
  { "answers as HTTP/1.2", line "HTTP/1.2 200 OK", "protocol", "unknown" },
  { "answers as HTTP/7", line "HTTP/7.1 200 OK", "protocol", "unknown" },
  { "writes http in lower case", line "http/1.1 200 OK", "protocol", "unknown", curl = LENIENT },
  { "has no space after the version", line "HTTP/1.1200 OK", "protocol", "unknown" },
  { "has a status of one digit", line "HTTP/1.1 2 OK", "protocol", "unknown" },
  { "has a status of four digits", line "HTTP/1.1 2000 OK", "protocol", "unknown" },
  { "has a negative status", line "HTTP/1.1 -200 OK", "protocol", "unknown" },
  { "has a status of letters", line "HTTP/1.1 abc OK", "protocol", "unknown" },
  { "has the status 000", line "HTTP/1.1 000 OK", "protocol", "unknown" },
  { "has the status 099", line "HTTP/1.1 099 OK", "protocol", "unknown" },
  { "has the status 600", line "HTTP/1.1 600 OK", "protocol", true },
  { "has the status 999", line "HTTP/1.1 999 OK", "protocol", true },
  { "has no status", line "HTTP/1.1", "protocol", "unknown" },
  { "has a status and no text", line "HTTP/1.1 200", "ok" },
  { "has a NUL in the status line", line "HTTP/1.1 200 O\0K", "protocol", "unknown" },
  { "begins with blank lines", reply("\r\n\r\n" .. OK), "protocol", "unknown" },
  { "switches to another protocol", reply "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "protocol", "unknown",
    curl = { "transport", "unknown", "libcurl waits for another reply after 101" } },
  { "sends 100 and closes", reply "HTTP/1.1 100 Continue\r\n\r\n", "transport", "unknown" },
  { "sends 100 and resets", { "request", { "send", "HTTP/1.1 100 Continue\r\n\r\n" }, "reset" }, "transport", "unknown" },
  { "sends 100 before the reply", reply("HTTP/1.1 100 Continue\r\n\r\n" .. OK), "ok" },
  { "sends 103 before the reply", reply("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" .. OK), "ok" },
  { "replies before the request arrives", { { "send", OK }, "request" }, "ok", any_of = { { "transport", "unknown" } } },
  { "replies as HTTP/1.0", reply("HTTP/1.0 200 OK\r\n\r\n" .. BODY), "ok" },
  { "closes within the headers", reply "HTTP/1.1 200 OK\r\nContent-Le", "transport", true },
  { "closes after the status line", reply "HTTP/1.1 200 OK\r\n", "transport", true },
  { "resets within the headers", { "request", { "send", "HTTP/1.1 200 OK\r\nX: y\r\n" }, { "pause", 0.2 }, "reset" }, "transport", true },
  { "has a header without a colon", header "nonsense\r\n", "protocol", true },
  { "has a header without a name", header ": value\r\n", "protocol", true, curl = LENIENT },
  { "has a space before the colon", header "X-Name : value\r\n", "protocol", true, curl = LENIENT },
  { "has a blank in a name", header "X Name: value\r\n", "protocol", true, curl = LENIENT },
  { "has a NUL in a name", header "X\0: value\r\n", "protocol", true },
  { "has a NUL in a value", header "X: va\0lue\r\n", "protocol", true },
  { "has a control character in a value", header "X: va\1lue\r\n", "protocol", true, curl = LENIENT },
  { "has a carriage return in a value", header "X: va\rlue\r\n", "protocol", true, curl = LENIENT },
  { "has bytes above 127 in a value", header "X: \255\254\r\n", "ok" },
  { "continues a header on the next line", header "X: a\r\n b\r\n", "protocol", true, curl = LENIENT },
  { "begins with a continued line", reply("HTTP/1.1 200 OK\r\n b\r\nContent-Length: 42\r\n\r\n" .. BODY), "protocol", true },
  { "has 100 headers", header(("X: y\r\n"):rep(100)), "ok" },
  { "has 1,000 headers", header(("X: y\r\n"):rep(1000)), "protocol", true },
  { "has a header of 60 KiB", header("X: " .. ("y"):rep(60 * 1024) .. "\r\n"), "ok" },
  { "has a header of 200 KiB", header("X: " .. ("y"):rep(200 * 1024) .. "\r\n"), "protocol", true,
    curl = TOO_LONG, any_of = { { "protocol", true } } },
  { "has headers of 120 KiB", header(("X: " .. ("y"):rep(30 * 1024) .. "\r\n"):rep(4)), "protocol", true },
  { "ends lines with LF only", reply((OK:gsub("\r\n", "\n"))), "protocol", "unknown", curl = LENIENT },
  { "ends lines with CR only", reply((OK:gsub("\r\n", "\r"))), "transport", "unknown" },
  { "sets a cookie for another host", header "Set-Cookie: a=b; Domain=example.com\r\n", "ok" },
  { "announces HTTP/3", header 'Alt-Svc: h3=":1"\r\n', "ok" },
  { "demands HTTPS from now on", header "Strict-Transport-Security: max-age=9999\r\n", "ok" },
}
