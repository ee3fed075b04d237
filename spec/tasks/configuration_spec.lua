-- Waiting for a generated configuration.

local fake = require "spec.support.fake"
local flows = require "spec.support.flows"
local ids = require "dataworks.util.ids"

local BIG, CONTENT, QUERY = flows.BIG, flows.CONTENT, flows.QUERY
local pending, configured, stored = flows.pending, flows.configured, flows.stored

describe("client:wait", function()
  local PARAMS = { ProjectId = 10, TaskType = "DI_REALTIME", ProcessId = BIG }

  it("polls until the reply has a status of success and a content", function()
    for _, status in ipairs { "success", "true" } do
      local client, world = fake.client {
        fake.good(), fake.good {}, pending(), fake.good { Status = "processing" }, fake.good { Status = "" },
        fake.good { Status = status, TaskContent = "" }, fake.good { Status = status }, fake.good { TaskContent = "{}" },
        fake.good { Status = status, TaskContent = CONTENT },
      }
      assert.equal(CONTENT, assert(client:wait(PARAMS)).Data.TaskContent)
      assert.equal(9, #world.sent)
      assert.equal(BIG, fake.params(world.sent[1]).AsyncProcessId)
    end
  end)

  it("accepts the id under the reply's name or the request's", function()
    local client, world = fake.client { configured() }
    assert(client:wait { ProjectId = 10, TaskType = "DI_REALTIME", AsyncProcessId = 5 })
    assert.equal("5", fake.params(world.sent[1]).AsyncProcessId)
    local _, err = client:wait { ProjectId = 10, TaskType = "DI_REALTIME" }
    assert.same({ "invalid", "AsyncProcessId" }, { err.kind, err.path })
    _, err = client:wait { ProjectId = 10, TaskType = "DI_REALTIME", ProcesId = 5 }
    assert.same({ "invalid", "ProcesId" }, { err.kind, err.path })
  end)

  it("accepts the result of generate, also after a JSON writer, whatever the service adds to its reply", function()
    local client, world = fake.client { fake.reply('{"RequestId":"R-1","Success":true,"More":1,"Data":{"ProcessId":' .. BIG .. "}}"),
      configured(), configured() }
    local result = assert(client:generate { ProjectId = "10", TaskType = "DI_REALTIME", TaskParam = flows.script() })
    assert.same({ 10, "DI_REALTIME" }, { result.ProjectId, result.TaskType })
    result.Data.ProcessId = ids.text(result.Data.ProcessId)
    for i, given in ipairs { result, stored(result) } do
      assert(client:wait(given))
      local sent = fake.params(world.sent[i + 1])
      assert.same({ "10", "DI_REALTIME", BIG, nil }, { sent.ProjectId, sent.TaskType, sent.AsyncProcessId, sent.More })
    end
  end)

  it("names a refused id as the program wrote it", function()
    local client = fake.client {}
    for path, given in pairs {
      ProcessId = { ProjectId = 10, TaskType = "DI_REALTIME", ProcessId = "x" },
      AsyncProcessId = { ProjectId = 10, TaskType = "DI_REALTIME", AsyncProcessId = "x" },
      ["Data.ProcessId"] = { ProjectId = 10, TaskType = "DI_REALTIME", Data = {} },
      TaskType = { ProjectId = 10, TaskTyp = "DI_REALTIME", Data = { ProcessId = 5 } },
    } do
      local _, err = client:wait(given)
      assert.same({ "invalid", path }, { err.kind, err.path })
    end
  end)

  it("ends at once when the status is fail or false", function()
    for _, status in ipairs { "fail", "false" } do
      local client, world = fake.client { pending(), fake.good { Status = status, Message = "why" } }
      local _, err = client:wait(PARAMS)
      assert.same({ "task", "why", 2 }, { err.kind, err.message, #world.sent })
      assert.is_nil(err.state)
    end
  end)

  it("goes on after a retryable error, and ends at any other", function()
    local answers = {}
    for i = 1, 3 do answers[i] = fake.refused("Throttling.User", 400) end
    answers[4] = fake.lost "unknown"
    answers[5] = configured()
    local client = fake.client(answers)
    assert(client:wait(PARAMS))
    local world
    client, world = fake.client { fake.refused("Forbidden.Access", 403) }
    local _, err = client:wait(PARAMS)
    assert.same({ "service", "Forbidden.Access", 1 }, { err.kind, err.code, #world.sent })
  end)

  it("limits each poll to the time until the deadline and to the timeout of a call", function()
    local client, world = fake.client({ pending(), pending(), configured() }, { timeout = 1.5 })
    assert(client:wait(PARAMS, { timeout = 2, delay = 0.8, max_delay = 0.8 }))
    assert.near(1.5, world.limits[1].timeout, 1e-9)
    assert.near(1.4, world.limits[2].timeout, 1e-9)
    assert.near(0.8, world.limits[3].timeout, 1e-9)
  end)

  it("ends at its deadline with a state for another wait", function()
    local client = fake.client { pending(), pending(), pending() }
    local _, err = client:wait(PARAMS, { timeout = 2, delay = 1, max_delay = 1 })
    assert.same({ "timeout", QUERY, true, false }, { err.kind, err.action, err.retryable, err.sent })
    assert.matches("the configuration of process " .. BIG .. " is not ready", err.message)
    assert.same({ ProjectId = "10", TaskType = "DI_REALTIME", ProcessId = BIG }, err.state)
    client = fake.client { configured() }
    assert(client:wait(stored(err.state)))
  end)

  it("reports each wait to on_event and on_progress", function()
    local seen = {}
    local client = fake.client({ pending(), configured() }, { on_event = function(event)
      if event.type == "wait" then seen[#seen + 1] = event end
    end })
    assert(client:wait(PARAMS, { on_progress = function(event) seen[#seen + 1] = event end }))
    assert.same({ type = "wait", action = QUERY, attempt = 1, elapsed = 0, delay = 0.75 }, seen[1])
    assert.same({ "polling", 1, 0.75 }, { seen[2].step, seen[2].attempt, seen[2].delay })
  end)
end)
