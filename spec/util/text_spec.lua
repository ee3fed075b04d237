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

describe("an escaped text", function()
  for what, case in pairs {
    ["keeps letters of all languages"] = { "Zoë, Straße, 数据集成, 😀, ~", "Zoë, Straße, 数据集成, 😀, ~" },
    ["escapes control characters"] = { "a\n\r\t\0\27[31m\127", "a\\n\\r\\t\\x00\\x1b[31m\\x7f" },
    ["escapes control characters above ASCII"] = { "\194\133 \194\155 \194\160", "\\u{85} \\u{9b} \194\160" },
    ["escapes marks of direction"] = { "\226\128\174gpj \216\156 \226\129\166 \226\128\143", "\\u{202e}gpj \\u{61c} \\u{2066} \\u{200f}" },
    ["escapes separators of lines"] = { "\226\128\168\226\128\169", "\\u{2028}\\u{2029}" },
    ["escapes bytes that are not UTF-8"] = { "a\255b \128\128 \195 \195(", "a\\xffb \\x80\\x80 \\xc3 \\xc3(" },
    ["escapes what follows a complete character"] = { "é\128x", "é\\x80x" },
    ["escapes longer forms of a character"] = { "\192\175 \224\128\175 \240\128\128\175", "\\xc0\\xaf \\xe0\\x80\\xaf \\xf0\\x80\\x80\\xaf" },
    ["escapes halves of surrogate pairs"] = { "\237\160\128", "\\xed\\xa0\\x80" },
    ["escapes code points above the last one"] = { "\244\143\191\191\244\144\128\128", "\244\143\191\191\\xf4\\x90\\x80\\x80" },
    ["keeps the first character of each length"] = { "\194\161\224\160\128\240\144\128\128", "\194\161\224\160\128\240\144\128\128" },
  } do
    it(what, function() assert.equal(case[2], texts.escape(case[1])) end)
  end
end)
