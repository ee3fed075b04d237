-- Ctrl-C during a request that blocks the thread.

local curl = require "dataworks.curl"
local native_support = require "spec.support.native"
local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

-- The beginning of the child's script. It writes "begun" before the request that the signal interrupts.
local SESSION = [[
  local curl = require "dataworks.curl"
  local session = curl.new {}
  local function send(path, timeout) return session:send({ method = "GET", url = %q .. path }, timeout or 30) end
  local function begin() io.stdout:write "begun\n" io.stdout:flush() end
]]

-- The child is killed after 40 s if it ignores the signal.
local INTERRUPT = [[
  directory=$(mktemp -d)
  timeout -s KILL 40 sh -c 'echo $$ >$0/pid; exec "$@"' $directory %s -e %s >$directory/out 2>$directory/err & guard=$!
  for i in $(seq 1000); do grep -q begun $directory/out 2>/dev/null && break; sleep 0.01; done
  %s; before=$(date +%%s%%N); kill -INT $(cat $directory/pid); wait $guard; status=$?
  echo "$status $((($(date +%%s%%N) - before) / 1000000)) $(cat $directory/out $directory/err | tr '\n' ' ')"
  rm -rf $directory]]

--- Runs a script in a new process, and sends SIGINT to the process after it has written "begun".
---@param script string
---@param wait? string a command that ends when the signal may be sent; the default sleeps
---@return string status
---@return number milliseconds from the signal to the end
---@return string output
local function interrupt(script, wait)
  local output = shell.output(INTERRUPT:format(shell.interpreter, shell.quote(script), wait or "sleep 0.3"))
  local status, milliseconds, rest = output:match "^(%d+) (%d+) (.*)$"
  return status, tonumber(milliseconds), rest
end

describe("Ctrl-C", function()
  local web, native

  setup(function()
    native = native_support.load()
    web = web_support.start()
  end)

  teardown(function()
    if web then web:stop() end
  end)

  local function assert_interrupted(script)
    local status, milliseconds, output = interrupt(script)
    assert.equal("1", status, output)
    assert.matches("interrupted!", output)
    assert.not_matches("went on", output)
    assert.is_true(milliseconds < 8000, milliseconds .. " " .. output)
  end

  it("ends a request without a reply, and a request whose reply is incomplete", function()
    for _, path in ipairs { "/never", "/half" } do
      assert_interrupted((SESSION .. [[begin() send %q print "went on"]]):format(web:url "", path))
    end
  end)

  it("ends a request on a kept connection", function()
    assert_interrupted((SESSION .. [[assert(send "/echo") begin() send "/never" print "went on"]]):format(web:url ""))
  end)

  it("ends a request that a coroutine has sent", function()
    assert_interrupted((SESSION .. [[
      begin() coroutine.wrap(function() send "/never" end)() print "went on"
    ]]):format(web:url ""))
  end)

  it("ends a call of a client that waits for the reply, for the TLS handshake, or for a retry", function()
    for _, endpoint in ipairs {
      "http://127.0.0.1:" .. native.silent_port(), "https://127.0.0.1:" .. native.silent_port(),
      "http://127.0.0.1:" .. native.closed_port(),
    } do
      assert_interrupted(([[
        local client = require("dataworks").new {
          endpoint = %q, access_key_id = "i", access_key_secret = "s", timeout = 30, connect_timeout = 30, retries = 50,
        }
        io.stdout:write "begun\n" io.stdout:flush()
        client:GetDISyncTask { ProjectId = 1, TaskType = "DI_REALTIME", FileId = 1 }
        print "went on"
      ]]):format(endpoint))
    end
  end)

  --- Returns a command that ends when the server has sent half of a reply once more.
  local function wait_for_half()
    local count = ("$(env -u LD_PRELOAD curl -sS --noproxy '*' --max-time 30 %s)"):format(web:url "/count/half")
    return ("for i in $(seq 1000); do [ %s != %s ] && break; sleep 0.01; done"):format(count, shell.output("echo " .. count))
  end

  it("cancels the request, says whether it was sent, and leaves the session usable", function()
    -- In PUC Lua, the error is raised in the main thread. Therefore the coroutine gets the failure of its request first.
    local status, milliseconds, output = interrupt((SESSION .. [[
      local result, err
      begin()
      pcall(coroutine.wrap(function() result, err = send "/half" coroutine.yield() end))
      pcall(function() for i = 1, 10 do result = i end end)
      print(err and table.concat({ err.kind, tostring(err.sent), err.message }, " "))
      print((send "/status/201"))
    ]]):format(web:url ""), wait_for_half())
    assert.equal("0", status, output)
    assert.is_true(milliseconds < 8000, milliseconds .. " " .. output)
    assert.equal(jit and "begun nil 201 " or "begun cancelled true the call was cancelled 201 ", output)
  end)

  it("is not confused with a hook that was set before the request", function()
    local before = { debug.gethook() }
    if before[1] == "external hook" then return pending "the hook of make coverage cannot be restored from Lua" end
    local session = curl.new {}
    finally(function()
      debug.sethook((table.unpack or unpack)(before)) -- luacheck: std max
      session:close()
    end)
    debug.sethook(function() end, "crl", 1)
    local _, err = session:send({ method = "GET", url = web:url "/never" }, 1) -- enough to connect on a busy machine
    assert.same({ "timeout", "unknown" }, { err.kind, err.sent })
    assert.equal(200, (session:send({ method = "GET", url = web:url "/echo" }, 30)))
  end)
end)
