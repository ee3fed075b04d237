-- The Lua blocks of a page, in order, are one program, which runs against the emulator.

local files = require "spec.support.files"
local shell = require "spec.support.shell"

describe("the page", function()
  for _, name in ipairs { "actions", "fleets", "flows", "lifecycle" } do
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

  it("docs/command.md, and the section of the README about the shell, have commands that run", function()
    local folder = shell.output "mktemp -d"
    local quoted = shell.quote(folder)
    -- The command of the pages is on the PATH.
    shell.output(("printf '#!/bin/sh\\nexec %s %s/bin/dataworks \"$@\"\\n' >%s/dataworks && chmod +x %s/dataworks"):format(
      shell.interpreter, shell.output "pwd", quoted, quoted))
    for _, page in ipairs { "docs/command.md", "README.md" } do
      local code = files.read(page):match "```sh\n(.-)```":gsub("bin/dataworks", "dataworks")
      local output, status = shell.run(("export PATH=%s:$PATH XDG_STATE_HOME=%s/%s; unset LD_PRELOAD\n%s"):format(quoted, quoted,
        page:match "%w+", code))
      assert.equal(0, status, output)
      assert.matches('"State": "RUN"', output, 1, true)
    end
    shell.output("rm -r " .. quoted)
  end)
end)
