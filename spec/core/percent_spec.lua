local percent = require "dataworks.util.percent"

describe("percent-encoding", function()
  it("escapes every byte but the unreserved ones", function()
    assert.equal("Az09-._~", percent.encode "Az09-._~")
    assert.equal("a%20b%2B%2A%0D%0A%00%E5%90%8D", percent.encode "a b+*\r\n\0名")
  end)

  it("is decoded, with + as a space as in a form", function()
    assert.equal("a b+*\r\n\0名 %zz%", percent.decode "a%20b%2b%2A%0D%0A%00%E5%90%8D+%zz%")
  end)

  it("parses a query in order, with repeated names and empty values", function()
    assert.same({
      { name = "B", value = "x&y=" }, { name = "A b", value = "" }, { name = "B", value = "2" }, { name = "C", value = "" },
    }, percent.parse "B=x%26y%3D&A+b=&&B=2&C")
    assert.same({}, percent.parse "")
  end)

  it("writes a form sorted by name", function()
    assert.equal("A=1&B%3D=x%26y&C=", percent.form { C = "", ["B="] = "x&y", A = "1" })
  end)
end)
