local shell = require "spec.support.shell"
local support = require "spec.support.emulator"

-- A program whose first call succeeds, and that can load no module afterwards, as without a free descriptor.
local PROGRAM = [[
  local dataworks = require "dataworks"
  local client = dataworks.new { timeout = 2, retries = 0 }
  assert(client:ListDIProjectConfig { ProjectId = 10000, DestinationType = "odps" })
  local lost = dataworks.new { endpoint = "http://127.0.0.1:1", timeout = 2, retries = 1 }
  local denied = dataworks.new { access_key_id = "nobody", access_key_secret = "nothing", timeout = 2, retries = 0 }
  local wrong = dataworks.new {
    access_key_id = os.getenv "ALIBABA_CLOUD_ACCESS_KEY_ID", access_key_secret = "wrong", timeout = 2, retries = 0,
  }
  local searchers = package.searchers or package.loaders
  for i = #searchers, 1, -1 do searchers[i] = nil end
  searchers[1] = function(name) error("no descriptor is left to load " .. name, 0) end
  local file = { ProjectId = 10000, FileId = 5, TaskType = "DI_REALTIME" }
  local function show(what, ok, result, err)
    print(what, ok and result == nil and err and err.kind or "raised " .. tostring(result))
    local text = ok and tostring(err)
  end
  show("refused", pcall(client.GetDISyncTask, client, file))
  show("unknown parameter", pcall(client.call, client, "GetDISyncTask", { ProjectId = 1, FielId = 5, TaskType = "DI_REALTIME" }))
  show("not connected", pcall(lost.GetDISyncTask, lost, file))
  show("no such key", pcall(denied.GetDISyncTask, denied, file))
  show("wrong secret", pcall(wrong.GetDISyncTask, wrong, file))
]]

describe("a failure", function()
  it("loads no module that the client has not loaded before, so that it never raises without a free descriptor", function()
    local emulator = support.start()
    local name = os.tmpname()
    local file = assert(io.open(name, "w"))
    file:write(PROGRAM)
    file:close()
    local output = shell.output(("ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s %s %s 2>&1"):format(
      emulator.endpoint, shell.quote(emulator.access_key_id), shell.quote(emulator.access_key_secret), shell.interpreter, name))
    emulator:stop()
    os.remove(name)
    assert.equal(table.concat({
      "refused\ttask", "unknown parameter\tinvalid", "not connected\ttransport", "no such key\tservice", "wrong secret\tservice",
    }, "\n"), output)
  end)

  it("to load the transport is an error of the call", function()
    local output = shell.output(([[%s -e '
      local dataworks = require "dataworks"
      local client = dataworks.new { endpoint = "http://127.0.0.1:1", access_key_id = "a", access_key_secret = "b", retries = 0 }
      local searchers = package.searchers or package.loaders
      for i = #searchers, 1, -1 do searchers[i] = nil end
      searchers[1] = function(name) error("no descriptor is left to load " .. name, 0) end
      local _, err = client:GetDISyncTask { ProjectId = 1, FileId = 5, TaskType = "DI_REALTIME" }
      print(err.kind, err.sent, err.message)' 2>&1]]):format(shell.interpreter))
    assert.matches("^transport\tfalse\tthe transport cannot be loaded: no descriptor is left", output)
  end)
end)
