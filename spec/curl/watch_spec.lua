local shell = require "spec.support.shell"

describe("a watch", function()
  for name, flags in pairs { ["with epoll"] = "", ["without epoll"] = "-DDATAWORKS_NO_EPOLL" } do
    it("reports the events of sockets, starves none, and returns at a signal, " .. name, function()
      local program = os.tmpname()
      shell.output(("${CC:-cc} -std=gnu11 -Icsrc %s -o %s spec/support/watch_host.c"):format(flags, program))
      local output = shell.output("env -u LD_PRELOAD timeout 60 " .. program)
      os.remove(program)
      assert.equal([[
nothing watched:
no data:
room to write: o
both, no data: o
both, data: io
two sockets: i o
one removed: i
the peer closed: oe
missed: 0
signal: -1
all closed and cleared:
open: 1 0, descriptor: -1]], output)
    end)
  end
end)
