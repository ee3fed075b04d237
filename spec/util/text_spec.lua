local texts = require "dataworks.util.text"

describe("trimming", function()
  it("removes blanks at the end, or at both ends", function()
    for text, trimmed in pairs {
      [""] = "", [" \t\r\n"] = "", ["a"] = "a", [" a b\t\n"] = "a b", ["\n\0a\0 "] = "\0a\0", ["\194\160a "] = "\194\160a",
    } do
      assert.equal(trimmed, texts.trim(text))
      assert.equal(trimmed, texts.trim(texts.trim_end(text)))
    end
    assert.equal(" a b", texts.trim_end " a b\t\n")
  end)
end)

describe("the length of a cut text", function()
  it("is that of whole characters", function()
    assert.equal(2, texts.cut_length("éé", 2))
    assert.equal(2, texts.cut_length("éé", 3))
    assert.equal(4, texts.cut_length("éé", 4))
    assert.equal(3, texts.cut_length("abc", 9))
    assert.equal(0, texts.cut_length("", 9))
  end)

  it("is the limit when the text is not UTF-8", function()
    assert.is_true(texts.cut_length(("\128"):rep(100), 50) >= 46)
  end)
end)
