-- The mistakes that users make. Each script with a mistake prints exactly the error of its file, and each mended script
-- succeeds. tools/mistakes.lua shows a mistake without its solution.

local mistakes = require "spec.support.mistakes"

describe("the mistake", function()
  local world
  setup(function() world = mistakes.start() end)
  teardown(function() world:stop() end)

  for _, name in ipairs(mistakes.names()) do
    it(name .. " gets its error, and its mended script succeeds", function()
      local mistake = mistakes.read(name)
      local output = world:run(mistake, mistake.broken)
      -- The texts of Lua's own errors differ from version to version.
      if not mistake.error:find("attempt to", 1, true) then assert.equal(mistake.error, output) end
      local mended, succeeded = world:run(mistake, mistake.mended)
      assert.is_true(succeeded and mended ~= "" and mended ~= output, mended)
      assert.is_truthy(mended:find(mistake.prints or ""))
      assert.is_nil(mistake.prints and output:find(mistake.prints))
    end)
  end
end)
