local http1 = require "dataworks.transport.http1"

-- Reads from a source that yields the text in pieces of a size, and then ends.
local function read(text, size, max_bytes, ending)
  local at = 1
  local source = http1.source(function()
    if at > #text then return nil, ending or "closed" end
    local piece = text:sub(at, at + size - 1)
    at = at + size
    return piece
  end)
  return http1.read(source, max_bytes or 1000)
end

local function show(reply, keep)
  if not reply then return keep.why .. ": " .. keep.message end
  return ("%d %s %s"):format(reply.status, reply.body, tostring(keep))
end

local OK = "HTTP/1.1 200 OK\r\n"

describe("an HTTP/1 reply", function()
  local cases = {
    { OK .. "Content-Length: 3\r\n\r\nabc", "200 abc true" },
    { OK .. "Content-Length: 3, 3\r\n\r\nabc", "200 abc true" },
    { OK .. "Content-Length: 3\r\ncontent-length:3\r\n\r\nabc", "200 abc true" },
    { OK .. "Content-Length: 0\r\nConnection: close\r\n\r\n", "200  false" },
    { OK .. "Content-Length: 0\r\nConnection: x, Close\r\n\r\n", "200  false" },
    { "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "200 a false" },
    { "HTTP/1.1 204 \r\n\r\n", "204  true" },
    { "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "204  true" },
    { "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204  false" },
    { "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "204  false" },
    { "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304  false" },
    { "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200  true" },
    { OK .. "\r\nto the end", "200 to the end false" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: t\r\n\r\n", "200 abcde true" },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n" .. OK .. "Content-Length: 0\r\n\r\n", "200  true" },
    { OK .. "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "malformed: the reply's Content-Length is not a length" },
    { OK .. "Content-Length: 3,\r\n\r\nabc", "malformed: the reply's Content-Length is not a length" },
    { OK .. "Content-Length: +3\r\n\r\nabc", "malformed: the reply's Content-Length is not a length" },
    { OK .. "Content-Length: 3 3\r\n\r\nabc", "malformed: the reply's Content-Length is not a length" },
    { OK .. "Content-Length:\r\n\r\nabc", "malformed: the reply's Content-Length is not a length" },
    { OK .. "Content-Length: -1\r\n\r\n", "malformed: the reply's Content-Length is not a length" },
    { OK .. "Content-Length: 0x1\r\n\r\n", "malformed: the reply's Content-Length is not a length" },
    { OK .. "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "malformed: the reply has both a Content-Length and a Transfer-Encoding" },
    { OK .. "Transfer-Encoding: gzip, chunked\r\n\r\n", "malformed: the reply has a Transfer-Encoding other than chunked" },
    { OK .. "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      "malformed: the reply has a Transfer-Encoding other than chunked" },
    { OK .. "Transfer-Encoding:\r\n\r\n", "malformed: the reply has a Transfer-Encoding other than chunked" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n3;x\ry\r\nabc\r\n0\r\n\r\n", "malformed: a chunk of the reply has no valid size" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
      "malformed: a line of the reply's chunks does not end with CR LF" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n", "malformed: a chunk of the reply has no valid size" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n3x\r\nabc\r\n0\r\n\r\n", "malformed: a chunk of the reply has no valid size" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\nno trailer\r\n\r\n",
      "malformed: a header of the reply has no valid name" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", "malformed: a chunk of the reply is longer than its size" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", "malformed: a chunk of the reply has no valid size" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "malformed: a chunk of the reply has no valid size" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", "malformed: the reply is larger than 1000 bytes" },
    { OK .. "Content-Length: 1001\r\n\r\n", "malformed: the reply is larger than 1000 bytes" },
    { OK .. "\r\n" .. ("x"):rep(1001), "malformed: the reply is larger than 1000 bytes" },
    { OK .. "A: b\n\r\n", "malformed: a line of the reply's headers does not end with CR LF" },
    { OK .. "A : b\r\n\r\n", "malformed: a header of the reply has no valid name" },
    { OK .. " folded\r\n\r\n", "malformed: a header of the reply has no valid name" },
    { OK .. "A: b\0c\r\n\r\n", "malformed: a header of the reply contains a control character" },
    { "HTTP/2 200\r\n\r\n", "malformed: the reply is not HTTP/1" },
    { "garbage", "malformed: the reply is not HTTP/1" },
    { "HTTP/", "lost: the reply ends within its headers" },
    { "HTTP/1.1 100 Continue\r\n\r\ngarbage", "malformed: the reply is not HTTP/1" },
    { "HTTP/1.1 20\r\n\r\n", "malformed: the reply is not HTTP/1" },
    { "HTTP/1.1 200\0\r\nContent-Length: 0\r\n\r\n", "malformed: the reply is not HTTP/1" },
    { "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n", "malformed: the reply is not HTTP/1" },
    { " " .. OK .. "Content-Length: 0\r\n\r\n", "malformed: the reply is not HTTP/1" },
    { "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabc\r\n" .. OK .. "Content-Length: 0\r\n\r\n",
      "malformed: the reply is not HTTP/1" },
    { OK .. ": b\r\n\r\n", "malformed: a header of the reply has no valid name" },
    { OK .. "A: b\r\r\n\r\n", "malformed: a header of the reply contains a control character" },
    { "HTTP/1.1 2000\r\n\r\n", "malformed: the reply is not HTTP/1" },
    { "HTTP/1.1 101 Switching\r\n\r\n", "malformed: the reply has the status 101" },
    { "HTTP/1.1 099 Odd\r\n\r\n", "malformed: the reply has the status 99" },
    { "", "lost: the connection ended without a reply" },
    { "HTTP/1.1", "lost: the reply ends within its headers" },
    { OK .. "Content-Length: 3\r\n\r\nab", "lost: the reply ends after 2 of 3 bytes" },
    { OK .. "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "lost: the reply ends within its trailer" },
  }

  it("reads the same however its bytes are split", function()
    for _, case in ipairs(cases) do
      for _, size in ipairs { 1, 2, 3, 7, 10000 } do
        assert.equal(case[2], show(read(case[1], size)), ("%q by %d"):format(case[1], size))
      end
    end
  end)

  it("has at most 64 KiB and 128 headers, also in the heads before the final one", function()
    local early, ending = "HTTP/1.1 103 Early\r\nA: b\r\n\r\n", "Content-Length: 0\r\n\r\n"
    local filler = ("x"):rep(64 * 1024 - #(early .. OK .. "A: \r\n" .. ending))
    local headers = ("A: b\r\n"):rep(126)
    for _, size in ipairs { 1000, 100000 } do
      assert.equal("200  true", show(read(early .. OK .. "A: " .. filler .. "\r\n" .. ending, size)))
      assert.equal("malformed: the reply's headers are larger than 65536 bytes",
        show(read(early .. OK .. "A: " .. filler .. "x\r\n" .. ending, size)))
      assert.equal("200  true", show(read(early .. OK .. headers .. ending, size)))
      assert.equal("malformed: the reply has more than 128 headers", show(read(early .. OK .. "A: b\r\n" .. headers .. ending, size)))
    end
  end)

  it("joins headers of one name, and names them in lower case", function()
    assert.same({ ["x-a"] = "1, 2", ["content-length"] = "0" }, read(OK .. "X-A: 1\r\nx-a:  2 \r\nContent-Length: 0\r\n\r\n", 5).headers)
  end)

  it("does not keep a connection with bytes after the reply", function()
    assert.equal("200 a false", show(read(OK .. "Content-Length: 1\r\n\r\nab", 10000)))
  end)

  it("is incomplete when the connection breaks instead of closing", function()
    assert.equal("lost: the connection broke after 1 bytes of the reply", show(read(OK .. "\r\na", 10000, 1000, "connection reset by peer")))
  end)

  it("takes memory in proportion to its size, even in chunks of one byte", function()
    local text = OK .. "Transfer-Encoding: chunked\r\n\r\n" .. ("1\r\nx\r\n"):rep(20000) .. "0\r\n\r\n"
    collectgarbage()
    collectgarbage "stop"
    local before = collectgarbage "count"
    local reply = read(text, #text, 20000)
    local taken = collectgarbage "count" - before
    collectgarbage "restart"
    assert.equal(20000, #reply.body)
    assert.is_true(taken < 20000, taken)
  end)

  it("gives a reply or a reason for any bytes", function()
    local seed = 7
    local function random(n)
      seed = (seed * 16807) % 2147483647
      return seed % n + 1
    end
    local whole = OK .. "Transfer-Encoding: chunked\r\nX: y\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    for _ = 1, 3000 do
      local at = random(#whole)
      local damaged = whole:sub(1, at - 1) .. string.char(random(256) - 1) .. whole:sub(at + random(3) - 1)
      local reply, why = read(damaged, random(9))
      assert.is_true(reply ~= nil or why.why == "malformed" or why.why == "lost", damaged)
    end
  end)
end)
