local percent = require "dataworks.percent"

describe("percent-encoding", function()
  it("escapes every byte but the unreserved ones", function()
    assert.equal("Az09-._~", percent.encode "Az09-._~")
    assert.equal("a%20b%2B%2A%0D%0A%00%E5%90%8D", percent.encode "a b+*\r\n\0名")
  end)

  it("writes a form with its names in order", function()
    assert.equal("A=1&B%3D=x%26y&C=", percent.form { C = "", ["B="] = "x&y", A = "1" })
  end)
end)
