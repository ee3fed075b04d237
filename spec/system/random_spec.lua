local core = require "dataworks.core"
local native_support = require "spec.support.native"

describe("a nonce", function()
  it("has 128 bits in hexadecimal and is never repeated", function()
    local seen = {}
    for _ = 1, 10000 do
      local nonce = core.nonce()
      assert.is_nil(seen[nonce])
      seen[nonce] = true
    end
    assert.matches("^%x+$", core.nonce())
    assert.equal(32, #core.nonce())
  end)

  it("is not repeated by a forked process", function()
    local native = native_support.load()
    core.nonce()
    local of_child = native.fork(function() error(core.nonce(), 0) end)
    assert.matches("^%x+$", of_child)
    for _ = 1, 100 do assert.are_not.equal(of_child, core.nonce()) end
  end)
end)

describe("a random number", function()
  it("is in [0, 1)", function()
    for _ = 1, 1000 do
      local x = core.random()
      assert.is_true(x >= 0 and x < 1)
    end
  end)
end)

describe("the clocks", function()
  it("give seconds since 1970, and seconds that only increase", function()
    assert.is_true(math.abs(core.time() - os.time()) < 2)
    local before = core.clock()
    assert.is_true(core.clock() >= before)
  end)
end)
