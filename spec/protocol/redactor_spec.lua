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

  it("replaces secrets that overlap as one", function()
    assert.equal("a *** b", redactor.new { "secret-1", "et-1-more" } "a secret-1-more b")
    assert.equal("a *** b", redactor.new { "secret", "secret-1" } "a secret-1 b")
    assert.equal("******", redactor.new { "secret-1", "secret-2" } "secret-1secret-2")
  end)

  describe("with a limit", function()
    local SECRET = "se/cret+1"
    local redact = redactor.new { SECRET, "another-secret" }

    it("cuts a longer text, between characters", function()
      assert.equal("12345", redact("12345", 5))
      assert.equal("12345...", redact("123456", 5))
      assert.equal("é...", redact("ééé", 3))
      assert.equal("1 *** 2...", redact("1 se/cret+1 2 3", 13))
    end)

    it("leaves no part of a secret, wherever the cut is", function()
      for _, form in ipairs { SECRET, "se%2Fcret%2B1", "se%252Fcret%252B1", "another-secret" } do
        local text = "before " .. form .. " after"
        for limit = 1, #text do
          local shown = redact(text, limit)
          local expected = limit <= 7 and ("before "):sub(1, limit) or "before ***" .. (" after"):sub(1, math.max(limit - 7 - #form, 0))
          assert.equal(limit == #text and expected or expected .. "...", shown, form .. " cut at " .. limit)
        end
      end
    end)

    it("leaves no part of secrets behind one another", function()
      local text = (SECRET .. "another-secret"):rep(10)
      for limit = 1, #text do
        assert.matches("^[*.]+$", redact(text, limit))
      end
    end)

    it("does not look at the rest of the text", function()
      local text = (SECRET .. " "):rep(100000)
      local started = os.clock()
      for _ = 1, 100 do redact(text, 100) end
      assert.is_true(os.clock() - started < 1)
    end)
  end)
end)
