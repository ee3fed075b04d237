local files = require "spec.support.files"
local json = require "dataworks.emulator.json"

describe("the emulator's JSON", function()
  it("reads and writes the documented scripts without a change", function()
    for _, name in ipairs { "mysql_to_odps", "mysql_to_odps_single_database", "task_content_offline" } do
      local text = files.read("spec/scripts/" .. name .. ".json")
      local value = json.decode(text)
      assert.same(value, json.decode(json.encode(value)))
    end
  end)

  it("writes members in the order given and leaves out nil", function()
    local value = json.object("b", 1, "x", nil, "a", json.list {}, "c", {})
    assert.equal('{"b":1,"a":[],"c":{}}', json.encode(value))
  end)

  it("keeps integers of any length exact", function()
    for _, digits in ipairs { "9007199254740993", "-9223372036854775808", "18446744073709551615" } do
      assert.equal("[" .. digits .. "]", json.encode((json.decode("[" .. digits .. "]"))))
    end
    assert.equal("[123456789012345,1.5,-0.25]", json.encode((json.decode("[123456789012345, 1.5, -25e-2]"))))
  end)

  it("writes each number so that it is read as the same number", function()
    for _, text in ipairs { "99999999999999.990", "0.1", "0.30000000000000004", "1e300", "5e-324", "1.7976931348623157e308", "1e15" } do
      local value = json.decode(text)
      assert.equal(value, tonumber(json.encode(value)), text)
    end
  end)

  it("distinguishes false and null from an absent member", function()
    local value = json.decode('{"a":false,"b":null}')
    assert.is_false(value.a)
    assert.equal(json.null, value.b)
    assert.equal('{"a":false,"b":null}', json.encode(value))
  end)

  it("writes the short escapes", function()
    assert.equal([["\n\r\t\"\\"]], json.encode "\n\r\t\"\\")
  end)

  it("reads escapes and surrogate pairs", function()
    assert.equal("a/\b\f\n\r\t\"\\é😀\0", (json.decode([["a\/\b\f\n\r\t\"\\\u00e9\ud83d\ude00\u0000"]])))
  end)

  it("escapes control characters and writes U+FFFD for bytes that are not UTF-8", function()
    assert.equal([["\u0000\u001f\"\\é😀]] .. "\239\191\189" .. 'x"', json.encode("\0\31\"\\é😀\255x"))
    assert.equal(('"%s"'):format(("\239\191\189"):rep(3)), json.encode("\237\160\128"))
  end)

  for text, message in pairs {
    [""] = "unexpected character at byte 1",
    ["[1,]"] = "unexpected character at byte 4",
    ['{"a":1,}'] = "expected a key at byte 8",
    ['{"a" 1}'] = "expected : at byte 6",
    ["01"] = "unexpected text at byte 2",
    ["1 2"] = "unexpected text at byte 3",
    ["1."] = "unexpected text at byte 2",
    ['"a'] = "unfinished string at byte 1",
    ['"\n"'] = "control character in a string at byte 2",
    ['"\\ud83d"'] = "lone surrogate at byte 3",
    ["[1e400]"] = "number out of range at byte 2",
    ["-1e400"] = "number out of range at byte 1",
    [("["):rep(300)] = "nested too deeply at byte 201",
  } do
    it("refuses " .. text:sub(1, 10):gsub("%c", "?") .. " and names the position", function()
      assert.same({ n = 2, message }, { n = select("#", json.decode(text)), select(2, json.decode(text)) })
    end)
  end
end)
