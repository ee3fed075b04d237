local files = require "spec.support.files"
local shell = require "spec.support.shell"

local quote = shell.quote

--- Runs the command. Returns its output and its exit status.
local function dataworks(arguments)
  return shell.run(("%s bin/dataworks %s"):format(shell.interpreter, arguments))
end

describe("dataworks emulator", function()
  for arguments, message in pairs {
    ["emulator --loud"] = "unknown option '--loud'",
    ["emulator --port"] = "option '--port' requires an argument",
    ["emulator --port=0"] = "--port must be a number from 1 to 65535",
    ["emulator --port 65536"] = "--port must be a number from 1 to 65535",
  } do
    it(("answers `dataworks %s` with a message and status 2"):format(arguments), function()
      local output, status = dataworks(arguments)
      assert.same({ "dataworks emulator: " .. message, 2 }, { output:match "^[^\n]*", status })
    end)
  end

  it("runs a command in its environment, and exits with the status of the command", function()
    local output, status = dataworks("emulator -- sh -c " .. quote [[
      echo "$ALIBABA_CLOUD_REGION_ID $ALIBABA_CLOUD_ACCESS_KEY_ID $1"
      env -u LD_PRELOAD curl -sS --max-time 30 --noproxy '*' -o /dev/null -w '%{http_code}\n' "$ALIBABA_CLOUD_ENDPOINT/"
      exit 7]] .. " sh " .. quote "it's $HOME")
    assert.same({ "cn-shanghai emulator it's $HOME\n400\n", 7 }, { output, status })
  end)

  it("runs the example of its page", function()
    local path = os.tmpname()
    files.write(path, files.read("docs/emulator.md"):match("```lua\n(.-)```"))
    local output, status = dataworks(("emulator -- env -u LD_PRELOAD %s %s"):format(shell.interpreter, path))
    os.remove(path)
    assert.equal(0, status)
    assert.matches('^{"RENAMECOLUMN":"WARNING",', output)
  end)

  it("exits with the status of a shell when the command was killed or does not exist", function()
    assert.equal(137, select(2, dataworks("emulator -- sh -c " .. quote "kill -KILL $$")))
    assert.equal(127, select(2, dataworks "emulator -- ./no-such-command"))
  end)

  it("names its certificate in the environment with --tls", function()
    local output = dataworks("emulator --tls -- sh -c " .. quote
      [[env -u LD_PRELOAD curl -sS --max-time 30 --noproxy '*' --cacert "$DATAWORKS_CA_FILE" "$ALIBABA_CLOUD_ENDPOINT/"]])
    assert.matches('"Code":"MissingAction"', output)
  end)

  -- As in a terminal: a process group of its own, and a signal for the group.
  local INTERRUPTED = [[
    out=$(mktemp)
    setsid env --default-signal=INT %s bin/dataworks emulator >"$out" &
    i=0
    until grep -q SECRET "$out" || [ $i -ge 500 ]; do sleep 0.02; i=$((i + 1)); done
    . "$out"
    kill -s %s -- -$!
    wait $!
    echo "status $?"
    i=0
    while curl -s --max-time 30 --noproxy '*' -o "$out" "$ALIBABA_CLOUD_ENDPOINT/" && [ $i -lt 500 ]; do
      sleep 0.02
      i=$((i + 1))
    done
    curl -s --max-time 30 --noproxy '*' "$ALIBABA_CLOUD_ENDPOINT/" || echo "refused $?"
    rm "$out"
  ]]

  for signal, status in pairs { INT = 130, TERM = 143 } do
    it("stops cleanly in the foreground on SIG" .. signal, function()
      local pipe = assert(io.popen("exec 2>/dev/null; unset LD_PRELOAD;" .. INTERRUPTED:format(shell.interpreter, signal)))
      local output = pipe:read "*a"
      pipe:close()
      assert.equal(("status %d\nrefused 7\n"):format(status), output)
    end)
  end
end)
