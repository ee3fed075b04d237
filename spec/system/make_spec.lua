local shell = require "spec.support.shell"

local clean = "unset LUA_PATH LUA_CPATH DATAWORKS_COUNTS MAKEFLAGS MAKELEVEL WERROR; "

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
    local prefix, copy = folder:gsub("'", ""), folder:match "^(.*)/" .. "/copy"
    -- The folder of the build has another name than the one where bin/dataworks looks for it.
    shell.output(([[mkdir -p %s/else && cp -a Makefile lua bin docs tools LICENSE README.md CHANGELOG.md %s &&
      cp -a build/%s/dataworks %s/else && touch -d @0 %s/else/crypto-shared]]):format(copy, copy, shell.lua, copy, copy))
    local to = (" -C %s -s LUA=%s BUILD=else PREFIX=%s"):format(copy, shell.lua, shell.quote(prefix))
    shell.output(clean .. "make install" .. to)
    local command = shell.quote(prefix .. "/bin/dataworks")
    local version = shell.output(clean .. "cd / && " .. command .. " --version")
    assert.matches(require("dataworks")._VERSION, version, 1, true)
    assert.equal("#!" .. shell.output("command -v " .. shell.interpreter), shell.output("head -n 1 " .. command))
    local _, status = shell.run(("grep -aq '^dataworks.client ' %s/lib/lua/%s/dataworks/bytecode"):format(
      shell.quote(prefix), _VERSION:match "%d.%d"))
    assert.equal(_VERSION == "Lua 5.1" and 2 or 0, status)
    local bytes = tonumber(shell.output("find " .. shell.quote(prefix) .. " -type f -exec cat {} + | wc -c"))
    assert.is_true(bytes < 2900000, bytes .. " bytes are installed")
    for _, path in ipairs { "man/man1/dataworks.1", "bash-completion/completions/dataworks", "zsh/site-functions/_dataworks",
      "doc/dataworks/LICENSE", "doc/dataworks/docs/flows.md" } do
      shell.output(("test -s %s/share/%s"):format(shell.quote(prefix), path))
    end
    shell.output(("mkdir -p %s/share/zsh && echo >%s/share/zsh/mine"):format(shell.quote(prefix), shell.quote(prefix)))
    shell.output(clean .. "make uninstall" .. to)
    local kept = shell.output(("cd %s && find . | LC_ALL=C sort"):format(shell.quote(prefix)))
    assert.equal(".\n./share\n./share/zsh\n./share/zsh/mine", kept)
    shell.output(("rm -r %s/share"):format(shell.quote(prefix)))
    shell.output(clean .. "make install" .. to .. " && make uninstall" .. to)
    assert.matches("No such file", (shell.run("ls " .. shell.quote(prefix))), 1, true)
  end)
end)

describe("make build", function()
  local folder

  before_each(function() folder = shell.output "mktemp -d" end)
  after_each(function() shell.output("rm -rf " .. folder) end)

  it("names what LUA may be", function()
    local output, status = shell.run(clean .. "make -n build LUA=5.5")
    assert.matches("LUA=5.5: it may be 5.4, 5.3, 5.2, 5.1 or jit", output, 1, true)
    assert.equal(2, status)
  end)

  it("takes the LuaJIT of OpenResty where pkg-config knows none", function()
    local include = folder .. "/luajit/include/luajit-2.1"
    shell.output("mkdir -p " .. include)
    local output = shell.output((clean .. "make -n build LUA=jit PKG_CONFIG=false OPENRESTY=%s BUILD=%s/build")
      :format(folder, folder))
    assert.matches("-I" .. include, output, 1, true)
    output = shell.output((clean .. "make -n install LUA=jit PKG_CONFIG=false OPENRESTY=%s BUILD=%s/build")
      :format(folder, folder))
    assert.matches("/usr/bin/env " .. folder .. "/luajit/bin/luajit'", output, 1, true)
  end)

  it("goes on after a warning, and the project's own checks do not", function()
    local flags = "make -n build-core BUILD=%s/build"
    assert.is_nil(shell.output(clean .. flags:format(folder)):find "%-Werror")
    for _, target in ipairs { "check-c", "asan-build" } do
      assert.matches("-Werror", shell.output(clean .. "make -n -W tools/setup " .. target), 1, true)
    end
  end)

  it("installs the core where there is no libcurl #install", function()
    shell.output((clean .. "make -s install-core LUA=%s BUILD=%s/build CFLAGS=-O0 CURL_CFLAGS=-include/missing.h CURL_LIBS=-lmissing "
      .. "PREFIX=%s/to"):format(shell.lua, folder, folder))
    local version = _VERSION:match "%d%.%d"
    local path = ("LUA_PATH='%s/to/share/lua/%s/?.lua' LUA_CPATH='%s/to/lib/lua/%s/?.so'"):format(folder, version, folder, version)
    shell.output(("env %s %s -e 'assert(#require(\"dataworks.core\").nonce() == 32)'"):format(path, shell.interpreter))
    assert.equal("core.so", shell.output(("cd %s/to/lib/lua/%s/dataworks && ls *.so"):format(folder, version)))
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

  it("builds for every Lua, and for LuaJIT, before it runs the first spec", function()
    shell.output(("cd %s && printf '#!/bin/sh\\necho \"$*\" >>log\\n' >tell && chmod +x tell"):format(folder))
    shell.run(clean .. ("cd %s && MAKE=./tell INTERPRETER=./tell BUSTED=busted tools/test '5.4 5.1'"):format(folder))
    assert.equal(([[
--no-print-directory -s lint
--no-print-directory -s build LUA=jit
--no-print-directory -s build LUA=5.4
--no-print-directory -s build LUA=5.1
busted -o spec.support.counts
busted -o spec.support.counts --exclude-tags=tools]]), shell.output(("head -n 4 %s/log; tail -n +5 %s/log | sort"):format(folder, folder)))
  end)

  it("succeeds when all tests pass", function()
    local counts, ok = suite [[it("a", function() end)]]
    assert.equal("1 0 0", counts)
    assert.is_true(ok)
  end)
end)
