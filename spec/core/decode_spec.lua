local core = require "dataworks.core"
local dataworks = require "dataworks"
local errors = require "dataworks.error"
local shell = require "spec.support.shell"

local HAS_INTEGERS = math.type ~= nil

local function refused(text)
  local value, err = dataworks.decode(text)
  assert.is_nil(value)
  assert.is_true(errors.is(err))
  assert.equal("invalid", err.kind)
  return err
end

--- A text that is decoded and encoded is the same text.
local function is_kept(text)
  local value, err = core.decode(text)
  assert.is_nil(err, err and err.message .. text)
  assert.equal(text, core.encode(value))
end

describe("decode", function()
  it("reads each kind of JSON value", function()
    local value = dataworks.decode ' { "a" : [ true , false,null,"x",1, -2.5 ], "b":{} } '
    assert.same({ a = { true, false, dataworks.null, "x", 1, -2.5 }, b = {} }, value)
    assert.equal("x", dataworks.decode '"x"')
    assert.equal(12, dataworks.decode "12")
    assert.equal(dataworks.null, dataworks.decode "null")
    assert.is_true(dataworks.decode "true")
  end)

  it("returns false without an error for the text false", function()
    assert.same({ n = 1, false }, { n = select("#", dataworks.decode "false"), dataworks.decode "false" })
  end)

  it("keeps lists, nulls and empty tables, so that encode writes the same text", function()
    for _, text in ipairs {
      '{"a":[],"b":{},"c":[[],{}],"d":null}', "[]", "{}", "null", "[null]", '[[[[]]],{"":""}]', '"\\u0000\\n\\"\\\\/"',
      '{"type":"batch","steps":[]}',
    } do
      is_kept(text)
    end
  end)

  it("keeps the spelling of numbers that encode wrote", function()
    is_kept(core.encode {
      0, -1, 0.1, 1.5, 1e300, 5e-324, 0.1 + 0.2, 1e15, 2 ^ 53, -2 ^ 53, 2 ^ 62, 2 ^ 63, -2 ^ 63, 1e19, 1e21, 1 / 3, 2 ^ -1022,
      1.7976931348623157e308, 2 ^ -1074, 123456.789, 1e-7,
    })
  end)

  it("keeps integers of any size", function()
    for _, digits in ipairs {
      "9007199254740991", "-9007199254740992", "9007199254740993", "9223372036854775807", "-9223372036854775808",
      "9223372036854775808", "18446744073709551616", "-123456789012345678901234567890",
    } do
      is_kept("[" .. digits .. "]")
      local value = dataworks.decode(digits)
      if HAS_INTEGERS or type(value) ~= "number" then assert.equal(digits, (tostring(value):gsub("LL$", ""))) end
    end
  end)

  it("returns integers of 64 bits as the integers of this Lua", function()
    local small, large = dataworks.decode "9007199254740991", dataworks.decode "9007199254740993"
    assert.equal("number", type(small))
    assert.equal(HAS_INTEGERS and "number" or jit and "cdata" or "userdata", type(large))
    assert.is_true(large == dataworks.decode "9007199254740993")
    assert.is_false(large == dataworks.decode "9007199254740995")
    if HAS_INTEGERS then
      assert.equal("integer", math.type(large))
      assert.equal("float", math.type(dataworks.decode "1.0"))
    end
  end)

  it("returns longer integers as digits that can be compared, and that a call accepts if they are ids", function()
    local long = dataworks.decode "18446744073709551616"
    assert.equal("userdata", type(long))
    assert.is_true(long == dataworks.decode "18446744073709551616")
    assert.is_false(long == dataworks.decode "18446744073709551617")
    local client = dataworks.new { region = "cn-shanghai", access_key_id = "a", access_key_secret = "b" }
    assert.matches("FileId=9007199254740993",
      assert(client:request("GetFile", { ProjectId = 1, FileId = dataworks.decode "9007199254740993" })).body)
    local _, err = client:request("GetFile", { ProjectId = 1, FileId = long })
    assert.equal("FileId", err.path)
  end)

  it("rounds each number to the nearest double", function()
    local near = { -- text and its nearest double, which Lua's own parser reads too
      "1.7976931348623158e308", "4.9e-324", "2.4703282292062328e-324", "2.2250738585072011e-308", "9007199254740993.0",
      "0.500000000000000166533453693773481063544750213623046875", "1e23", "8.41e21", "9.5367431640625e-07",
      "123456789012345678901234567890.0", "6.02214076E+23", "0.1e-1", "1" .. ("0"):rep(300) .. ".0",
      "0." .. ("0"):rep(300) .. "1", "9007199254740992.9", "9007199254740993." .. ("0"):rep(800) .. "1",
    }
    for _, text in ipairs(near) do assert.equal(tonumber(text), dataworks.decode(text), text) end
    assert.equal(0, dataworks.decode "1e-400")
    assert.equal(0, dataworks.decode("0e" .. ("9"):rep(100)))
    assert.equal(0, dataworks.decode("1e-" .. ("9"):rep(100)))
    assert.equal(1, dataworks.decode("0." .. ("0"):rep(999) .. "1e1000"))
    assert.equal(1, dataworks.decode("1" .. ("0"):rep(1000) .. "e-1000"))
  end)

  it("refuses a number that is too large for a double", function()
    for _, text in ipairs { "1e400", "-1e400", "1.8e308", "1e" .. ("9"):rep(100), "[1e309]" } do
      assert.matches("^the text has a number that is too large at line 1", refused(text).message)
    end
  end)

  it("reads the escapes of a string, and U+FFFD for half of a surrogate pair", function()
    assert.equal('"\\/\b\f\n\r\t', dataworks.decode [["\"\\\/\b\f\n\r\t"]])
    assert.equal("A\0é€\240\159\154\128\127", dataworks.decode [["\u0041\u0000\u00e9\u20AC\ud83d\ude80\u007f"]])
    local half = "\239\191\189"
    for text, value in pairs {
      ["\\ud83d"] = half, ["\\ude80"] = half, ["\\ud83d\\ud83d\\ude80"] = half .. "\240\159\154\128",
      ["\\ude80\\ud83d"] = half .. half, ["\\ud83d\\n"] = half .. "\n", ["\\ud83d\\u0041"] = half .. "A", ["\\ud83d\\udbff"] = half .. half, ["\\udfff x"] = half .. " x",
      ["\\ud800\\udc00"] = "\240\144\128\128", ["\\udbff\\udfff"] = "\244\143\191\191",
    } do
      assert.equal(value, dataworks.decode('"' .. text .. '"'), text)
      assert.same({ [value] = 1 }, dataworks.decode('{"' .. text .. '":1}'))
    end
  end)

  it("takes the last value of a key that occurs twice, in objects of any size", function()
    assert.same({ a = 3 }, dataworks.decode '{"a":1,"a":2,"a":3}')
    local members = {}
    for i = 1, 200 do members[i] = ('"k%d":%d'):format(i % 100, i) end
    local value = dataworks.decode("{" .. table.concat(members, ",") .. "}")
    for i = 101, 200 do assert.equal(i, value["k" .. i % 100]) end
  end)

  it("skips a byte order mark, and counts it in places", function()
    assert.same({ a = 1 }, dataworks.decode '\239\187\191{"a":1}')
    assert.equal(5, refused("\239\187\191[").byte)
  end)

  for _, case in ipairs {
    { "", "is empty", 1 }, { "  ", "expected a value", 3 }, { "{", "expected a key", 2 }, { "[1,]", "expected a value", 4 },
    { "[1 2]", "expected ',' or ']'", 4 }, { '{"a" 1}', "expected ':'", 6 }, { '{"a":1,}', "expected a key", 8 },
    { '{"a":1 "b"', "expected ',' or '}'", 8 }, { "nul", "expected a value", 1 }, { "01", "begins with 0", 1 },
    { "-01", "begins with 0", 1 }, { "1.", "after its decimal point", 1 }, { "1.e5", "after its decimal point", 1 },
    { "1e", "empty exponent", 1 }, { "1e+", "empty exponent", 1 }, { "-", "expected a value", 1 }, { "+1", "expected a value", 1 },
    { ".5", "expected a value", 1 }, { "0x10", "more text", 2 }, { '"a', "no closing quote", 1 }, { '"a\\x"', "unknown escape", 3 },
    { '"\\u12g4"', "four hex digits", 2 }, { '"\\u123', "four hex digits", 2 }, { '"a\nb"', "must be escaped", 3 },
    { '"a\0b"', "must be escaped", 3 }, { "[1]]", "more text", 4 }, { "NaN", "expected a value", 1 }, { "-Infinity", "expected a value", 1 },
    { '"\\', "unknown escape", 2 }, { "[\0]", "expected a value", 2 }, { '"\\\0"', "unknown escape", 2 }, { "'a'", "expected a value", 1 },
    { "[1]\0", "more text", 4 }, { "[1] // x", "more text", 5 }, { '"\255"', "not UTF-8", 2 }, { '{"a\192\128":1}', "not UTF-8", 4 },
    { '"\237\160\128"', "not UTF-8", 2 }, { '"é\226\130"', "not UTF-8", 4 }, { "]", "expected a value", 1 }, { '{"a":}', "expected a value", 6 },
    { "{]", "expected a key", 2 }, { "[}", "expected a value", 2 }, { "{1:2}", "expected a key", 2 },
  } do
    it(("refuses %q and says where"):format(case[1]), function()
      local err = refused(case[1])
      assert.truthy(err.message:find(case[2], 1, true), err.message)
      assert.equal(case[3], err.byte)
    end)
  end

  it("gives the line and the column, in characters", function()
    local err = refused '{\n  "é€": "\240\159\154\128",\r\n\t"b": tru }'
    assert.same({ 3, 7, 29 }, { err.line, err.column, err.byte })
    assert.equal("the text is not JSON: expected a value at line 3, column 7 (byte 29)", tostring(err))
  end)

  it("limits the nesting to 128 levels", function()
    is_kept(("["):rep(128) .. ("]"):rep(128))
    is_kept(('{"a":'):rep(127) .. "[]" .. ("}"):rep(127))
    local err = refused(("["):rep(129) .. ("]"):rep(129))
    assert.matches("nested more than 128 levels deep", err.message)
    assert.equal(129, err.byte)
    assert.matches("nested more", refused(('{"a":'):rep(1e6)).message)
  end)

  it("keeps objects and lists of any size and depth", function()
    local list, object, wide = {}, {}, "1"
    for i = 1, 3000 do list[i], object["key" .. i] = i % 7 == 0 and {} or i, "value " .. i end
    is_kept(core.encode(list))
    is_kept(core.encode(object))
    -- Many values wait at each of many levels.
    for level = 1, 120 do wide = "[" .. ("0,"):rep(level) .. wide .. (",0"):rep(50) .. "]" end
    is_kept(wide)
    local names, members = {}, "1"
    for i = 1, 50 do names[i] = ('"k%02d":%d,'):format(i, i) end
    for _ = 1, 126 do members = "{" .. table.concat(names) .. '"last":' .. members .. "}" end
    is_kept(members)
    local nested = "1"
    for _ = 1, 100 do nested = '{"a":1,"b":{},"c":[],"d":' .. nested .. ',"e":2}' end
    is_kept(nested)
  end)

  it("refuses a text above 64 MiB", function()
    assert.matches("larger than 64 MiB", refused((" "):rep(64 * 1024 * 1024 + 1)).message)
  end)

  it("raises at the line of the caller for anything but a string", function()
    for _, value in ipairs { 1, {}, true } do
      local _, message = pcall(function() return dataworks.decode(value), 1 end)
      assert.matches("^%S*spec/core/decode_spec.lua:%d+: dataworks.decode: .*got a " .. type(value), message)
    end
  end)

  it("leaves the text, other values and the stack of a finalizer alone", function()
    local seen
    setmetatable({}, { __gc = function() seen = core.decode '["x\\n",[2,{"a":null}]]' end })
    if HAS_INTEGERS then -- the other Luas run no finalizers of tables
      local text = "[" .. ('{"a":"\\n","b":[1,2]},'):rep(200) .. "1]"
      repeat assert.equal(201, #core.decode(text)) until seen
      assert.same({ "x\n", { 2, { a = core.null } } }, seen)
    end
  end)
end)

describe("the memory of a decoded text #install", function()
  --- The growth of a new process, in bytes for each byte of the text, and whether the text was accepted.
  local function growth(item)
    local code = ([[
      local core = require "dataworks.core"
      local function peak() return tonumber(io.open("/proc/self/status"):read("*a"):match "VmHWM:%%s+(%%d+)") end
      local item = %q
      local text = "[" .. item:rep(math.floor(16 * 1024 * 1024 / #item)) .. "1]"
      collectgarbage()
      local refs = assert(io.open("/proc/self/clear_refs", "w"))
      assert(refs:write "5") -- forgets the peak
      refs:close()
      local before = peak()
      local value = core.decode_reply(text)
      print((peak() - before) * 1024 / #text, value ~= nil)]]):format(item)
    local output = shell.output(("%s -e %s"):format(shell.interpreter, shell.quote(code)))
    local times, accepted = output:match "^(%S+)%s+(%S+)"
    return tonumber(times), accepted == "true"
  end

  it("is at most 8 times the size of the text, or the text is refused", function()
    for _, item in ipairs { "{},", "1,", '{"a":[1]},' } do
      local times, accepted = growth(item)
      assert.is_true(times <= 8, item .. " " .. times)
      assert.is_false(accepted)
    end
  end)

  it("is enough for a long list of files", function()
    local file = '{"FileId":1000001,"FileName":"orders_to_odps","FileType":10,"Owner":"7775674356****","Content":"SHOW TABLES;",'
      .. '"CreateTime":1593879116000,"UseFlag":"NORMAL","ParentId":-1,"AutoParsing":true,"CommitStatus":0,"IsMaxCompute":false},'
    local times, accepted = growth(file)
    assert.is_true(accepted)
    assert.is_true(times <= 8, times)
  end)
end)

describe("locate", function()
  local TEXT = [==[
{ "type": "realtime",
  "steps": [
    {"a": 1},
    { "é": 0, "category": "reader", "parameter": {"a.b": {"c": 5}, "x": [1, [2, 3]], "q\n": [{}] } }
  ],
  "a": { "b": { "c": 1 } }, "a.b": { "d": 3 }
}]==]

  for path, place in pairs {
    ["TaskParam"] = "1:1", ["TaskParam.type"] = "1:3", ["TaskParam.steps"] = "2:3", ["TaskParam.steps[2]"] = "4:5",
    ["TaskParam.steps[2].category"] = "4:15", ["TaskParam.steps[2].parameter.a.b.c"] = "4:59",
    ["TaskParam.steps[2].parameter.x[2][2]"] = "4:81", ["X.steps[2].parameter.q\n[1]"] = "4:94",
    ["TaskParam.a.b.c"] = "6:17", ["TaskParam.a.b.d"] = "6:38",
    ["TaskParam.steps[2].missing"] = "4:5", ["TaskParam.steps[3]"] = "2:3", ["TaskParam.steps[2].categoryName"] = "4:5", ["TaskParam.setting.name"] = "1:1", [""] = "1:1",
    ["TaskParam.steps[2].parameter.x[2].y"] = "4:77", ["TaskParam.typ"] = "1:1", ["TaskParam.steps[21]"] = "2:3",
  } do
    it(("finds the line and the column of %q"):format(path), function()
      local line, column, byte = core.locate(TEXT, path)
      assert.equal(place, ("%d:%d"):format(line, column))
      assert.equal(line, 1 + select(2, TEXT:sub(1, byte - 1):gsub("\n", "")))
    end)
  end

  it("finds a single value, and the deepest value", function()
    assert.same({ 1, 2, 2 }, { core.locate(" 1", "Id") })
    assert.same({ 1, 2, 2 }, { core.locate(" 1", "Id.x") })
    local deep = ("["):rep(128) .. ("]"):rep(128)
    assert.same({ 1, 128, 128 }, { core.locate(deep, "a" .. ("[1]"):rep(127)) })
    assert.same({ 1, 128, 128 }, { core.locate(deep, "a" .. ("[1]"):rep(200)) })
  end)

  it("finds the last of several equal keys", function()
    assert.same({ 1, 8, 8 }, { core.locate('{"a":1,"a":2}', "x.a") })
  end)

  it("returns nothing for a text that is not JSON", function()
    assert.equal(0, select("#", core.locate('{"a":1,}', "x.a")))
  end)
end)

describe("decode_unique", function()
  it("reads as decode does, as long as no object has a key twice", function()
    for _, text in ipairs {
      "{}", "[]", '{"a":null,"b":[{"a":1},{"a":2}],"c":{"a":9007199254740993}}', '[{"a":1},{"a":1}]', '"x"', "18446744073709551616",
    } do
      assert.equal(text, core.encode((core.decode_unique(text))))
    end
    local members = {}
    for i = 1, 3000 do members[i] = ('"%d":{"a":[%d]}'):format(i, i) end
    local many = core.decode_unique("{" .. table.concat(members, ",") .. "}")
    for i = 1, 3000 do assert.equal(i, many[tostring(i)].a[1]) end
  end)

  it("refuses a key that an object has twice, with the key and its place", function()
    for text, expected in pairs {
      ['{"a":1,\n  "a":2}'] = { '"a"', 2, 3, 11 }, ['{"a":null,"b":{},"a":{}}'] = { '"a"', 1, 18, 18 }, ['[{"a":false,"\\u0061":0}]'] = { '"\\u0061"', 1, 13, 13 },
      ['{"b":{"x":{"é":1,"é":[}'] = { '"é"', 1, 18, 19 }, ['{"\\"":1,"\\"":2}'] = { '"\\""', 1, 9, 9 }, ['{"":1,"":2}'] = { '""', 1, 7, 7 },
    } do
      local value, err = core.decode_unique(text)
      assert.same({ nil, "invalid", expected[2], expected[3], expected[4] }, { value, err.kind, err.line, err.column, err.byte }, text)
      assert.equal(("has the key %s twice at line %d, column %d (byte %d)"):format(expected[1], expected[2], expected[3], expected[4]), err.message)
    end
  end)

  it("shows the beginning of a long key, in whole characters", function()
    local key = ("é"):rep(3000)
    local _, err = core.decode_unique(('{"%s":1,"%s":2}'):format(key, key))
    assert.equal(('has the key "%s..." twice'):format(("é"):rep(49)), err.message:match "^(.*) at line")
  end)

  it("is for files only: a reply may have a key twice", function()
    assert.same({ a = 2 }, core.decode_reply '{"a":1,"a":2}')
    assert.same({ a = 2 }, dataworks.decode '{"a":1,"a":2}')
  end)
end)
