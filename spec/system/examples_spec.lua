local shell = require "spec.support.shell"

local DISPLAY = {
  quickstart = { "mysql_to_odps", "mysql_to_kafka", "mysql_to_holo", "ProcessId", "FileId" },
  many = { "20 of 20", "orders_20\tFileId", "20 created" },
  luv = { "orders\tFileId", "users\tFileId", "items\tFileId", "the program did other work while it waited" },
  lifecycle = { "deployed\tNORUN", "started\tRUN", "stopped\tPAUSE", "terminated\tNORUN", "deleted" },
  resume = { "giving up", "second run\n\tgenerated\n\tconfigured\n\tcreated\ncreated file" },
}

describe("the example", function()
  for path in shell.output("ls examples/*.lua"):gmatch("[^\n]+") do
    local name = path:match("([^/]+)%.lua$")

    it(name .. " runs against the emulator and prints its results", function()
      local command = ("%s bin/dataworks emulator -- %s %s"):format(shell.interpreter, shell.interpreter, path)
      local output, status = shell.run(command)
      assert.equal(0, status, output)
      for _, text in ipairs(DISPLAY[name] or {}) do
        assert.is_truthy(output:find(text, 1, true), text .. " is missing in:\n" .. output)
      end
    end)
  end
end)
