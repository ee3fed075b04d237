local files = require "spec.support.files"
local shell = require "spec.support.shell"

describe("util.bytecode", function()
  local folder

  setup(function()
    folder = shell.output "mktemp -d"
    shell.output(([[mkdir %s/bytecode && cp -r lua %s/lua && ln -s lua %s/link]]):format(folder, folder, folder))
    shell.output(("find lua -name '*.lua' ! -path '*/emulator/*' | %s -e %s"):format(shell.interpreter, shell.quote(
      ("require('dataworks.bytecode').compile('%s/lua', '%s/bytecode')"):format(folder, folder))))
    files.write(folder .. "/lua/dataworks/util/queue.lua", "return 'the source'")
    files.write(folder .. "/bytecode/dataworks.util.tables.luac", "\27Lua of another version")
  end)

  teardown(function() shell.output("rm -r " .. folder) end)

  --- Runs code after bytecode.use, with the sources at `path`.
  local function run(code, path)
    return shell.run(("LUA_PATH='%s/?.lua' %s -e %s"):format(path or folder .. "/lua", shell.interpreter, shell.quote(
      ("require('dataworks.bytecode').use('%s/lua', '%s/bytecode') %s"):format(folder, folder, code))))
  end

  it("is loaded where the source would be", function()
    assert.equal("function\n", (run "print(type(require('dataworks.util.queue')))"))
  end)

  it("of another version is passed over for the source", function()
    assert.equal("table\n", (run "print(type(require('dataworks.util.tables')))"))
  end)

  it("is not used if the sources are found under another path", function()
    assert.equal("the source\n", (run("print((require 'dataworks.util.queue'))", folder .. "/link")))
  end)

  it("leaves an error of misuse at the line of the program", function()
    local output = run "\nrequire('dataworks').new {\nregoin = 1 }"
    assert.matches("(command line):2: dataworks.new: unknown option regoin", output, 1, true)
  end)

  it("names the lines of the installed sources", function()
    local output = run "local q = require 'dataworks.util.queue'; print(debug.getinfo(q, 'S').source)"
    assert.equal("@" .. folder .. "/lua/dataworks/util/queue.lua\n", output)
  end)
end)
