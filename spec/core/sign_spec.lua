local core = require "dataworks.core"
local files = require "spec.support.files"

local function from_base64(text)
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  local bytes = {}
  for a, b, c, d in text:gmatch("(.)(.)(.)(.)") do
    local bits = 0
    for _, char in ipairs { a, b, c, d } do
      bits = bits * 64 + ((alphabet:find(char, 1, true) or 1) - 1)
    end
    local group = string.char(math.floor(bits / 65536), math.floor(bits / 256) % 256, bits % 256)
    bytes[#bytes + 1] = group:sub(1, d ~= "=" and 3 or c ~= "=" and 2 or 1)
  end
  return table.concat(bytes)
end

describe("sign", function()
  for _, vector in ipairs(files.json("spec/vectors/acs3.json").vectors) do
    it("agrees with the ACS3 vector " .. vector.id .. " at each stage", function()
      vector.body = from_base64(vector.body_base64 or "")
      local got = assert(core.sign(vector))
      assert.equal(vector.canonical_request, got.canonical_request)
      assert.equal(vector.string_to_sign, got.string_to_sign)
      assert.equal(vector.signature, got.signature)
      assert.equal(vector.authorization, got.authorization)
    end)
  end

  for _, vector in ipairs(files.json("spec/vectors/rpc.json").vectors) do
    it("agrees with the HMAC-SHA1 vector " .. vector.id .. " at each stage", function()
      local got = assert(core.sign(vector))
      assert.equal(vector.string_to_sign, got.string_to_sign)
      assert.equal(vector.signature, got.signature)
    end)
  end

  local function acs3(changes)
    local fields = {
      method = "POST", access_key_id = "id", access_key_secret = "secret",
      headers = { host = "example.com", ["x-acs-action"] = "A" },
    }
    for name, value in pairs(changes) do fields[name] = value end
    return fields
  end

  it("signs only host, content-type and x-acs-*, in lower case, trimmed and sorted", function()
    local got = assert(core.sign(acs3 {
      headers = { Host = " example.com\t", ["X-ACS-B"] = "2", ["x-acs-a"] = "1", ["Content-Type"] = "t/x", accept = "z" },
    }))
    assert.matches("\ncontent%-type:t/x\nhost:example.com\nx%-acs%-a:1\nx%-acs%-b:2\n\n", got.canonical_request)
    assert.matches("SignedHeaders=content%-type;host;x%-acs%-a;x%-acs%-b,", got.authorization)
  end)

  it("signs 100 KB values and NUL bytes", function()
    local value = ("\0\r\n\240\159\154\128"):rep(15000)
    local got = assert(core.sign(acs3 { query = { Value = value } }))
    assert.truthy(got.canonical_request:find("Value=%00%0D%0A%F0%9F%9A%80%00%0D%0A", 1, true))
    local rpc = assert(core.sign { algorithm = "HMAC-SHA1", method = "POST", params = { Value = value }, access_key_secret = "s" })
    assert.truthy(rpc.string_to_sign:find("Value%3D%2500%250D%250A%25F0%259F%259A%2580", 1, true))
  end)

  it("writes whole numbers without point or exponent, and booleans as words", function()
    local got = assert(core.sign(acs3 { query = { a = 10000, b = 1e15, c = true } }))
    assert.truthy(got.canonical_request:find("\na=10000&b=1000000000000000&c=true\n", 1, true))
  end)

  for name, value in pairs { CR = "a\rb", LF = "a\nb", NUL = "a\0b" } do
    it("refuses a header with " .. name .. " and names it", function()
      local got, err = core.sign(acs3 { headers = { host = "example.com", ["x-acs-action"] = value } })
      assert.is_nil(got)
      assert.equal("invalid", err.kind)
      assert.equal("headers.x-acs-action", err.path)
      assert.matches("byte 2", err.message)
    end)
  end

  it("refuses headers whose names differ by case only", function()
    local got, err = core.sign(acs3 { headers = { host = "example.com", Host = "example.org" } })
    assert.is_nil(got)
    assert.equal("headers.host", err.path)
  end)

  it("raises for misuse", function()
    assert.error_matches(function() core.sign(acs3 { algorithm = "ACS3-MD5" }) end, "HMAC%-SHA1, got ACS3%-MD5")
    assert.error_matches(function() core.sign(acs3 { query = { a = {} } }) end, "query.a must be a string, a number or a boolean, got table")
    assert.error_matches(function() core.sign(acs3 { query = { a = 1.5 } }) end, "must be whole")
    assert.error_matches(function() core.sign { method = "POST" } end, "access_key_secret must be a string, got nil")
    assert.error_matches(function() core.sign("text") end, "table expected")
  end)

  it("accepts an empty secret", function()
    local one = assert(core.sign(acs3 { access_key_secret = "" }))
    assert.not_equal(one.signature, assert(core.sign(acs3 {})).signature)
  end)

  it("signs with SM3", function()
    local one, other = assert(core.sign(acs3 { algorithm = "ACS3-HMAC-SM3" })), assert(core.sign(acs3 {}))
    assert.matches("^ACS3%-HMAC%-SM3\n%x+$", one.string_to_sign)
    assert.not_equal(one.signature, other.signature)
    assert.equal(64, #one.signature)
  end)
end)
