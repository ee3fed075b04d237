local redactor = require "dataworks.protocol.redactor"

describe("a redactor", function()
  it("replaces secrets, plain and percent-encoded once or twice, and no other word", function()
    local redact = redactor.new { "se/cret+1", "to+ken%1==" }
    assert.equal("a *** b *** c *** d ***", redact "a se/cret+1 b to+ken%1== c se%2Fcret%2B1 d to%252Bken%25251%253D%253D")
    assert.equal("secret token", redact "secret token")
  end)

  it("ignores a secret so short that it would match parts of words", function()
    assert.equal("the art", redactor.new { "a", "" } "the art")
  end)
end)
