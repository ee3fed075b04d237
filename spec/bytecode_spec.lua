local files = require "spec.support.files"
local shell = require "spec.support.shell"

describe("bytecode", function()
  local folder

  setup(function()
    folder = shell.output "mktemp -d"
    shell.output(([[mkdir -p %s/lib/dataworks && cp -r lua %s/lua && ln -s lua %s/link]]):format(folder, folder, folder))
    shell.output(("cp build/%s/dataworks/*.so %s/lib/dataworks"):format(shell.lua, folder))
    files.write(folder .. "/lua/dataworks/init.lua", files.read "lua/dataworks.lua")
    files.write(folder .. "/lua/dataworks.lua", ("return require('dataworks.bytecode').entry('%s/lua', '%s/lib')"):format(
      folder, folder))
    shell.output(("find lua -name '*.lua' ! -path '*/emulator/*' | %s tools/bytecode.lua %s/lua %s/lib/dataworks/bytecode")
      :format(shell.interpreter, folder, folder))
    files.write(folder .. "/lua/dataworks/util/queue.lua", "return 'the source'")
  end)

  teardown(function() shell.output("rm -r " .. folder) end)

  --- Runs code after bytecode.use, with the sources at `path`. The only C modules that can be found are those of the
  --- installation.
  local function run(code, path, before)
    return shell.run(("%sLUA_PATH='%s/?.lua' LUA_CPATH= %s -e %s"):format(before or "", path or folder .. "/lua",
      shell.interpreter, shell.quote(("require('dataworks.bytecode').use('%s/lua', '%s/lib') %s"):format(folder, folder, code))))
  end

  it("is loaded where the source would be", function()
    assert.equal("function\n", (run "print(type(require('dataworks.util.queue')))"))
  end)

  --- Runs code with another file of bytecode.
  local function run_with(bytecode, code)
    local path = folder .. "/lib/dataworks/bytecode"
    os.rename(path, path .. ".good")
    if bytecode then files.write(path, bytecode) end
    local output = run(code)
    os.rename(path .. ".good", path)
    return output
  end

  for what, bytecode in pairs {
    ["of another version"] = "\ndataworks 0 23\ndataworks.util.queue 0 23\n\n\27Lua of another version",
    ["that is not there"] = false, ["that is empty"] = "", ["that ends within its index"] = "\ndataworks.util.queue 0 1",
    ["without a length"] = "\ndataworks.util.queue 0 \n\n\27Lua", ["with a length beyond the file"] = "\ndataworks.util.queue 0 9\n\n\27Lua",
    ["with an offset beyond the file"] = "\ndataworks.util.queue 5 0\n\n\27Lua", ["with a huge number"] = "\ndataworks.util.queue 0 99999999999999999999\n\n\27Lua",
    ["that is no bytecode"] = "\ndataworks.util.queue 0 9\n\nreturn 42",
  } do
    it(what .. " is passed over for the sources", function()
      assert.equal("the source\tfunction\n",
        run_with(bytecode, "print(require('dataworks.util.queue'), type(require('dataworks').new))"))
    end)
  end

  it("is not used if the sources are found under another path", function()
    assert.equal("the source\n", (run("print((require 'dataworks.util.queue'))", folder .. "/link")))
  end)

  it("leaves an error of misuse at the line of the program", function()
    local output = run "\nrequire('dataworks').new {\nregoin = 1 }"
    assert.matches("(command line):2: dataworks.new: unknown option regoin", output, 1, true)
  end)

  it("of the front door names its installed source", function()
    assert.equal("@" .. folder .. "/lua/dataworks/init.lua\n", run "print(debug.getinfo(require('dataworks').task, 'S').source)")
  end)

  it("needs no open file to load a module", function()
    local output = run([[
      require "dataworks"
      local held = {}
      repeat held[#held + 1] = io.open "/dev/null" until not io.open "/dev/null"
      print(type(require("dataworks.tasks.flow").run))]], nil, "ulimit -n 20; ")
    assert.equal("function\n", output)
  end)

  it("names the lines of the installed sources", function()
    local output = run "local q = require 'dataworks.util.queue'; print(debug.getinfo(q, 'S').source)"
    assert.equal("@" .. folder .. "/lua/dataworks/util/queue.lua\n", output)
  end)
end)
