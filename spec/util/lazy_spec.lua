local lazy = require "dataworks.util.lazy"

describe("a lazy module", function()
  it("is loaded by the first use of a field", function()
    local loads = 0
    package.preload["spec.lazy_module"] = function()
      loads = loads + 1
      return { double = function(number) return 2 * number end }
    end
    local module = lazy "spec.lazy_module"
    assert.equal(0, loads)
    assert.same({ 4, 6 }, { module.double(2), module.double(3) })
    assert.equal(1, loads)
    package.preload["spec.lazy_module"], package.loaded["spec.lazy_module"] = nil, nil
  end)

  it("gives a function that loads it by its first call", function()
    package.preload["spec.lazy_module"] = function()
      return { add = function(a, b) return a + b, "added" end }
    end
    local add = lazy("spec.lazy_module", "add")
    assert.is_nil(package.loaded["spec.lazy_module"])
    assert.same({ 3, "added" }, { add(1, 2) })
    package.preload["spec.lazy_module"], package.loaded["spec.lazy_module"] = nil, nil
  end)
end)
