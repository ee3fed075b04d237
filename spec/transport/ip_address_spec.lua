local address = require "dataworks.transport.ip_address"

describe("an IP address", function()
  it("is four bytes, or sixteen, with brackets or without", function()
    assert.equal("\10\0\255\1", address.parse "10.0.255.1")
    for text, bytes in pairs {
      ["::"] = {}, ["::1"] = { [16] = 1 }, ["1::"] = { [2] = 1 }, ["[fe80::a:b]"] = { 0xfe, 0x80, [14] = 0xa, [16] = 0xb },
      ["2001:DB8:0:0:0:0:0:1"] = { 0x20, 0x01, 0x0d, 0xb8, [16] = 1 }, ["64:ff9b::10.1.2.3"] =
        { [2] = 0x64, [3] = 0xff, [4] = 0x9b, [13] = 10, [14] = 1, [15] = 2, [16] = 3 },
      ["1:2:3:4:5:6:7::"] = { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7 },
    } do
      local expected = {}
      for i = 1, 16 do expected[i] = string.char(bytes[i] or 0) end
      assert.equal(table.concat(expected), address.parse(text), text)
    end
  end)

  it("is IPv4 when it is mapped into IPv6", function()
    assert.equal("\10\1\2\3", address.parse "::ffff:10.1.2.3")
    assert.equal("\10\1\2\3", address.parse "[::FFFF:a01:203]")
  end)

  it("is nil for any other text", function()
    for _, text in ipairs {
      "", "10.0.0", "10.0.0.0.1", "256.0.0.1", "1000.0.0.1", "10.0.0.x", "10.0.0.1 ", "a.b.c.d", ":", ":::", "1", "1:2",
      "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%eth0", "[::1", "::256.0.0.1", "::1.2.3",
      "1:2:3:4:5:6:7::8", ":1:2:3:4:5:6:7", "[10.0.0.1]:80",
    } do
      assert.is_nil(address.parse(text), text)
    end
  end)

  it("is within a range when the first bits agree", function()
    local base = address.parse "10.128.0.0"
    assert.is_true(address.is_within(address.parse "10.191.3.4", base, 10))
    assert.is_false(address.is_within(address.parse "10.192.0.0", base, 10))
    assert.is_true(address.is_within(address.parse "11.0.0.0", base, 7))
    assert.is_false(address.is_within(address.parse "12.0.0.0", base, 7))
    assert.is_true(address.is_within(address.parse "1.2.3.4", base, 0))
    assert.is_true(address.is_within(base, base, 32))
    assert.is_false(address.is_within(address.parse "10.128.0.1", base, 32))
    assert.is_false(address.is_within(base, base, 33))
    assert.is_false(address.is_within(base, address.parse "::", 0))
    assert.is_true(address.is_within(address.parse "2001:db8:7fff::1", address.parse "2001:db8::", 33))
    assert.is_false(address.is_within(address.parse "2001:db8:8000::1", address.parse "2001:db8::", 33))
  end)
end)

describe("a loopback host", function()
  it("is localhost, 127.0.0.0/8 or ::1, in any spelling", function()
    for _, host in ipairs {
      "localhost", "LOCALHOST", "localhost.", "LOCALHOST.", "127.0.0.1", "127.255.0.3", "::1", "[::1]",
      "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "[::FFFF:7f00:1]",
    } do
      assert.is_true(address.is_loopback(host), host)
    end
  end)

  it("is no name or user that only begins like one", function()
    for _, host in ipairs {
      "localhost:x@evil", "localhost:8443", "localhost@evil", "localhost.evil.com", "localhost..", "127.0.0.1.evil.com",
      "127.0.0.1.", "127.0.0", "127.1", "128.0.0.1", "::2", "[::1", "::1%lo", "a.localhost", "notlocalhost", "",
    } do
      assert.is_false(address.is_loopback(host), host)
    end
  end)
end)
