-- Hostile name servers. The name of the service is rowN.test. The field `names` has the steps of names.py. The service
-- behind the name replies well.

local wire = require "spec.hostile.wire"

local SERVICE = { "request", { "send", wire.reply() } }
local A, CNAME, AAAA, IN, CHAOS = 1, 5, 28, 1, 3
local THIS_NAME = "\192\12" -- a pointer to the name in the question
local NXDOMAIN, SERVFAIL, REFUSED, TRUNCATED = "\129\131", "\129\130", "\129\133", "\131\128"

--- Returns a record of a reply.
local function record(kind, data, options)
  options = options or {}
  return (options.name or THIS_NAME) .. wire.bytes(kind, 2) .. wire.bytes(options.class or IN, 2)
    .. (options.ttl or "\0\0\0\60") .. wire.bytes(options.length or #data, 2) .. data
end

local function a(address, options) return record(A, (address:gsub("(%d+)%.?", function(n) return string.char(n) end)), options) end

local LOOPBACK = a "127.0.0.1"
local LOOPBACK_6 = record(AAAA, ("\0"):rep(15) .. "\1")
local OTHER_NAME = "\5other\4test\0"

local function reply(fields) return { { "reply", fields } } end

local function addresses(...) return reply { a = { ... } } end

local function truncated(...) return { { "reply", { flags = TRUNCATED } }, { "tcp", { ... } } } end

local GOOD = { "reply", { a = { LOOPBACK } } }
local MANY, CHAIN = {}, { record(CNAME, "\2n1\4test\0") }
for i = 1, 25 do
  MANY[i] = LOOPBACK
  CHAIN[i + 1] = record(CNAME, ("\3n%02d\4test\0"):format(i + 1), { name = ("\3n%02d\4test\0"):format(i) })
end

local WAITS = { "timeout", false, "nginx ignores such a reply, and waits for another one" }
local LENIENT = { "ok", nil, "nginx does not read the names of records" }
local TAKES = { "ok", nil, "glibc does not check this" }
local GIVES_UP = { "transport", false, "glibc takes it for a failure of the name server" }

local rows = {
  { "answers", { GOOD }, "ok" },
  { "answers after a second", { { "pause", 1 }, GOOD }, "ok" },
  { "answers twice", { GOOD, GOOD }, "ok" },
  { "never answers", {}, "timeout", false },
  { "answers after the deadline", { { "pause", 8 }, GOOD }, "timeout", false },
  { "does not know the name", reply { flags = NXDOMAIN }, "transport", false },
  { "fails", reply { flags = SERVFAIL }, "transport", false },
  { "refuses", reply { flags = REFUSED }, "transport", false },
  { "finds the question malformed", reply { flags = "\129\129" }, "transport", false, nginx = WAITS },
  { "supports no such question", reply { flags = "\129\132" }, "transport", false },
  { "has an unknown error", reply { flags = "\129\143" }, "transport", false, nginx = WAITS },
  { "has no address for the name", reply {}, "transport", false },
  { "has an address of IPv6 only", reply { aaaa = { LOOPBACK_6 } }, "transport", false },
  { "answers with an address of IPv6", addresses(LOOPBACK_6), "transport", false, nginx = WAITS },
  { "cuts the answer, and has it over TCP", truncated(GOOD), "ok" },
  { "cuts the answer, and closes TCP", truncated(), "transport", false, nginx = WAITS },
  { "cuts the answer, and answers after the deadline over TCP", truncated { "pause", 8 }, "timeout", false },
  { "cuts the answer over TCP too", truncated { "reply", { flags = TRUNCATED } }, "transport", false, nginx = WAITS },
  { "names the name as its alias", addresses(record(CNAME, THIS_NAME)), "transport", false },
  { "names an alias that has no address", addresses(record(CNAME, OTHER_NAME)), "transport", false },
  { "names an alias and its address", addresses(record(CNAME, OTHER_NAME), a("127.0.0.1", { name = OTHER_NAME })), "ok" },
  { "has a long chain of aliases", addresses(unpack and unpack(CHAIN) or table.unpack(CHAIN)), "transport", false },
  { "answers with another id", reply { id_offset = 1, a = { LOOPBACK } }, "timeout", false },
  { "answers with another id first", { { "reply", { id_offset = 1, flags = NXDOMAIN } }, { "pause", 0.2 }, GOOD }, "ok" },
  { "answers another question", reply { question = OTHER_NAME .. "\0\1\0\1", a = { LOOPBACK } }, "timeout", false },
  { "answers about another name", addresses(a("127.0.0.1", { name = OTHER_NAME })), "transport", false, nginx = LENIENT },
  { "answers about another class", addresses(a("127.0.0.1", { class = CHAOS })), "transport", false, nginx = WAITS, curl = TAKES },
  { "repeats the question as an answer", reply { flags = "\1\0", a = { LOOPBACK } }, "timeout", false, curl = TAKES },
  { "sends one byte", reply { raw = "x" }, "timeout", false, curl = GIVES_UP },
  { "sends garbage", reply { raw = ("garbage"):rep(9) }, "timeout", false },
  { "sends nothing but a head", reply { question = "", counts = { 0, 0, 0, 0 } }, "transport", false, nginx = WAITS },
  { "announces more records than it sends", reply { counts = { 1, 65535, 0, 0 }, a = { LOOPBACK } }, "transport", false, nginx = WAITS },
  { "has an address of three bytes", addresses(record(A, "\127\0\0")), "transport", false, nginx = WAITS },
  { "has an address of sixteen bytes", addresses(record(A, ("\127\0\0\1"):rep(4))), "transport", false, nginx = WAITS },
  { "has a record that is longer than the reply", addresses(record(A, "\127\0\0\1", { length = 999 })), "transport", false, nginx = WAITS },
  { "has a name that points at itself", addresses(a("127.0.0.1", { name = "\192\29" })), "transport", false, nginx = LENIENT },
  { "has a name that points behind the reply", addresses(a("127.0.0.1", { name = "\255\255" })), "transport", false, nginx = LENIENT },
  { "has a label that is too long", addresses(a("127.0.0.1", { name = "\127abc\0" })), "transport", false, nginx = WAITS },
  { "has many addresses", reply { a = MANY }, "ok" },
  { "has a time to live of 0", addresses(a("127.0.0.1", { ttl = "\0\0\0\0" })), "ok" },
  { "has a negative time to live", addresses(a("127.0.0.1", { ttl = "\255\255\255\255" })), "ok" },
  { "has an address at which nothing listens", addresses(a "127.0.0.9"), "transport", false },
  { "has an address in no network", addresses(a "192.0.2.1"), "transport", false },
  { "has the address 255.255.255.255", addresses(a "255.255.255.255"), "transport", false },
}
for _, row in ipairs(rows) do row.names, row[2] = row[2], SERVICE end
return rows
