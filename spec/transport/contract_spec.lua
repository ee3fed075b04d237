local contract = require "dataworks.transport.contract"
local fake = require "spec.support.fake"

local FILE = { ProjectId = 10, FileId = 5, TaskType = "DI_REALTIME" }
local REPLY = { status = 200, headers = {}, body = "{}" }

describe("what a transport of the program returns", function()
  it("is accepted in every documented form", function()
    for _, good in ipairs {
      { REPLY }, { { status = 503 } }, { { status = 200, headers = { date = "x" }, body = "" } },
      { nil, { kind = "transport", sent = false, message = "m" } }, { nil, { kind = "timeout", message = "m" } },
      { nil, { kind = "transport", sent = "unknown", message = "m" } },
    } do
      assert.is_nil(contract.find_mistake(good[1], good[2]))
    end
  end)

  it("is a protocol error in any other form, which names what is wrong", function()
    for text, bad in pairs {
      ["status must be an HTTP status, got nil"] = { {} },
      ["status must be an HTTP status, got 99"] = { { status = 99 } },
      ["status must be an HTTP status, got 200.5"] = { { status = 200.5 } },
      ["status must be an HTTP status, got string"] = { { status = "200" } },
      ["headers must be a table, got string"] = { { status = 200, headers = "x" } },
      ["headers must have names and values that are strings"] = { { status = 200, headers = { date = 1 } } },
      ["body must be a string, got table"] = { { status = 200, body = {} } },
      ["a reply must be a table, got boolean"] = { true },
      ["a failure must be a table, got nil"] = {},
      ["a failure must be a table, got string"] = { nil, "broken" },
      ["a failure must have the texts kind and message"] = { nil, { message = "m" } },
      ["sent must be true, false or \"unknown\""] = { nil, { kind = "transport", message = "m", sent = 1 } },
    } do
      local client = fake.client({}, { retries = 0 })
      client._caller.transport.send = function() return bad[1], bad[2] end
      local result, err = client:call("GetDISyncTask", FILE)
      assert.is_nil(result)
      assert.same({ "protocol", "unknown", true }, { err.kind, err.sent, err.may_have_acted })
      assert.is_truthy(err.message:find(text, 1, true), err.message)
      assert.matches('"A transport of your own" in docs/network.md', err.advice, 1, true)
    end
  end)
end)
