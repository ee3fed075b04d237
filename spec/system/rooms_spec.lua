local files = require "spec.support.files"
local shell = require "spec.support.shell"

local TREE = {
  ["bin/dataworks"] = '#!/usr/bin/env lua\nos.exit(require("dataworks.cli.main").run(arg))\n',
  ["lua/dataworks.lua"] = 'return { client = require "dataworks.client", _VERSION = require "dataworks.version" }\n',
  ["lua/dataworks/version.lua"] = 'return "1.0.0"\n',
  ["lua/dataworks/client.lua"] = 'local call = require "dataworks.call.pipeline"\nreturn call\n',
  ["lua/dataworks/cli/main.lua"] = '-- require "dataworks.nothing" in a comment is no arrow\nreturn require "dataworks"\n',
  ["lua/dataworks/call/pipeline.lua"] = [[
    local core = require "dataworks.core"
    local lazy = require "dataworks.util.lazy"
    local retry = lazy "dataworks.call.retry"
    local MODULES = { curl = "dataworks.transport.curl", ["ngx"] = "dataworks.transport.ngx" }
    return function(name)
      return require(MODULES[name]), core, retry
    end
  ]],
  ["lua/dataworks/call/retry.lua"] = 'return {}\n',
  ["lua/dataworks/transport/curl.lua"] = 'return require "dataworks.curl"\n',
  ["lua/dataworks/transport/ngx.lua"] = 'return {}\n',
  ["lua/dataworks/util/lazy.lua"] = 'return function(name) return require(name) end\n',
}
for _, name in ipairs { "core/sign", "core/value", "curl/multi", "curl/session" } do
  TREE["csrc/" .. name .. ".c"] = '#include "' .. name .. '.h"\n'
  TREE["csrc/" .. name .. ".h"] = "#include <stddef.h>\n"
end
TREE["csrc/compat.h"] = "#include <lua.h>\n"

local PAGE = "# Page\n\n<!-- tools/rooms.lua -->\n```text\nan old list\n```\nThe end.\n"

describe("tools/rooms.lua #tools", function()
  local folder

  before_each(function()
    folder = shell.output("mktemp -d")
    shell.output(("cp -r tools %s && cd %s && mkdir -p bin docs csrc/core csrc/curl lua/dataworks/cli lua/dataworks/call "
      .. "lua/dataworks/transport lua/dataworks/util"):format(folder, folder))
    for path, text in pairs(TREE) do files.write(folder .. "/" .. path, text) end
  end)
  after_each(function() shell.output("rm -rf " .. folder) end)

  local function run(arguments)
    return shell.run(("cd %s && %s tools/rooms.lua %s"):format(folder, shell.interpreter, arguments or ""))
  end

  --- Fails with exactly this fault when a file is changed.
  local function assert_fault(fault, path, text)
    shell.output(("mkdir -p %s/%s"):format(folder, path:match("^(.*)/")))
    files.write(folder .. "/" .. path, text)
    local output, status = run()
    assert.equal(1, status)
    assert.is_truthy(output:find(fault, 1, true), output)
  end

  it("prints the rooms from top to bottom with their arrows", function()
    local output, status = run()
    assert.equal(0, status, output)
    assert.matches("^cli .*\n  %-> dataworks.lua\n", output)
    assert.matches("\ncall .*\n  %-> transport, util, core\ntransport .*\n  %-> curl\n", output)
    assert.is_nil(output:find("fleet", 1, true))
  end)

  it("passes on this tree, and its list of rooms is that of docs/architecture.md", function()
    assert.equal("", shell.output(shell.interpreter .. " tools/rooms.lua --check docs/architecture.md"))
  end)

  it("refuses a page that shows an old list of rooms, and updates the page", function()
    files.write(folder .. "/docs/page.md", PAGE)
    local output, status = run "--check docs/page.md"
    assert.equal(1, status)
    assert.equal("docs/page.md:1: the page shows an old list of the rooms; "
      .. "run: lua5.4 tools/rooms.lua --update docs/page.md\n", output)
    run "--update docs/page.md"
    assert.same({ "", 0 }, { run "--check docs/page.md" })
    assert.matches("^# Page\n.*\ntransport .*\n```\nThe end.\n$", files.read(folder .. "/docs/page.md"))
  end)

  it("refuses an arrow that runs up", function()
    assert_fault("lua/dataworks/transport/ngx.lua:2: dataworks.transport.ngx must not require dataworks.call.retry: the arrow "
      .. "from transport to call runs up;", "lua/dataworks/transport/ngx.lua", '\nreturn require "dataworks.call.retry"\n')
  end)

  it("refuses an arrow between rooms beside each other", function()
    assert_fault("lua/dataworks/limit/limit.lua:1: dataworks.limit.limit must not require dataworks.transport.ngx: the arrow "
      .. "from limit to transport runs up;", "lua/dataworks/limit/limit.lua", 'return require "dataworks.transport.ngx"\n')
  end)

  it("counts a look-up in package.loaded and a lazy module as arrows", function()
    assert_fault("lua/dataworks/transport/ngx.lua:1: dataworks.transport.ngx must not require dataworks.call.retry:",
      "lua/dataworks/transport/ngx.lua", 'return package.loaded["dataworks.call.retry"]\n')
    assert_fault("lua/dataworks/transport/ngx.lua:2: dataworks.transport.ngx must not require dataworks.call.retry:",
      "lua/dataworks/transport/ngx.lua", 'local lazy = require "dataworks.util.lazy"\nreturn lazy "dataworks.call.retry"\n')
  end)

  it("refuses an arrow out of util, and one from version to anything but util", function()
    assert_fault("from util to version runs up", "lua/dataworks/util/ids.lua", 'return require "dataworks.version"\n')
    shell.output("mkdir " .. folder .. "/lua/dataworks/api")
    files.write(folder .. "/lua/dataworks/api/actions.lua", "return {}\n")
    assert_fault("from version to api runs up", "lua/dataworks/version.lua", 'return require "dataworks.api.actions"\n')
  end)

  it("lets only transport require the C module curl, and only cli the emulator", function()
    assert_fault("lua/dataworks/call/retry.lua:1: dataworks.call.retry must not require dataworks.curl: the arrow from call "
      .. "to curl is not in the plan;", "lua/dataworks/call/retry.lua", 'return require "dataworks.curl"\n')
    files.write(folder .. "/lua/dataworks/call/retry.lua", "return {}\n")
    shell.output("mkdir " .. folder .. "/lua/dataworks/emulator")
    files.write(folder .. "/lua/dataworks/emulator/nginx.lua", "return {}\n")
    assert_fault("the arrow from dataworks.lua to emulator", "lua/dataworks.lua", 'return require "dataworks.emulator.nginx"\n')
  end)

  it("refuses a circle of modules", function()
    files.write(folder .. "/lua/dataworks/call/retry.lua", 'return require "dataworks.call.events"\n')
    assert_fault("lua/dataworks/call/events.lua:1: a circle of modules, dataworks.call.retry -> dataworks.call.events -> "
      .. "dataworks.call.retry;", "lua/dataworks/call/events.lua", 'return require "dataworks.call.retry"\n')
  end)

  it("refuses a circle of rooms", function()
    assert_fault("lua/dataworks/transport/ngx.lua:1: a circle of rooms, call -> transport -> call;",
      "lua/dataworks/transport/ngx.lua", 'return require "dataworks.call.retry"\n')
  end)

  it("refuses a module in no room", function()
    for _, path in ipairs { "lua/dataworks/attic/box.lua", "lua/dataworks/box.lua", "lua/box.lua", "lua/dataworks/core/box.lua" } do
      assert_fault(path .. ":1: the module is in no room;", path, "return {}\n")
    end
  end)

  it("refuses the name of a module that does not exist", function()
    assert_fault("lua/dataworks/call/retry.lua:1: there is no module dataworks.call.events;", "lua/dataworks/call/retry.lua",
      'return require "dataworks.call.events"\n')
  end)

  describe("refuses a computed require", function()
    local FAULT = "lua/dataworks/call/retry.lua:2: the name of the module is computed;"
    for what, text in pairs {
      ["of joined texts"] = 'local NAMES = { "dataworks.version" }\nreturn require("dataworks." .. NAMES[1])\n',
      ["of a part of a name from a table"] = 'local NAMES = { "version" }\nreturn require(NAMES[1])\n',
      ["of a parameter"] = 'local NAMES = { "dataworks.version" }\nreturn NAMES, function(name) return require(name) end\n',
      ["under pcall"] = '\nreturn function(name) return pcall(require, name) end\n',
      ["by another name"] = '\nlocal load_module = require\nreturn load_module "dataworks.version"\n',
    } do
      it(what, function() assert_fault(FAULT, "lua/dataworks/call/retry.lua", text) end)
    end

    it("in package.loaded", function()
      assert_fault("lua/dataworks/call/retry.lua:1: the look-up in package.loaded is computed;", "lua/dataworks/call/retry.lua",
        "return function(name) return package.loaded[name] end\n")
    end)
  end)

  it("reads the table of a computed require, also through local names and loops", function()
    files.write(folder .. "/lua/dataworks/call/retry.lua", [[
      local NAMES = { a = { "dataworks.version" } }
      for _, list in pairs(NAMES) do
        for _, name in ipairs(list) do require(name) end
      end
      local function load_one(key)
        local name = NAMES[key]
        return require(name)
      end
      return load_one
    ]])
    local output, status = run()
    assert.equal(0, status, output)
    assert.matches("\ncall .*\n  %-> transport, version, util, core\n", output)
    assert_fault("from call to client runs up", "lua/dataworks/call/retry.lua", 'local NAMES = { "dataworks.client" }\n'
      .. 'return require(NAMES[1])\n')
  end)

  it("refuses more than ten files in util and more than 350 lines in a file", function()
    for i = 1, 9 do files.write(("%s/lua/dataworks/util/u%d.lua"):format(folder, i), "return {}\n") end
    assert.equal(0, (select(2, run())))
    assert_fault("lua/dataworks/util:1: the room has 11 files, more than 10;", "lua/dataworks/util/u10.lua", "return {}\n")
    assert_fault("lua/dataworks/call/retry.lua:351: the file has 351 lines, more than 350;", "lua/dataworks/call/retry.lua",
      ("\n"):rep(350) .. "return {}\n")
  end)

  it("refuses Lua's headers in C code that does not speak Lua, also through another header", function()
    assert_fault("csrc/core/sign.h:1: csrc/core/sign.h must not include lua.h;", "csrc/core/sign.h", "#include <lua.h>\n")
    files.write(folder .. "/csrc/core/sign.h", "\n")
    files.write(folder .. "/csrc/core/value.h", '#include "compat.h"\n')
    assert.equal(0, (select(2, run())))
    assert_fault("csrc/compat.h:1: csrc/core/sign.c must not include lua.h;", "csrc/core/sign.c", '#include "compat.h"\n')
  end)

  it("refuses the header of multi in the session", function()
    assert_fault("csrc/curl/session.c:2: csrc/curl/session.c must not include curl/multi.h;", "csrc/curl/session.c",
      '#include "curl/session.h"\n#include "curl/multi.h"\n')
  end)
end)
