local core = require "dataworks.core"
local dataworks = require "dataworks"

describe("a client's sleep", function()
  it("takes its time on the real clock before the first request is sent", function()
    local client = dataworks.new { endpoint = "http://127.0.0.1:1", access_key_id = "a", access_key_secret = "b" }
    local began = core.clock()
    assert.is_false(client._caller:sleep(0.2))
    assert.is_true(core.clock() - began >= 0.19, core.clock() - began)
    client:close()
  end)

  it("separates the attempts of a call whose credentials cannot be fetched", function()
    local tries = 0
    local client = dataworks.new {
      endpoint = "http://127.0.0.1:1", timeout = 1.5, getenv = function() end, random = function() return 1 end,
      credentials = { type = "uri", uri = "http://127.0.0.1:1/" },
      on_event = function(event) if event.type == "response" then tries = tries + 1 end end,
    }
    local began = core.clock()
    local _, err = client:wait({ ProjectId = 1, ProcessId = 1, TaskType = "DI_REALTIME" }, { timeout = 1.5, delay = 0.3 })
    client:close()
    assert.is_truthy(err)
    assert.is_true(tries <= 30, tries)
    assert.is_true(core.clock() - began < 10)
  end)
end)

describe("the options of a client", function()
  it("are copied: a later change of the program's tables changes nothing", function()
    local options = {
      endpoint = "http://127.0.0.1:1", retries = 0, getenv = function() end,
      credentials = { type = "access_key", access_key_id = "first", access_key_secret = "b" },
      limit = { qps = 1000 },
    }
    local client = dataworks.new(options)
    options.endpoint, options.credentials.access_key_id, options.limit.qps = "http://127.0.0.1:2", "second", 0.001
    local request = assert(client:request("GetDISyncTask", { ProjectId = 1, FileId = 1, TaskType = "DI_REALTIME" }))
    assert.matches("Credential=first,", request.headers.authorization)
    assert.matches("^http://127.0.0.1:1/", request.url)
    client:close()
  end)

  it("share a limit object and a transport, which are not copied", function()
    local limit = dataworks.limit(5)
    local transport = { send = function() end, sleep = function() end, close = function() end }
    local client = dataworks.new { region = "cn-shanghai", limit = limit, transport = transport }
    assert.equal(limit, client._caller.limit)
    assert.equal(transport, client._caller.transport)
    client:close()
  end)
end)
