local core = require "dataworks.core"

local function bytes(text)
  local address = core.parse_address(text)
  return address and { address:byte(1, -1) }
end

describe("an IP address", function()
  it("has 4 or 16 bytes, with or without brackets", function()
    assert.same({ 10, 0, 255, 1 }, bytes "10.0.255.1")
    for text, set in pairs {
      ["::"] = {}, ["::1"] = { [16] = 1 }, ["1::"] = { [2] = 1 }, ["[fe80::a:b]"] = { 0xfe, 0x80, [14] = 0xa, [16] = 0xb },
      ["2001:DB8:0:0:0:0:0:1"] = { 0x20, 0x01, 0x0d, 0xb8, [16] = 1 }, ["64:ff9b::10.1.2.3"] =
        { [2] = 0x64, [3] = 0xff, [4] = 0x9b, [13] = 10, [14] = 1, [15] = 2, [16] = 3 },
      ["1:2:3:4:5:6:7::"] = { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7 },
    } do
      local full = {}
      for i = 1, 16 do full[i] = set[i] or 0 end
      assert.same(full, bytes(text), text)
    end
  end)

  it("of IPv4 in IPv6 is the IPv4 address", function()
    assert.same({ 10, 1, 2, 3 }, bytes "::ffff:10.1.2.3")
    assert.same({ 10, 1, 2, 3 }, bytes "[::FFFF:a01:203]")
  end)

  it("is nil for any other text", function()
    for _, text in ipairs {
      "", "10.0.0", "10.0.0.0.1", "256.0.0.1", "1000.0.0.1", "10.0.0.x", "10.0.0.1 ", "a.b.c.d", ":", ":::", "1", "1:2",
      "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%eth0", "[::1", "::256.0.0.1", "::1.2.3",
      "1:2:3:4:5:6:7::8", ":1:2:3:4:5:6:7", "[10.0.0.1]:80", "[10.0.0.1]", "[]", "[", "::1\0", "10.0.0.1\0", ("1"):rep(100),
    } do
      assert.is_nil(core.parse_address(text), text)
    end
  end)

  it("is nil with a leading zero, which some programs read as octal", function()
    for _, text in ipairs { "010.0.0.1", "10.0.0.01", "127.0.0.00", "::ffff:010.0.0.1" } do
      assert.is_nil(core.parse_address(text), text)
    end
  end)
end)

describe("a loopback host", function()
  it("is localhost, 127.0.0.0/8 or ::1", function()
    for _, host in ipairs {
      "localhost", "LocalHost", "localhost.", "127.0.0.1", "127.255.0.3", "::1", "[::1]", "0:0:0:0:0:0:0:1",
      "::ffff:127.0.0.1", "[::ffff:7f00:1]",
    } do
      assert.is_true(core.is_loopback(host), host)
    end
  end)

  it("is no other host", function()
    for _, host in ipairs {
      "", ".", "localhost..", "localhost:80", "localhost:x@evil", "user@localhost", "localhost.evil", "evil.localhost", "localhos",
      "127.evil", "127.1", "127.0.0.1.", "127.0.0.1:80", "127.0.0.1.evil", "128.0.0.1", "0.0.0.0", "::", "::2", "::127.0.0.1",
      "::ffff:128.0.0.1", "localhost\0", "localhost\0.evil", "127.0.0.1\0", "[127.0.0.1]", "[localhost]",
    } do
      assert.is_false(core.is_loopback(host), host)
    end
  end)
end)
