local ids = require "dataworks.util.ids"

describe("an id", function()
  it("is written in decimal digits, whatever its type", function()
    assert.same({ "12", "12", "9007199254740993" }, { ids.text(12), ids.text(12.0), ids.text "9007199254740993" })
    if math.type then
      assert.equal("9223372036854775807", ids.text(math.maxinteger))
    elseif rawget(_G, "jit") then
      assert.equal("9007199254740993", ids.text(require("ffi").new("int64_t", 9007199254740992) + 1))
    end
  end)

  it("is read as the best number that this Lua has", function()
    assert.equal(10, ids.native "10")
    local big = ids.native "9007199254740993"
    assert.equal("9007199254740993", ids.text(big))
    assert.equal(math.type and "number" or "string", type(big))
    assert.equal("9223372036854775808", ids.native "9223372036854775808")
    assert.equal("-9223372036854775809", ids.native "-9223372036854775809")
  end)

  it("is copied as text, with the texts beside it", function()
    assert.same({ FileId = "12", TaskType = "DI_REALTIME" }, ids.texts { FileId = 12.0, TaskType = "DI_REALTIME" })
  end)
end)
