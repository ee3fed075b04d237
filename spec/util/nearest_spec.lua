local nearest = require "dataworks.util.nearest"

describe("the nearest name", function()
  local known = { region = 1, retries = 1, access_key_id = 1, access_key_secret = 1 }

  it("is found for a misspelt name, in any case", function()
    assert.equal("region", nearest.find("regoin", known))
    assert.equal("retries", nearest.find("Retrys", known))
    assert.equal("access_key_id", nearest.find("accessKeyId", known))
  end)

  it("is nil when no name is near, and for a value that is not a name", function()
    assert.is_nil(nearest.find("colour", known))
    assert.is_nil(nearest.find(1, known))
    assert.is_nil(nearest.find("x", {}))
    assert.equal("", nearest.hint("colour", known))
  end)

  it("is the first in alphabetical order among equals, so that messages are reproducible", function()
    assert.equal("aa", nearest.find("ab", { aa = 1, ac = 1, bb = 1 }))
  end)

  it("is searched for a name of any length", function()
    assert.is_nil(nearest.find(("x"):rep(100000), known))
  end)

  it("is a hint at the end of a message, or empty", function()
    assert.equal("; did you mean region?", nearest.hint("regoin", known))
    assert.equal("access_key_id, access_key_secret, region, retries", nearest.list(known))
  end)

  it("explains an error about an unknown name, or all names do if they are few", function()
    local function explained(path, names)
      return nearest.explain({ path = path, message = "is unknown", known = names }).message
    end
    assert.equal("is unknown; did you mean region?", explained("regoin", known))
    assert.equal("is unknown; did you mean region?", explained("a.b[1].regoin", known))
    assert.equal("is unknown; known are access_key_id, access_key_secret, region, retries", explained("a.colour", known))
    local many = {}
    for i = 1, 9 do many["name" .. i] = 1 end
    assert.equal("is unknown", explained("colour", many))
    assert.equal("is unknown", explained("colour", nil))
  end)
end)
