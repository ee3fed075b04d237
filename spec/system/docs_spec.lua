-- The Lua blocks of a page, in order, are one program, which runs against the emulator.

local files = require "spec.support.files"
local shell = require "spec.support.shell"

describe("the page", function()
  for _, name in ipairs { "actions", "flows", "lifecycle" } do
    it("docs/" .. name .. ".md has examples that run", function()
      local path = os.tmpname()
      local file = assert(io.open(path, "w"))
      for code in files.read("docs/" .. name .. ".md"):gmatch "```lua\n(.-)```" do file:write(code) end
      file:close()
      local output, status = shell.run(("%s bin/dataworks emulator -- %s %s"):format(shell.interpreter, shell.interpreter, path))
      os.remove(path)
      assert.equal(0, status, output)
    end)
  end
end)
