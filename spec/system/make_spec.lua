local shell = require "spec.support.shell"

local clean = "unset LUA_PATH LUA_CPATH DATAWORKS_COUNTS MAKEFLAGS MAKELEVEL; "

describe("make #install", function()
  local folder

  before_each(function() folder = shell.output("mktemp -d") .. "/it's a folder" end)
  after_each(function() shell.output("rm -rf " .. shell.quote(folder:match("^(.*)/"))) end)

  it("env prints the paths that load the modules, from a folder of any name", function()
    local copy = shell.quote(folder)
    shell.output(clean .. ([[
      mkdir -p %s/build && cp -r Makefile lua %s && cp -r build/%s %s/build && cd %s &&
      eval "$(make -s env LUA=%s)" && cd / && %s -e 'require "dataworks.core"']])
      :format(copy, copy, shell.lua, copy, copy, shell.lua, shell.interpreter))
  end)

  it("install adds a command that needs no environment, and uninstall removes all files", function()
    local prefix = folder:gsub("'", "")
    local to = (" -s LUA=%s PREFIX=%s"):format(shell.lua, shell.quote(prefix))
    shell.output(clean .. "make install" .. to)
    local command = shell.quote(prefix .. "/bin/dataworks")
    local version = shell.output(clean .. "cd / && " .. command .. " --version")
    assert.matches(require("dataworks")._VERSION, version, 1, true)
    local bytes = tonumber(shell.output("find " .. shell.quote(prefix) .. " -type f -exec cat {} + | wc -c"))
    assert.is_true(bytes < 1000000, bytes .. " bytes are installed")
    shell.output(clean .. "make uninstall" .. to)
    assert.equal("", shell.output("find " .. shell.quote(prefix) .. " -type f"))
  end)
end)

describe("make test #install", function()
  local folder

  before_each(function()
    folder = shell.output("mktemp -d")
    shell.output(("mkdir -p %s/spec/support && cp -r tools %s && cp spec/support/counts.lua %s/spec/support")
      :format(folder, folder, folder))
  end)
  after_each(function() shell.output("rm -rf " .. folder) end)

  --- Runs tools/suite on one spec file.
  local function suite(text)
    local file = assert(io.open(folder .. "/spec/it_spec.lua", "w"))
    file:write(text)
    file:close()
    local _, status = shell.run(clean .. ("cd %s && tools/suite %s"):format(folder, shell.lua))
    return shell.output(("cat %s/build/%s/counts"):format(folder, shell.lua)), status == 0
  end

  it("counts passed, failed and skipped tests", function()
    local counts, ok = suite [[
      describe("x", function()
        it("a", function() end)
        it("b", function() error("no") end)
        it("c", function() assert.is_true(false) end)
        pending("d")
      end)]]
    assert.equal("1 2 1", counts)
    assert.is_false(ok)
  end)

  it("counts an interpreter that ran no test as failed", function()
    local counts, ok = suite "describe('x', function() end)"
    assert.equal("0 1 0", counts)
    assert.is_false(ok)
  end)

  it("counts a crash as failed", function()
    local counts, ok = suite [[
      it("a", function() end)
      it("b", function() os.execute("kill -KILL $PPID") end)]]
    assert.equal("0 1 0", counts)
    assert.is_false(ok)
  end)

  it("counts an interpreter that exits early, with success, as failed", function()
    local counts, ok = suite [[it("a", function() end) it("b", function() os.exit(0) end)]]
    assert.equal("0 1 0", counts)
    assert.is_false(ok)
  end)

  it("succeeds when all tests pass", function()
    local counts, ok = suite [[it("a", function() end)]]
    assert.equal("1 0 0", counts)
    assert.is_true(ok)
  end)
end)
