local core = require "dataworks.core"

describe("core.is_yieldable", function()
  --- The answer where `call` calls its argument, in a coroutine.
  local function answer(call)
    return coroutine.wrap(function()
      local result
      call(function() result = core.is_yieldable() end)
      return result
    end)()
  end

  local is_puc_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

  it("is true in a coroutine, also inside pcall", function()
    if is_puc_5_1 then return assert.is_nil(core.is_yieldable()) end
    assert.is_true(answer(function(ask) ask() end))
    assert.is_true(answer(pcall))
  end)

  it("is false in a callback of C and outside of coroutines", function()
    if is_puc_5_1 then return assert.is_nil(answer(pcall)) end
    assert.is_false(answer(function(ask) table.sort({ 2, 1 }, ask) end))
    assert.is_false(answer(function(ask) return ("a"):gsub("a", ask) end))
    assert.is_false(core.is_yieldable())
  end)
end)
