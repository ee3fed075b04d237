local core = require "dataworks.core"
local files = require "spec.support.files"
local shell = require "spec.support.shell"

local function sh(script, seconds, limit)
  return core.run({ "sh", "-c", script }, seconds or 20, limit or 65536)
end

-- A process has ended, whether or not its status was collected.
local ENDED = [[
read -r pid <%s; rm %s
for i in 1 2 3 4 5 6 7 8 9 10; do
  [ -e /proc/$pid ] && ! grep -q ') Z ' /proc/$pid/stat || { echo ended; break; }
  sleep 0.1
done]]

-- The number of open files, and of children that are zombies.
local LEFT = [[
ls /proc/$PPID/fd | wc -l
cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent=$PPID '{ sub(/^.*[)] /, "") } $1 == "Z" && $2 == parent' | wc -l]]

describe("run", function()
  it("returns the output of the program and passes its arguments unchanged", function()
    assert.equal("a b|$HOME|\n", core.run({ "printf", "%s|%s|\n", "a b", "$HOME" }, 20, 100))
    assert.equal("a\0b", (sh "printf 'a\\000b'"))
    assert.equal(60000, #sh "head -c 60000 /dev/zero")
    assert.equal("", (sh "true"))
  end)

  it("uses no shell, so a name with blanks is one name", function()
    local output, reason = core.run({ "echo hello" }, 20, 100)
    assert.is_nil(output)
    -- Under valgrind posix_spawn can't report the failure, and the child exits.
    local watched = (os.getenv "WRAP" or ""):find("valgrind", 1, true)
    assert.matches(watched and "^it ended with exit status" or "^it can't be started: No such file or directory$", reason)
  end)

  it("gives the program empty input and discards its error output", function()
    assert.equal("0\n", (sh "wc -c"))
    assert.equal("out\n", (sh "echo hush >&2; echo out"))
  end)

  it("reports how a failed program ended", function()
    assert.same({ nil, "it ended with exit status 3" }, { sh "echo hush; exit 3" })
    assert.same({ nil, "it was ended by signal 15" }, { sh "kill -TERM $$" })
    assert.same({ nil, "it ended with exit status 4" }, { sh "exec >&-; sleep 0.05; exit 4" })
  end)

  it("stops a program and its children at the deadline", function()
    local mark = os.tmpname()
    assert.same({ nil, "it took too long and was stopped" }, { sh(("sleep 60 & echo $! >%s; wait"):format(mark), 1) }) -- enough to write the mark on a busy machine
    assert.same({ nil, "it took too long and was stopped" }, { sh("exec >&-; sleep 60", 0.2) })
    assert.same({ nil, "it took too long and was stopped" }, { sh("echo", 0) })
    assert.equal("ended", shell.output(ENDED:format(mark, mark)))
  end)

  it("stops a program that writes too much", function()
    assert.same({ nil, "it wrote too much and was stopped" }, { sh("yes", 20, 1000) })
    assert.equal(1000, #sh("head -c 1000 /dev/zero", 20, 1000))
  end)

  it("leaves no process and no open file behind", function()
    sh "true"
    local descriptors, children = shell.output(LEFT):match "^(%d+)\n(%d+)$"
    for _ = 1, 10 do
      sh "echo x"
      sh("sleep 60", 0.05)
      core.run({ "./no-such-program" }, 20, 100)
    end
    local descriptors_now, children_now = shell.output(LEFT):match "^(%d+)\n(%d+)$"
    assert.is_true(descriptors_now - descriptors < 10)
    assert.equal(children, children_now)
  end)

  it("stops the program at once on Ctrl-C", function()
    local file = os.tmpname()
    -- The program sends the signal, so that the signal arrives while Lua handles it, on a slow machine too.
    files.write(file, [[require("dataworks.core").run({ "sh", "-c", "kill -INT $PPID; sleep 30" }, 60, 100) print "the next line"]])
    local started = core.clock()
    local output = shell.output(("%s %s 2>&1; true"):format(shell.interpreter, file))
    os.remove(file)
    assert.matches("interrupted!", output, 1, true)
    assert.is_nil(output:find("the next line", 1, true))
    assert.is_true(core.clock() - started < 20)
  end)

  it("gives the program the default signal handlers", function()
    assert.equal("done\n", (sh "yes | head -n 1 >/dev/null; echo done"))
  end)

  it("raises without a program, and for words with a NUL or of another type", function()
    assert.error_matches(function() core.run({}, 1, 1) end, "a program and its arguments")
    assert.error_matches(function() core.run({ "a\0b" }, 1, 1) end, "NUL")
    assert.error_matches(function() core.run({ "a", {} }, 1, 1) end, "strings expected")
  end)
end)
