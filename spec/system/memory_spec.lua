local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

-- In a program of its own, so that its allocations can fail.
describe("failed memory", function()
  -- Modules with AddressSanitizer cannot run in this program, which has its own allocation functions.
  local is_sanitized = package.cpath:find("-asan/", 1, true) ~= nil
  local modules = is_sanitized and ("./build/%s/?.so;;"):format(shell.lua) or package.cpath
  local web, host

  setup(function()
    local lua = shell.lua == "jit" and "luajit" or "lua" .. shell.lua
    host = os.tmpname()
    shell.output(("${CC:-cc} -std=gnu11 -O1 -g -rdynamic -o %s spec/support/failing_host.c "
      .. "$(pkg-config --cflags --libs %s) -pthread"):format(host, lua))
    web = web_support.start()
  end)

  teardown(function()
    if web then web:stop() end
    os.remove(host)
  end)

  for name, what in pairs {
    core = "is Lua's own error in the functions of the core, and leaves them usable",
    curl = "is an error of the transport that says whether the request was sent",
    multi = "ends one request of several",
    run = "is the error of a run, and is not hidden by what follows from it",
  } do
    it(what, function()
      local command = "env -u LD_PRELOAD LUA_CPATH=%s timeout 120 %s spec/support/failing_allocations.lua %s %s %s %s"
      assert.same({ "", 0 }, { shell.run(command:format(shell.quote(modules), host, name, web:url "", web:tls_url("tls", ""), web.ca_file)) })
    end)
  end
end)
