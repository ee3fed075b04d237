-- Servers with damaged TLS, and certificates that are not valid.

local wire = require "spec.hostile.wire"

local OK = wire.reply()

-- Where a race decides: the reset of the connection can overtake the alert, which says why it is closed.
local ALERT_RACE = { { "transport", "unknown" } }

local function rows_of(list)
  for _, row in ipairs(list) do row.tls = true end
  return list
end

local function tls(options, ...) return { { "tls", options }, ... } end

-- A handshake record that announces a ServerHello of 90 bytes.
local HELLO = "\22\3\3\0\94\2\0\0\90\3\3"

return rows_of {
  { "is good", tls({ certificate = "good" }, "request", { "send", OK }), "ok" },
  { "speaks TLS 1.2", tls({ newest = "TLSv1_2" }, "request", { "send", OK }), "ok" },
  { "speaks only TLS 1.1", tls { newest = "TLSv1_1" }, "transport", false },
  { "speaks only TLS 1.0", tls { newest = "TLSv1" }, "transport", false },
  { "has an expired certificate", tls { certificate = "expired" }, "transport", false },
  { "has a certificate for another name", tls { certificate = "other_name" }, "transport", false },
  { "signs its certificate itself", tls { certificate = "self_signed" }, "transport", false },
  { "wants a client certificate", tls({ ca = "ca" }, "request", { "send", OK }), "transport", false,
    any_of = ALERT_RACE },
  { "wants a client certificate over TLS 1.2", tls({ ca = "ca", newest = "TLSv1_2" }, "request", { "send", OK }), "transport", false },
  { "sends plain HTTP", { { "send", "HTTP/1.1 400 Bad Request\r\n\r\n" } }, "transport", false },
  { "sends plain HTTP after the first bytes", { { "read", 5 }, { "send", OK } }, "transport", false },
  { "greets as SSH", { { "send", "SSH-2.0-OpenSSH_9.2\r\n" } }, "transport", false },
  { "closes at once", {}, "transport", false },
  { "resets at once", { "reset" }, "transport", false },
  { "closes after the first bytes", { { "read", 5 } }, "transport", false },
  { "resets after the first bytes", { { "read", 5 }, "reset" }, "transport", false },
  { "closes within its first message", { { "read", 5 }, { "send", HELLO } }, "transport", false },
  { "sends zeros", { { "read", 5 }, { "send", ("\0"):rep(1000) } }, "transport", false },
  { "sends an empty record", { { "read", 5 }, { "send", "\22\3\3\0\0" } }, "transport", false },
  { "sends a record longer than allowed", { { "read", 5 }, { "send", "\22\3\3\255\255" .. ("x"):rep(65535) } }, "transport", false },
  { "sends application data first", { { "read", 5 }, { "send", "\23\3\3\0\5hello" } }, "transport", false },
  { "sends a first message of zeros", { { "read", 5 }, { "send", HELLO .. ("\0"):rep(87) } }, "transport", false },
  { "sends the record of an unknown type", { { "read", 5 }, { "send", "\99\3\3\0\5hello" } }, "transport", false },
  { "answers as SSL 3", { { "read", 5 }, { "send", "\22\3\0\0\94\2\0\0\90\3\0" .. ("\0"):rep(87) } }, "transport", false },
  { "sends records for ever", { { "read", 5 }, { "forever", "\21\3\3\0\2\1\0", 0.05 } }, "transport", false, any_of = { { "timeout", false } } },
  { "alerts close_notify", { { "read", 5 }, { "send", wire.alert(0) } }, "transport", false },
  { "alerts handshake_failure", { { "read", 5 }, { "send", wire.alert(40) } }, "transport", false },
  { "alerts unknown_ca", { { "read", 5 }, { "send", wire.alert(48) } }, "transport", false },
  { "alerts access_denied", { { "read", 5 }, { "send", wire.alert(49) } }, "transport", false },
  { "alerts protocol_version", { { "read", 5 }, { "send", wire.alert(70) } }, "transport", false },
  { "alerts internal_error", { { "read", 5 }, { "send", wire.alert(80) } }, "transport", false },
  { "alerts unrecognized_name", { { "read", 5 }, { "send", wire.alert(112) } }, "transport", false },
  { "alerts with an unknown number", { { "read", 5 }, { "send", wire.alert(255) } }, "transport", false },
  { "says nothing", { "hold" }, "timeout", false },
  { "reads nothing", { "ignore" }, "timeout", false },
  { "accepts no connection", { "unaccepted" }, "timeout", false },
  { "refuses connections", { "refused" }, "transport", false },
  { "stops within its first message", { { "read", 5 }, { "send", HELLO }, "hold" }, "timeout", false },
  { "sends its first message drop by drop", { { "read", 5 }, { "drip", HELLO .. ("x"):rep(90), 0.3 } }, "timeout", false },
  { "says nothing after the handshake", tls({}, "request", "hold"), "timeout", "unknown" },
  { "reads nothing of a large request", tls({}, "ignore"), "timeout", "unknown", large = true },
  { "closes after the handshake", tls {}, "transport", "unknown", any_of = { { "transport", false } } },
  { "resets after the request", tls({}, "request", "reset"), "transport", "unknown" },
  { "closes TLS without a reply", tls({}, "request", "cut_tls"), "transport", "unknown" },
  { "cuts TLS within the headers", tls({}, "request", { "send", "HTTP/1.1 200 OK\r\nX: y\r\n" }, "cut_tls"), "transport", true },
  { "cuts TLS within the body", tls({}, "request", { "send", wire.head("Content-Length: 99\r\n", "{") }, "cut_tls"), "transport", true },
  { "cuts TLS after a body without a length", tls({}, "request", { "send", wire.head("", wire.BODY) }, "cut_tls"), "ok", -- the JSON text is complete
    newer = { { "transport", true } } }, -- libcurl 8 wants the end of TLS
  { "resets within the body", tls({}, "request", { "send", wire.head("Content-Length: 99\r\n", "{") }, { "pause", 1 }, "reset"), "transport", true },
  { "stops within the body", tls({}, "request", { "send", wire.head("Content-Length: 99\r\n", "{") }, "hold"), "timeout", true },
  { "never ends a body", tls({}, "request", { "send", wire.head "" }, { "forever", ("x"):rep(10000) }), "protocol", true },
  { "closes the kept connection", tls({}, "request", { "send", OK }, "request"), "transport", "unknown", calls = 2 },
  { "sends plain bytes within TLS", tls({}, "request", { "send", OK:sub(1, 20) }, { "plain", ("x"):rep(100) }), "transport", true,
    newer = { { "transport", "unknown" } } },
}
