local shell = require "spec.support.shell"

describe("the headers of a reply", function()
  it("keep their form, whatever bytes arrive", function()
    local program = os.tmpname()
    shell.output(("${CC:-cc} -std=c11 -O1 -g -fsanitize=address,undefined -Icsrc -o %s spec/support/reply_fuzz.c "
      .. "csrc/curl/reply.c csrc/shared/buffer.c"):format(program))
    -- AddressSanitizer reserves more addresses than tools/mutate.lua allows.
    for seed = 1, 3 do
      assert.same({ "", 0 }, { shell.run(("ulimit -S -v unlimited; env -u LD_PRELOAD %s %d"):format(program, seed)) })
    end
    os.remove(program)
  end)
end)
