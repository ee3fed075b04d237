local ids = require "dataworks.emulator.ids"

describe("the next id", function()
  it("is one more, with any number of digits", function()
    for id, following in pairs {
      ["0"] = "1", ["9"] = "10", ["1000001"] = "1000002", ["1099"] = "1100", ["999"] = "1000", ["007"] = "008",
      ["9007199254740992"] = "9007199254740993", ["18446744073709551615"] = "18446744073709551616",
      [("9"):rep(40)] = "1" .. ("0"):rep(40),
    } do
      assert.equal(following, ids.next(id))
    end
  end)
end)
