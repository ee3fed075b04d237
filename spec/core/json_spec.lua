local core = require "dataworks.core"
local cjson = require "cjson"

local integers = math.type ~= nil
local unpack = table.unpack or unpack

describe("encode", function()
  local function refused(value)
    local text, err = core.encode(value)
    assert.is_nil(text)
    assert.equal("invalid", err.kind)
    return err
  end

  it("writes each kind of JSON value", function()
    assert.equal('{"a":true,"b":false,"c":null,"d":"x","e":[1,[]],"f":{}}',
      core.encode { a = true, b = false, c = core.null, d = "x", e = { 1, core.list {} }, f = {} })
    assert.equal('"x"', core.encode "x")
    assert.equal("null", core.encode(cjson.null))
  end)

  it("escapes only quotes, backslashes and control characters", function()
    assert.equal([["\"\\\b\f\n\r\t\u0000\u001f/é🚀]] .. "\127" .. '"', core.encode('"\\\b\f\n\r\t\0\31/é🚀\127'))
  end)

  it("finds a byte that needs an escape at each place of a text of each length", function()
    local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\0"] = "\\u0000", ["\31"] = "\\u001f", ["\127"] = "\127", ["é"] = "é" }
    for byte, escape in pairs(escapes) do
      for _, before in ipairs { 0, 1, 7, 8, 9, 16 } do
        for _, after in ipairs { 0, 1, 6, 7, 8 } do
          local left, right = ("a"):rep(before), ("~"):rep(after)
          local text = '"' .. left .. escape .. right .. '"'
          assert.equal(text, core.encode(left .. byte .. right))
          assert.equal(left .. byte .. right, core.decode(text))
        end
      end
    end
  end)

  it("writes equal tables as equal text, whatever the order of insertion", function()
    local one, other = {}, {}
    for i = 1, 200 do one["k" .. i] = i end
    for i = 200, 1, -1 do other["k" .. i] = i end
    assert.equal(core.encode(one), core.encode(other))
    assert.matches('^{"k1":1,"k10":10,"k100":100,', core.encode(one))
  end)

  it("writes integral floats as integers, others as the shortest text that reads back the same", function()
    assert.equal("[1,1000000000000000,-3,0]", core.encode { 1.0, 1e15, -3.0, 0.0 })
    assert.equal("[0.1,1.5,1e+300,5e-324,0.30000000000000004]", core.encode { 0.1, 1.5, 1e300, 5e-324, 0.1 + 0.2 })
    assert.equal("9223372036854774784", core.encode(9223372036854774784.0))
  end)

  it("writes each number with a fraction as the shortest text of printf that reads back", function()
    local function shortest(number)
      for precision = 15, 17 do
        local text = ("%." .. precision .. "g"):format(number)
        if tonumber(text) == number then return text end
      end
    end
    local seed = 1
    for i = 1, 3000 do
      seed = seed * 48271 % 2147483647
      local decimal = (seed + 0.5) / 10 ^ (i % 14)
      for _, number in ipairs { decimal, -decimal, decimal * (1 + 2 ^ -52), 1 / seed, 1e9 - 1 / (1 + seed % 1000) } do
        if number % 1 ~= 0 then assert.equal(shortest(number), core.encode(number)) end
      end
    end
  end)

  if integers then
    it("writes 64-bit integers exactly", function()
      assert.equal("[9007199254740993,9223372036854775807,-9223372036854775808]",
        core.encode { 9007199254740993, math.maxinteger, math.mininteger })
    end)
  end

  it("writes a decimal point in any locale", function()
    local was = os.setlocale(nil, "numeric")
    for _, name in ipairs { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE" } do
      if os.setlocale(name, "numeric") then break end
    end
    local text = core.encode(1.5)
    os.setlocale(was, "numeric")
    assert.equal("1.5", text)
  end)

  it("refuses NaN and infinities and gives the path", function()
    assert.equal("TaskParam.a[2]", refused({ a = { 1, 0 / 0 } }).path)
    assert.matches("finite", refused({ a = 1 / 0 }).message)
  end)

  it("accepts exactly the first and last sequence of each length and range of UTF-8", function()
    local function accepts(...) return core.encode { string.char(...) } ~= nil end
    for _, sequence in ipairs {
      { 0xc2, 0x80 }, { 0xdf, 0xbf }, { 0xe0, 0xa0, 0x80 }, { 0xe0, 0xbf, 0xbf }, { 0xe1, 0x80, 0x80 }, { 0xed, 0x9f, 0xbf },
      { 0xee, 0x80, 0x80 }, { 0xef, 0xbf, 0xbf }, { 0xf0, 0x90, 0x80, 0x80 }, { 0xf1, 0x80, 0x80, 0x80 },
      { 0xf3, 0xbf, 0xbf, 0xbf }, { 0xf4, 0x80, 0x80, 0x80 }, { 0xf4, 0x8f, 0xbf, 0xbf },
    } do
      assert.is_true(accepts(unpack(sequence)), table.concat(sequence, " "))
      for i = 2, #sequence do
        for _, other in ipairs { 0x7f, 0xc0 } do
          local damaged = { unpack(sequence) }
          damaged[i] = other
          assert.is_false(accepts(unpack(damaged)), table.concat(damaged, " "))
        end
      end
      assert.is_false(accepts(unpack(sequence, 1, #sequence - 1)))
    end
    for _, sequence in ipairs {
      { 0x80 }, { 0xbf, 0x80 }, { 0xc0, 0x80 }, { 0xc1, 0xbf }, { 0xe0, 0x80, 0x80 }, { 0xe0, 0x9f, 0xbf }, { 0xed, 0xa0, 0x80 },
      { 0xed, 0xbf, 0xbf }, { 0xf0, 0x80, 0x80, 0x80 }, { 0xf0, 0x8f, 0xbf, 0xbf }, { 0xf4, 0x90, 0x80, 0x80 },
      { 0xf5, 0x80, 0x80, 0x80 }, { 0xff, 0x80, 0x80, 0x80 },
    } do
      assert.is_false(accepts(unpack(sequence)), table.concat(sequence, " "))
    end
  end)

  it("refuses text that is not UTF-8 and gives the byte", function()
    for text, byte in pairs { ["ab\255"] = 3, ["\192\128"] = 1, ["x\237\160\128"] = 2, ["\244\144\128\128"] = 1, ["é\226\130"] = 3 } do
      local err = refused { a = text }
      assert.equal("TaskParam.a", err.path)
      assert.matches("byte " .. byte .. ",", err.message)
    end
    assert.matches("key is not UTF%-8", refused({ ["\255"] = 1 }).message)
  end)

  it("refuses mixed tables, gaps, cycles, deep nesting and functions, and gives the path", function()
    assert.equal("TaskParam.a", refused({ a = { 1, x = 2 } }).path)
    assert.matches("item 2 is nil: the list has a hole", refused({ a = { [1] = 1, [3] = 3 } }).message)
    assert.matches("keys are the whole numbers from 1", refused({ a = { [1.5] = 1 } }).message)
    assert.matches("has a boolean as a key beside its names", refused({ a = { [true] = 1 } }).message)
    local loop = { b = {} }
    loop.b.c = loop
    local err = refused { a = loop }
    assert.equal("TaskParam.a.b.c", err.path)
    assert.matches("contains itself", err.message)
    local deep = {}
    for _ = 1, 200 do deep = { deep } end
    assert.matches("nested more than 128", refused(deep).message)
    assert.matches("function can't be JSON", refused({ a = { print } }).message)
    assert.equal("TaskParam.a[1]", refused({ a = { print } }).path)
  end)

  it("finds a cycle through an object that has more members than the stack holds", function()
    local big = {}
    for i = 1, 2000 do big["k" .. i] = { i } end
    assert.is_string(core.encode(big))
    big.zz = { big }
    local err = refused(big)
    assert.equal("TaskParam.zz[1] contains itself", err.path .. " " .. err.message)
  end)

  it("writes 128 levels, whatever the innermost one contains", function()
    for _, innermost in ipairs { {}, { 1 }, { a = 1 } } do
      local value = innermost
      for _ = 1, 127 do value = { v = value } end
      assert.is_string(core.encode(value))
      assert.matches("nested more than 128", refused({ value }).message)
    end
  end)

  it("writes a table that occurs twice but is not a cycle", function()
    local shared = { 1 }
    assert.equal('{"a":[1],"b":[1]}', core.encode { a = shared, b = shared })
  end)

  it("runs no metamethod", function()
    local trap = setmetatable({ a = 1 }, {
      __index = function() error "index" end,
      __pairs = function() error "pairs" end,
      __len = function() error "len" end,
    })
    assert.equal('{"x":{"a":1}}', core.encode { x = trap })
  end)

  it("writes a table marked with list as a list", function()
    assert.equal("[]", core.encode(core.list {}))
    assert.equal("[1]", core.encode(core.list { 1 }))
    assert.matches("expected a list", refused(core.list { a = 1 }).message)
    assert.error_matches(function() core.list(1) end, "table expected")
  end)
end)
