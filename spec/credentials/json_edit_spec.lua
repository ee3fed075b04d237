local cjson = require "cjson"
local edit = require "dataworks.credentials.json_edit"

describe("changing members inside a JSON text", function()
  it("changes nothing else", function()
    for before, after in pairs {
      ['{"a":1,"b":2}'] = '{"a":"x","b":2}',
      [' { "b" : [1, {"a": 5}, "a"] , "a" : {"a": [1]} } '] = ' { "b" : [1, {"a": 5}, "a"] , "a" : "x" } ',
      ['{"big":12345678901234567890,"n":1e2,"a":null}\n'] = '{"big":12345678901234567890,"n":1e2,"a":"x"}\n',
      ['{"s":"\\"a\\":1,}","a":"}\\\\"}'] = '{"s":"\\"a\\":1,}","a":"x"}',
      ['{"\\u0061":true}'] = '{"\\u0061":"x"}',
    } do
      assert.equal(after, edit.set(before, {}, { a = "x" }))
    end
  end)

  it("finds the object at the end of a path", function()
    local text = '{"p":[{"a":1},5,[{}],{"a":2,"q":{"a":3}}]}'
    assert.equal('{"p":[{"a":9},5,[{}],{"a":2,"q":{"a":3}}]}', edit.set(text, { "p", 1 }, { a = 9 }))
    assert.equal('{"p":[{"a":1},5,[{}],{"a":9,"q":{"a":3}}]}', edit.set(text, { "p", 4 }, { a = 9 }))
    assert.equal('{"p":[{"a":1},5,[{}],{"a":2,"q":{"a":9}}]}', edit.set(text, { "p", 4, "q" }, { a = 9 }))
    assert.is_nil(edit.set(text, { "p", 2 }, { a = 9 }))
    assert.is_nil(edit.set(text, { "p", 5 }, { a = 9 }))
    assert.is_nil(edit.set(text, { "x" }, { a = 9 }))
  end)

  it("adds missing members with the layout of the others", function()
    assert.equal('{"b": "y","c": 1,"a":1}', edit.set('{"a":1}', {}, { b = "y", c = 1 }))
    assert.equal('{\n  "b": 2,\n  "a": 1\n}', edit.set('{\n  "a": 1\n}', {}, { b = 2 }))
    assert.equal('{"b": 2}', edit.set("{}", {}, { b = 2 }))
    assert.same({ a = 1, b = 2, c = 3 }, cjson.decode(edit.set("{ }", {}, { a = 1, b = 2, c = 3 })))
  end)

  it("escapes strings, and writes numbers as whole ones", function()
    local text = edit.set('{"a":1}', {}, { a = 'q"\\\n%1%0', b = 1716019750 })
    assert.same({ a = 'q"\\\n%1%0', b = 1716019750 }, cjson.decode(text))
    assert.truthy(text:find("1716019750", 1, true))
  end)

  it("changes nothing when a string is not valid UTF-8", function()
    assert.is_nil(edit.set('{"a":1}', {}, { a = "\200" }))
    assert.is_nil(edit.set("{}", {}, { a = "b", c = "\200" }))
  end)

  it("changes all members of the same name", function()
    assert.equal('{"a":9,"a":9}', edit.set('{"a":1,"a":2}', {}, { a = 9 }))
  end)
end)
