local form = require "dataworks.protocol.form"

describe("a query or a form", function()
  it("is parsed in order, with repeated names and empty values", function()
    assert.same({
      { name = "B", value = "x&y=" }, { name = "A b", value = "" }, { name = "B", value = "2" }, { name = "C", value = "" },
    }, form.parse "B=x%26y%3D&A+b=&&B=2&C")
    assert.same({}, form.parse "")
  end)

  it("is written in the order of the names", function()
    assert.equal("A=1&B%3D=x%26y&C=", form.encode { C = "", ["B="] = "x&y", A = "1" })
  end)
end)
