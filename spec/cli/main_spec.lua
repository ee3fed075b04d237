local shell = require "spec.support.shell"

--- Runs the command. Returns its output and its exit status.
local function dataworks(arguments)
  return shell.run(("%s bin/dataworks %s"):format(shell.interpreter, arguments))
end

describe("the command", function()
  for _, arguments in ipairs { "help", "--help", "-h" } do
    it("shows its usage with " .. arguments, function()
      local output, status = dataworks(arguments)
      assert.equal(0, status)
      assert.matches("^usage: dataworks emulator .*\n       dataworks %-%-version\n       dataworks help\n\n", output)
    end)
  end

  for arguments, message in pairs { [""] = "a command is missing", sing = 'there is no command "sing"' } do
    it(("answers `dataworks %s` with a message, its usage and status 2"):format(arguments), function()
      local output, status = dataworks(arguments)
      assert.equal(2, status)
      assert.equal("dataworks: " .. message .. "\nusage: ", output:sub(1, #message + 19))
    end)
  end

  it("prints its version", function()
    local output, status = dataworks "--version"
    assert.same({ require("dataworks")._VERSION .. "\n", 0 }, { output, status })
  end)
end)
