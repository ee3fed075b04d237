local core = require "dataworks.core"
local shell = require "spec.support.shell"

local BYTES = { "", "a", "ab", "abc", "user:pass", "\0\255\254\0", ("x"):rep(100), "M\195\164dchen" }

local function printf(text)
  local octal = text:gsub(".", function(byte) return ("\\%03o"):format(byte:byte()) end)
  return ("printf '%s'"):format(octal)
end

describe("percent_encode", function()
  it("escapes every byte except the unreserved ones", function()
    assert.equal("Az09-._~", core.percent_encode "Az09-._~")
    assert.equal("a%20b%2B%2A%0D%0A%00%E5%90%8D", core.percent_encode "a b+*\r\n\0名")
    assert.equal("", core.percent_encode "")
  end)

  it("encodes each byte alone, inside a text and at its end", function()
    for byte = 0, 255 do
      local one = string.char(byte)
      local encoded = one:find "^[%w%-._~]$" and one or ("%%%02X"):format(byte)
      assert.equal(encoded, core.percent_encode(one))
      assert.equal("%20" .. encoded:rep(5), core.percent_encode(" " .. one:rep(5)))
    end
  end)

  it("refuses a text of more than 64 MiB", function()
    assert.error_matches(function() core.percent_encode(("x"):rep(64 * 1024 * 1024 + 1)) end, "too large")
  end)
end)

describe("percent_decode", function()
  it("restores the text, with + as a space as in a form", function()
    assert.equal("a b+*\r\n\0名 ", core.percent_decode "a%20b%2b%2A%0D%0A%00%E5%90%8D+")
  end)

  it("keeps a % without two hexadecimal digits", function()
    assert.equal("%zz%", core.percent_decode "%zz%")
    assert.equal("%2A%%1", core.percent_decode "%2%41%%1")
    assert.equal("%4", core.percent_decode "%4")
  end)
end)

describe("base64_encode", function()
  it("agrees with OpenSSL", function()
    for _, text in ipairs(BYTES) do
      assert.equal(shell.output(printf(text) .. " | openssl base64 -A"), core.base64_encode(text))
    end
  end)
end)

describe("digest", function()
  it("is the SHA-256 of a text in hexadecimal", function()
    for _, text in ipairs(BYTES) do
      assert.equal(shell.output(printf(text) .. " | sha256sum"):match "^%x+", core.digest(text))
    end
  end)

  it("of a table is that of its JSON text, if it has one", function()
    local value = { b = { 1, "a", core.list {} }, a = 2.5 }
    assert.equal(core.digest(core.encode(value, true)), core.digest(value))
    local digest, err = core.digest { { "\255" } }
    assert.is_nil(digest)
    assert.truthy(err.message:find("is not UTF-8", 1, true))
  end)
end)

describe("a function of texts", function()
  it("raises for other types", function()
    for _, name in ipairs {
      "percent_encode", "percent_decode", "base64_encode", "parse_date", "parse_address", "is_loopback",
    } do
      assert.error_matches(function() core[name]({}) end, "string expected, got table")
    end
    assert.error_matches(function() core.digest(true) end, "string expected, got boolean")
  end)
end)

describe("wrap_names", function()
  it("copies a list of names, or makes a table of each name", function()
    local names = { "a", "b", "c" }
    local copy = core.wrap_names(names)
    assert.same(names, copy)
    assert.not_equal(names, copy)
    assert.same({ { table = "a" }, { table = "b" }, { table = "c" } }, core.wrap_names(names, "table"))
  end)

  it("returns nothing for another table", function()
    for _, list in ipairs { {}, { "" }, { "a", 5 }, { "a", {} }, { "a", x = "b" }, { x = "b" }, { "a", [3] = "b" } } do
      assert.is_nil(core.wrap_names(list, "table"))
    end
  end)
end)
