local ids = require "dataworks.util.ids"
local nearest = require "dataworks.util.nearest"
local options = require "dataworks.util.check_options"

describe("the nearest name", function()
  local known = { region = 1, retries = 1, access_key_id = 1, access_key_secret = 1 }

  it("is found for slips of the finger, whatever the case", function()
    assert.equal("region", nearest.find("regoin", known))
    assert.equal("retries", nearest.find("Retrys", known))
    assert.equal("access_key_id", nearest.find("accessKeyId", known))
  end)

  it("is none when nothing is near, and for what is no name", function()
    assert.is_nil(nearest.find("colour", known))
    assert.is_nil(nearest.find(1, known))
    assert.is_nil(nearest.find("x", {}))
    assert.equal("", nearest.hint("colour", known))
  end)

  it("is the first by alphabet among equals, so that a message is always the same", function()
    assert.equal("aa", nearest.find("ab", { aa = 1, ac = 1, bb = 1 }))
  end)

  it("copes with names of any length", function()
    assert.is_nil(nearest.find(("x"):rep(100000), known))
  end)
end)

describe("options", function()
  local known = { timeout = "seconds", retries = "count", size = "size", name = "text", life = "duration", rule = "policy",
    keys = "credentials", on = "function", transport = "transport" }

  local function refused(given)
    local ok, message = pcall(function() options.check("x.new", known, given, 1) end)
    assert.is_false(ok)
    return message
  end

  it("may be absent", function()
    assert.same({}, options.check("x", known, nil, 1))
  end)

  it("raise where they were written", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() options.check("x.new", known, { tiemout = 1 }, 1) end)
    assert.equal(("spec/util/check_options_spec.lua:%d: x.new: unknown option tiemout; did you mean timeout?"):format(line),
      (message:gsub("^%./", "")))
  end)

  it("say what was expected", function()
    for text, given in pairs {
      ["options must be a table, got number"] = 5,
      ["timeout must be a number of seconds above 0, got 0"] = { timeout = 0 },
      ["timeout must be a number of seconds above 0, got string"] = { timeout = "5" },
      ["retries must be a whole number, 0 or more, got 1.5"] = { retries = 1.5 },
      ["size must be a whole number of bytes above 0, got %-1"] = { size = -1 },
      ["life must be a whole number of seconds above 0, got 1.5"] = { life = 1.5 },
      ["rule must be a table or JSON text, got \"\""] = { rule = "" },
      ["keys must be a function, a name or a table, got 5"] = { keys = 5 },
      ["name must be text that isn't empty, got \"\""] = { name = "" },
      ["on must be a function, got boolean"] = { on = true },
      ["transport must be an object with a method send, got table"] = { transport = {} },
      ["unknown option 1$"] = { "timeout" },
    } do
      assert.matches(text, refused(given))
    end
    for _, bad in ipairs { 1 / 0, 0 / 0, -1 } do
      refused { timeout = bad }
      refused { retries = bad }
    end
  end)
end)

describe("an id", function()
  it("is written in decimal digits, however it came", function()
    assert.same({ "12", "12", "9007199254740993" }, { ids.text(12), ids.text(12.0), ids.text "9007199254740993" })
    if math.type then
      assert.equal("9223372036854775807", ids.text(math.maxinteger))
    elseif rawget(_G, "jit") then
      assert.equal("9007199254740993", ids.text(require("ffi").new("int64_t", 9007199254740992) + 1))
    end
  end)

  it("comes back as the best this Lua has", function()
    assert.equal(10, ids.native "10")
    local big = ids.native "9007199254740993"
    assert.equal("9007199254740993", ids.text(big))
    assert.equal(math.type and "number" or "string", type(big))
    assert.equal("9223372036854775808", ids.native "9223372036854775808")
    assert.equal("-9223372036854775809", ids.native "-9223372036854775809")
  end)
end)
