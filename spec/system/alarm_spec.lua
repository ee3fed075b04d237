local core = require "dataworks.core"
local shell = require "spec.support.shell"

describe("alarm", function()
  local function run(code)
    return shell.run(("timeout 60 %s -e '%s' 2>&1"):format(shell.interpreter, code))
  end

  it("ends a process within a C function that does not return, with a text and a status", function()
    local output, status = run [[require("dataworks.core").alarm(1, 7, "no\0 answer") io.popen("exec sleep 20 2>/dev/null"):read "*a" print "later"]]
    assert.same({ "no\0 answer", 7 }, { output, status })
  end)

  it("can be ended, and is replaced by the next one", function()
    local output, status = run [[local core = require "dataworks.core"
      core.alarm(1, 7, "first") core.alarm(1, 8, "second") core.alarm(0) os.execute "sleep 1.3" print "later"]]
    assert.same({ "later", 0 }, { (output:gsub("%s", "")), status })
  end)

  it("raises for values out of range", function()
    for _, arguments in ipairs { { -1 }, { 86401, 1, "" }, { 1, 256, "" }, { 1, -1, "" }, { 1, 1, ("x"):rep(513) }, { "x" } } do
      assert.is_false(pcall(core.alarm, (table.unpack or unpack)(arguments, 1, 3)))
    end
    core.alarm(0)
  end)
end)
