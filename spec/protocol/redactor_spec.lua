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

  describe("of a long secret", function()
    local TOKEN = "CAIS/Ab+cdef==GHIjkl/MN0123"
    local redact = redactor.new { TOKEN, "short/1" }

    local function percent(text, format)
      return (text:gsub("[^%w]", function(char) return (format or "%%%02x"):format(char:byte()) end))
    end

    for name, form in pairs {
      ["in lower-case percent-encoding"] = percent(TOKEN),
      ["in lower-case percent-encoding, twice"] = percent(percent(TOKEN)),
      ["in percent-encoding, three times"] = percent(percent(percent(TOKEN))),
      ["with each byte percent-encoded"] = (TOKEN:gsub(".", function(char) return ("%%%02X"):format(char:byte()) end)),
      ["with escaped slashes of JSON"] = TOKEN:gsub("/", "\\/"),
      ["with numeric escapes of JSON"] = percent(TOKEN, "\\u%04x"),
      ["with numeric escapes of JSON for all characters"] = TOKEN:gsub(".", function(char) return ("\\u%04X"):format(char:byte()) end),
      ["with hexadecimal escapes"] = percent(TOKEN, "\\x%02x"),
      ["with decimal entities of HTML"] = percent(TOKEN, "&#%d;"),
      ["with hexadecimal entities of HTML"] = percent(TOKEN, "&#x%X;"),
      ["with entities of HTML that begin with zeros"] = percent(TOKEN, "&#x0000%x;"),
      ["with named entities of HTML"] = TOKEN:gsub("/", "&sol;"):gsub("%+", "&plus;"):gsub("=", "&equals;"),
      ["with entities of HTML in a text of JSON"] = percent(TOKEN, "\\u0026#x%x;"),
      ["in lower case"] = TOKEN:lower(),
      ["in upper case"] = TOKEN:upper(),
    } do
      it("replaces it " .. name, function()
        assert.equal("a *** b", redact("a " .. form .. " b"))
        for limit = 1, #form do
          assert.equal(limit < 3 and ("a "):sub(1, limit) .. "..." or "a ***...", redact("a " .. form .. " b", limit))
        end
      end)
    end

    it("replaces each run of 12 bytes, and no shorter one", function()
      for first = 1, #TOKEN - 11 do
        assert.equal("(***)", redact("(" .. TOKEN:sub(first, first + 11) .. ")"))
        assert.equal("(***)", redact("(" .. percent(TOKEN:sub(first, first + 11)) .. ")"))
        assert.equal("(" .. TOKEN:sub(first, first + 10) .. ")", redact("(" .. TOKEN:sub(first, first + 10) .. ")"))
      end
    end)

    it("replaces a short secret in its escaped forms, but not in another case", function()
      assert.equal("*** *** *** SHORT/1", redact "short/1 short%2f1 short\\/1 SHORT/1")
    end)

    it("replaces a secret that looks like an escape itself", function()
      local with_percent = redactor.new { "ab%41cd&amp;ef\\/gh" }
      assert.equal("***", with_percent "ab%41cd&amp;ef\\/gh")
      assert.equal("***", with_percent "ab%2541cd%26amp%3Bef%5C%2Fgh")
    end)

    it("replaces letters above ASCII that are escaped", function()
      assert.equal("*** ***", redactor.new { "p\195\164sswort-gro\195\159" } "p\\u00e4sswort-gro\\u00DF p&#228;sswort-gro&#xdf;")
    end)

    it("leaves the rest of a text as it is, with its escapes", function()
      local text = "100% of a%2Fb &amp; \\u0041 \\ %zz &#; &nothing; &#x110000; &#9999; %"
      assert.equal(text, redact(text))
      assert.equal("a%2Fb *** &amp;", redact("a%2Fb " .. TOKEN .. " &amp;"))
    end)

    it("needs time in proportion to the length of the text", function()
      for _, piece in ipairs { "%25", "&#x00000000", "\\u0026#x25;2", "&", TOKEN:sub(1, 11), TOKEN } do
        local text, started = piece:rep(math.floor(200000 / #piece)), os.clock()
        redact(text)
        assert.is_true(os.clock() - started < 20, piece)
      end
    end)
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
