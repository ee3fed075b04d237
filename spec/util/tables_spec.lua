local tables = require "dataworks.util.tables"

describe("the functions for tables", function()
  it("merge fields into a new table, and the last value counts", function()
    local first, second = { a = 1, b = 2 }, { b = 3, c = false }
    assert.same({ a = 1, b = 3, c = false }, tables.merge(first, second))
    assert.same({ a = 1, b = 2 }, first)
    assert.are_not.equal(first, tables.merge(first))
  end)

  it("read fields past a metatable", function()
    local fields = setmetatable({ a = 1 }, { __pairs = function() error "asked" end })
    assert.same({ a = 1 }, tables.merge(fields))
    assert.same({ "a" }, tables.sorted_keys(fields))
  end)

  it("make a set of words between spaces, line breaks and commas", function()
    assert.same({ ["Throttling.Day"] = true, b = true, c = true }, tables.set_of " Throttling.Day,b,\n c ")
    assert.same({}, tables.set_of "")
  end)

  it("sort the keys of a table", function()
    assert.same({ "a", "b", "c" }, tables.sorted_keys { b = 1, a = 2, c = false })
  end)

  it("tell the first hole of a list", function()
    for hole, list in pairs { [1] = { nil, "b" }, [2] = { "a", nil, "c" }, [3] = { "a", "b", [4] = "d", [6] = "f", name = "x" } } do
      assert.equal(hole, tables.find_hole(list))
    end
    for _, list in ipairs { {}, { "a", "b" }, { "a", n = 3 }, { [0] = "z", "a" } } do
      assert.is_nil(tables.find_hole(list))
    end
  end)
end)
