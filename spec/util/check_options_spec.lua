local options = require "dataworks.util.check_options"

describe("options", function()
  local known = { timeout = "seconds", retries = "count", size = "size", name = "text", life = "duration", rule = "policy",
    keys = "credentials", on = "function", transport = "transport", qps = "rate", burst = "positive_count" }

  local function refused(given)
    local ok, message = pcall(function() options.check("x.new", known, given) end)
    assert.is_false(ok)
    return message
  end

  it("are an empty table when absent", function()
    assert.same({}, options.check("x", known, nil))
  end)

  it("raise at the line of the call when one is unknown", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() options.check("x.new", known, { tiemout = 1 }) end)
    assert.equal(("spec/util/check_options_spec.lua:%d: x.new: unknown option tiemout; did you mean timeout? "
      .. "The options are burst, keys, life, name, on, qps, retries, rule, size, timeout, transport"):format(line),
      (message:gsub("^%./", "")))
  end)

  it("raise when a method is called with a dot", function()
    local Thing = { __name = "dataworks.Thing" }
    local thing = setmetatable({}, Thing)
    options.check_self(Thing, thing, "use")
    for _, other in ipairs { {}, "thing", false } do
      local ok, message = pcall(function() options.check_self(Thing, other, "use") end)
      assert.is_false(ok)
      assert.matches("use: call it with a colon, as in thing:use%(%.%.%.%)$", message)
    end
  end)

  it("raise with the expected type when one is wrong", function()
    for text, given in pairs {
      ["options must be a table, as in { name = value }, got a number"] = 5,
      ["timeout must be a number of seconds above 0, got 0"] = { timeout = 0 },
      ["timeout must be a number of seconds above 0, got a string; write the number without quotes$"] = { timeout = "5" },
      ["retries must be a whole number, 0 or more, got 1.5"] = { retries = 1.5 },
      ["size must be a whole number of bytes above 0, got %-1"] = { size = -1 },
      ["size must be a whole number of bytes above 0, got 0"] = { size = 0 },
      ["life must be a whole number of seconds above 0, got 1.5"] = { life = 1.5 },
      ["life must be a whole number of seconds above 0, got 0"] = { life = 0 },
      ["rule must be a table or JSON text, got \"\""] = { rule = "" },
      ["keys must be a function, a name or a table, got a number$"] = { keys = 5 },
      ["name must be text that isn't empty, got \"\""] = { name = "" },
      ["qps must be calls a second, above 0, got 0"] = { qps = 0 },
      ["burst must be a whole number above 0, got 1.5"] = { burst = 1.5 },
      ["on must be a function, got a boolean"] = { on = true },
      ["transport must be an object with the methods send, sleep and close, got a table"] = { transport = {} },
      ["value 1 has no name; write { name = value }%. The options are burst, "] = { "timeout" },
    } do
      assert.matches(text, refused(given))
    end
    for _, bad in ipairs { 1 / 0, 0 / 0, -1 } do
      refused { timeout = bad }
      refused { retries = bad }
    end
  end)
end)
