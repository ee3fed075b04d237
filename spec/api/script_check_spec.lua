local script_check = require "dataworks.api.script_check"

describe("the check of a script", function()
  local function faults(...)
    local lines = {}
    for i, fault in ipairs(script_check.faults(...)) do lines[i] = fault.path .. " " .. fault.message end
    return lines
  end

  it("names the places of faults within the script, without the name of the parameter", function()
    assert.same({ "setting is missing", "steps[1].parameter is missing", "steps[1].category is missing" },
      faults { type = "realtime", version = "1.0", steps = { { stepType = "mysql" } } })
  end)

  it("names the known field that a wrong one resembles", function()
    local found = faults { type = "realtime", version = "1.0", steps = {}, seting = {} }
    assert.matches("did you mean setting", table.concat(found, "; "), 1, true)
  end)

  it("calls a number of more than 64 bits a number", function()
    local long = require("dataworks.core").decode "99999999999999999999999"
    assert.equal("type expected text, got number", faults({ type = long, version = "2.0", steps = {} }, "DI_OFFLINE")[1])
    assert.matches("type expected text, got number", table.concat(faults { type = long, version = "1.0" }, "; "), 1, true)
  end)

  it("has no place for a fault of the whole script", function()
    assert.same({ " expected a table, got string" }, faults "text")
  end)
end)
