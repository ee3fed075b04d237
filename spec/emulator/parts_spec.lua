local ids = require "dataworks.emulator.ids"
local nonces = require "dataworks.emulator.gateway.nonces"

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

describe("the digests inside nginx", function()
  if not crypto then
    pending "need LuaJIT's FFI"
    return
  end

  it("are the published ones", function()
    for digest, got in pairs {
      ["a9993e364706816aba3e25717850c26c9cd0d89d"] = crypto.digest("sha1", "abc"),
      ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"] = crypto.digest("sha256", ""),
      ["66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"] = crypto.digest("sm3", "abc"),
      ["effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"] =
        crypto.hmac("sha1", "Jefe", "what do ya want for nothing?"),
    } do
      assert.equal(digest, (got:gsub(".", function(char) return ("%02x"):format(char:byte()) end)))
    end
  end)

  it("come with random bytes that differ each time", function()
    assert.equal(16, #crypto.random(16))
    assert.not_equal(crypto.random(16), crypto.random(16))
  end)
end)
