-- The small modules of the emulator.

local dates = require "dataworks.emulator.dates"
local encoding = require "dataworks.emulator.encoding"
local ids = require "dataworks.emulator.ids"
local nonces = require "dataworks.emulator.gateway.nonces"
local query = require "dataworks.emulator.query"

local crypto = rawget(_G, "jit") and require "dataworks.emulator.digest"

describe("a nonce memory", function()
  it("remembers for a whole window and forgets after two", function()
    local memory = nonces.new(100)
    assert.is_true(memory:add("a", 0))
    assert.is_false(memory:add("a", 99))
    assert.is_true(memory:add("b", 100))
    assert.is_false(memory:add("a", 150))
    assert.is_false(memory:add("b", 200))
    assert.is_true(memory:add("a", 201))
    assert.is_true(memory:add("b", 1000))
  end)
end)

describe("ids", function()
  it("count up through any number of digits", function()
    for before, after in pairs {
      ["0"] = "1", ["9"] = "10", ["999999999999999"] = "1000000000000000",
      ["9007199254740992"] = "9007199254740993", ["9223372036854775799"] = "9223372036854775800",
    } do
      assert.equal(after, ids.next(before))
    end
  end)
end)

describe("the emulator's dates", function()
  it("parse and format the form of signatures", function()
    for text, seconds in pairs {
      ["1970-01-01T00:00:00Z"] = 0, ["2024-02-29T23:59:59Z"] = 1709251199, ["2026-11-24T09:24:00Z"] = 1795512240,
    } do
      assert.equal(seconds, dates.parse(text))
      assert.equal(text, dates.format(seconds))
    end
    assert.equal("2026-11-24 09:24:00", dates.format_plain(1795512240.9))
  end)

  it("refuse other forms, and days and times that do not exist", function()
    for _, text in ipairs {
      "", "2026-11-24 09:24:00", "2026-11-24T09:24:00", "2026-11-24T09:24:00+08:00", "2023-02-29T00:00:00Z",
      "2026-13-01T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T09:24:60Z",
    } do
      assert.is_nil(dates.parse(text), text)
    end
  end)
end)

describe("the emulator's encodings", function()
  it("write base64 with padding", function()
    for bytes, text in pairs { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", ["\255\254\0"] = "//4A" } do
      assert.equal(text, encoding.base64(bytes))
    end
  end)

  it("percent-encode all bytes but the unreserved ones", function()
    assert.equal("a-Z_0.9~%20%2B%2A%25%E4%B8%AD", encoding.percent_encode "a-Z_0.9~ +*%中")
    assert.equal("a-Z_0.9~ +*%中", encoding.percent_decode "a-Z_0.9~%20%2B%2a%25%E4%B8%AD")
  end)

  it("read a query in the order sent and write it in canonical order", function()
    local list = query.parse "b=2&a=x+y%2B&a=&c"
    assert.same({ { "b", "2" }, { "a", "x y+" }, { "a", "" }, { "c", "" } }, list)
    assert.equal("a=&a=x%20y%2B&b=2&c=", query.canonical(list))
  end)
end)

describe("the digests inside nginx", function()
  if not crypto then
    pending "need LuaJIT's FFI"
    return
  end

  it("equal the published ones", function()
    for _, row in ipairs {
      { "a9993e364706816aba3e25717850c26c9cd0d89d", crypto.digest("sha1", "abc") },
      { "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", crypto.digest("sha256", "") },
      { "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", crypto.digest("sm3", "abc") },
      { "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", crypto.hmac("sha1", "Jefe", "what do ya want for nothing?") },
      { "a9993e364706816aba3e25717850c26c9cd0d89d", crypto.digest("sha1", { "a", "", "bc" }) },
      { "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", crypto.hmac("sha1", "Jefe", { "what do ya ", "want for nothing?" }) },
    } do
      assert.equal(row[1], encoding.hex(row[2]))
    end
  end)

  it("come with random bytes that differ each time", function()
    local seen = {}
    for i = 1, 1000 do
      local bytes = crypto.random(16)
      assert.equal(16, #bytes)
      assert.is_nil(seen[bytes], i)
      seen[bytes] = true
    end
  end)

  it("are of no algorithm that libcrypto lacks", function()
    assert.has_error(function() crypto.digest("sha0", "abc") end, "libcrypto has no digest sha0")
    assert.has_error(function() crypto.hmac("sha0", "key", "abc") end, "libcrypto has no digest sha0")
  end)

  it("need a libcrypto, whatever its version", function()
    local ffi, name = require "ffi", "dataworks.emulator.digest"
    local libcrypto = ffi.load "libcrypto.so.3"
    finally(function() package.loaded.ffi, package.loaded[name] = ffi, crypto end)
    -- An ffi with these libraries only.
    local function load_with(libraries)
      package.loaded[name] = nil
      package.loaded.ffi = setmetatable({
        C = setmetatable({}, { __index = function() error "missing symbol" end }), cdef = function() end,
        load = function(library) return libraries[library] or error "cannot open" end,
      }, { __index = ffi })
      return require(name)
    end
    for _, library in ipairs { "libcrypto.so.3", "libcrypto.so.1.1", "crypto" } do
      assert.equal(crypto.digest("sha1", "abc"), load_with({ [library] = libcrypto }).digest("sha1", "abc"))
    end
    assert.has_error(function() load_with {} end, "libcrypto was not found")
  end)
end)
