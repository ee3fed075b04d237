local interpreter = require("spec.support.shell").interpreter
local quote = require("dataworks.emulator.shell").quote

--- Runs the command; gives what it wrote, and its exit status.
local function dataworks(arguments)
  local pipe = assert(io.popen(("{ %s bin/dataworks %s; echo status $?; } 2>&1"):format(interpreter, arguments)))
  local text = pipe:read "*a"
  pipe:close()
  local said, status = text:match "^(.*)status (%d+)\n$"
  return said, tonumber(status)
end

describe("the command", function()
  it("says how it is used", function()
    local said, status = dataworks "help"
    assert.equal(0, status)
    assert.matches("^usage: dataworks emulator ", said)
  end)

  for arguments, message in pairs {
    [""] = "a command is missing",
    ["sing"] = 'there is no command "sing"',
    ["emulator --loud"] = 'unknown argument "--loud"; the emulator takes --port, --tls and -- COMMAND',
    ["emulator --port"] = "--port must be a number from 1 to 65535",
    ["emulator --port=0"] = "--port must be a number from 1 to 65535",
    ["emulator --port 65536"] = "--port must be a number from 1 to 65535",
    ["emulator --"] = "a COMMAND must follow --",
  } do
    it(("answers `dataworks %s` with what is right, and status 2"):format(arguments), function()
      local said, status = dataworks(arguments)
      assert.equal(2, status)
      assert.equal("dataworks: " .. message .. "\nusage: ", said:sub(1, #message + 19))
    end)
  end

  it("tells its version", function()
    local said, status = dataworks "--version"
    assert.same({ require("dataworks")._VERSION .. "\n", 0 }, { said, status })
  end)

  it("runs a command beside an emulator, in its environment, and ends with its status", function()
    local said, status = dataworks("emulator -- sh -c " .. quote [[
      echo "$ALIBABA_CLOUD_REGION_ID $ALIBABA_CLOUD_ACCESS_KEY_ID $1"
      env -u LD_PRELOAD curl -sS --noproxy '*' -o /dev/null -w '%{http_code}\n' "$ALIBABA_CLOUD_ENDPOINT/"
      exit 7]] .. " sh " .. quote "it's $HOME")
    assert.same({ "cn-shanghai emulator it's $HOME\n400\n", 7 }, { said, status })
  end)

  it("says so when the command was killed or does not exist", function()
    assert.equal(137, select(2, dataworks("emulator -- sh -c " .. quote "kill -KILL $$")))
    assert.equal(127, select(2, dataworks "emulator -- ./no-such-command"))
  end)

  it("names the certificate with --tls", function()
    local said = dataworks("emulator --tls -- sh -c " .. quote
      [[env -u LD_PRELOAD curl -sS --noproxy '*' --cacert "$DATAWORKS_CA_FILE" "$ALIBABA_CLOUD_ENDPOINT/"]])
    assert.matches('"Code":"MissingAction"', said)
  end)

  -- A process group of its own, as a terminal would give it, and signals as a terminal would send them.
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
    while curl -s --noproxy '*' -o "$out" "$ALIBABA_CLOUD_ENDPOINT/" && [ $i -lt 500 ]; do
      sleep 0.02
      i=$((i + 1))
    done
    curl -s --noproxy '*' "$ALIBABA_CLOUD_ENDPOINT/" || echo "refused $?"
    rm "$out"
  ]]

  for signal, status in pairs { INT = 130, TERM = 143 } do
    it("in the foreground stops cleanly on SIG" .. signal, function()
      local pipe = assert(io.popen("exec 2>/dev/null; unset LD_PRELOAD;" .. INTERRUPTED:format(interpreter, signal)))
      local said = pipe:read "*a"
      pipe:close()
      assert.equal(("status %d\nrefused 7\n"):format(status), said)
    end)
  end
end)
