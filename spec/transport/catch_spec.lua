local catch = require "dataworks.transport.catch"

describe("catching a failure", function()
  it("passes on both results", function()
    assert.same({ 3, "more" }, { catch(function(a, b) return a + b, "more" end, 1, 2) })
  end)

  it("returns a table that is raised at any depth", function()
    local failure = { kind = "transport" }
    local result, caught = catch(function() local function deeper() error(failure, 0) end deeper() end)
    assert.is_nil(result)
    assert.equal(failure, caught)
  end)

  it("raises any other error again", function()
    local ok, message = pcall(catch, function() error("broken", 0) end)
    assert.same({ false, "broken" }, { ok, message })
  end)
end)
