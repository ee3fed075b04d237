-- A program that is a name server for specs. The address of each name under .test is 127.0.0.1, and no other name
-- exists. Questions about silent.test get no answer. The program runs on LuaJIT, and prints its port.

local ffi = require "ffi"

ffi.cdef [[
  typedef struct { uint16_t family, port; uint32_t host; char zero[8]; } spec_address;
  int socket(int, int, int);
  int bind(int, const spec_address *, unsigned);
  int getsockname(int, spec_address *, unsigned *);
  uint16_t ntohs(uint16_t);
  uint32_t htonl(uint32_t);
  long recvfrom(int, void *, size_t, int, spec_address *, unsigned *);
  long sendto(int, const void *, size_t, int, const spec_address *, unsigned);
]]

local INET, DATAGRAM = 2, 2
local LOOPBACK_RECORD = "\192\12\0\1\0\1\0\0\0\1\0\4\127\0\0\1"

local sock = ffi.C.socket(INET, DATAGRAM, 0)
local address, size = ffi.new "spec_address", ffi.new("unsigned[1]", 16)
address.family, address.host = INET, ffi.C.htonl(0x7f000001)
assert(ffi.C.bind(sock, address, 16) == 0)
assert(ffi.C.getsockname(sock, address, size) == 0)
io.stdout:write(ffi.C.ntohs(address.port), "\n")
io.stdout:flush()

--- Returns the name in a question, the whole question, and the requested record type.
local function parse_question(packet)
  local labels, at = {}, 13
  while packet:byte(at) > 0 do
    local length = packet:byte(at)
    labels[#labels + 1] = packet:sub(at + 1, at + length)
    at = at + length + 1
  end
  return table.concat(labels, "."), packet:sub(13, at + 4), packet:byte(at + 2)
end

--- Returns the reply to a question, or nil if the question gets no answer.
local function answer(packet)
  local name, question, kind = parse_question(packet)
  if name == "silent.test" then
    return nil
  elseif not name:find "%.test$" then
    return packet:sub(1, 2) .. "\129\131\0\1\0\0\0\0\0\0" .. question
  end
  local found = kind == 1 and LOOPBACK_RECORD or ""
  return packet:sub(1, 2) .. "\129\128\0\1\0" .. (found ~= "" and "\1" or "\0") .. "\0\0\0\0" .. question .. found
end

local buffer = ffi.new "char[512]"
while true do
  size[0] = 16
  local length = ffi.C.recvfrom(sock, buffer, 512, 0, address, size)
  local reply = length > 12 and answer(ffi.string(buffer, length))
  if reply then
    ffi.C.sendto(sock, reply, #reply, 0, address, 16)
  end
end
