local core = require "dataworks.core"
local shell = require "spec.support.shell"

local function sh(script, seconds, limit)
  return core.run({ "sh", "-c", script }, seconds or 20, limit or 65536)
end

-- Ended, whether or not somebody has taken its status.
local ENDED = [[
read -r pid <%s; rm %s
for i in 1 2 3 4 5 6 7 8 9 10; do
  [ -e /proc/$pid ] && ! grep -q ') Z ' /proc/$pid/stat || { echo ended; break; }
  sleep 0.1
done]]

-- Open files, and children that nobody waited for.
local LEFT = [[
ls /proc/$PPID/fd | wc -l
cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent=$PPID '{ sub(/^.*[)] /, "") } $1 == "Z" && $2 == parent' | wc -l]]

describe("run", function()
  it("gives what the program writes, with its arguments as they are", function()
    assert.equal("a b|$HOME|\n", core.run({ "printf", "%s|%s|\n", "a b", "$HOME" }, 20, 100))
    assert.equal("a\0b", (sh "printf 'a\\000b'"))
    assert.equal(60000, #sh "head -c 60000 /dev/zero")
    assert.equal("", (sh "true"))
  end)

  it("runs no shell: a name with blanks is one name", function()
    local output, reason = core.run({ "echo hello" }, 20, 100)
    assert.is_nil(output)
    -- Under valgrind the C library learns of it too late, and the child just ends.
    local watched = (os.getenv "WRAP" or ""):find("valgrind", 1, true)
    assert.matches(watched and "^it ended with exit status" or "^it can't be started: No such file or directory$", reason)
  end)

  it("gives it an empty input, and drops what it says of errors", function()
    assert.equal("0\n", (sh "wc -c"))
    assert.equal("out\n", (sh "echo hush >&2; echo out"))
  end)

  it("says how the program ended when that was not well", function()
    assert.same({ nil, "it ended with exit status 3" }, { sh "echo hush; exit 3" })
    assert.same({ nil, "it was ended by signal 15" }, { sh "kill -TERM $$" })
    assert.same({ nil, "it ended with exit status 4" }, { sh "exec >&-; sleep 0.05; exit 4" })
  end)

  it("stops what takes too long, and all that it started", function()
    local mark = os.tmpname()
    assert.same({ nil, "it took too long and was stopped" }, { sh(("sleep 60 & echo $! >%s; wait"):format(mark), 0.2) })
    assert.same({ nil, "it took too long and was stopped" }, { sh("exec >&-; sleep 60", 0.2) })
    assert.same({ nil, "it took too long and was stopped" }, { sh("echo", 0) })
    assert.equal("ended", shell.output(ENDED:format(mark, mark)))
  end)

  it("stops what writes too much", function()
    assert.same({ nil, "it wrote too much and was stopped" }, { sh("yes", 20, 1000) })
    assert.equal(1000, #sh("head -c 1000 /dev/zero", 20, 1000))
  end)

  it("leaves no process and no open file behind", function()
    sh "true"
    local files, children = shell.output(LEFT):match "^(%d+)\n(%d+)$"
    for _ = 1, 10 do
      sh "echo x"
      sh("sleep 60", 0.05)
      core.run({ "./no-such-program" }, 20, 100)
    end
    local files_now, children_now = shell.output(LEFT):match "^(%d+)\n(%d+)$"
    assert.is_true(files_now - files < 10)
    assert.equal(children, children_now)
  end)

  it("lets the program have the usual signals", function()
    assert.equal("done\n", (sh "yes | head -n 1 >/dev/null; echo done"))
  end)

  it("is misused with no program, and with words that C can't hold", function()
    assert.error_matches(function() core.run({}, 1, 1) end, "a program and its arguments")
    assert.error_matches(function() core.run({ "a\0b" }, 1, 1) end, "NUL")
    assert.error_matches(function() core.run({ "a", {} }, 1, 1) end, "strings expected")
  end)
end)
