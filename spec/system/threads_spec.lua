local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

describe("two Lua states in two threads", function()
  it("use the library at the same time", function()
    local lua = shell.lua == "jit" and "luajit" or "lua" .. shell.lua
    local program = os.tmpname()
    shell.output(("cc -std=c11 -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L -o %s spec/support/threads.c -rdynamic "
      .. "$(pkg-config --cflags --libs %s) -lpthread"):format(program, lua))
    local web = web_support.start()
    local output, status = shell.run(("env -u LD_PRELOAD %s spec/support/threads.lua http://127.0.0.1:%d"):format(program, web.ready))
    web:stop()
    os.remove(program)
    assert.equal("", output)
    assert.equal(0, status)
  end)
end)
