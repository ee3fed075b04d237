local cjson = require "cjson"
local core = require "dataworks.core"
local dataworks = require "dataworks"
local fake = require "spec.support.fake"
local ids = require "dataworks.util.ids"

local BIG = "9007199254740993"
local CONTENT = '{"type":"job",  "steps":[], "b":1.0, "a":"é"}'

local function script()
  return dataworks.task { from = { mysql = "m", tables = { "t" } }, to = { odps = "o" }, resource_group = "g" }
end

local function creating(changes)
  local params = {
    ProjectId = 10, TaskType = "DI_REALTIME", TaskName = "n", TaskParam = script(),
    FileFolderPath = "Business Flow/x/Data Integration", ResourceGroup = "g", Cu = 1.5,
  }
  for name, value in pairs(changes or {}) do params[name] = value ~= core.null and value or nil end
  return params
end

local UPDATE = { steps = { { parameter = { connection = { { table = { "t" } } } }, name = "Reader", category = "reader" } } }

local function updating(changes)
  local params = { ProjectId = 10, TaskType = "DI_REALTIME", FileId = 77, TaskParam = UPDATE }
  for name, value in pairs(changes or {}) do params[name] = value ~= core.null and value or nil end
  return params
end

-- Ids in JSON as the service writes them.
local function raw(text) return fake.reply('{"RequestId":"R-1","Success":true,"Data":' .. text .. "}") end

local function generated() return raw('{"Status":"success","ProcessId":' .. BIG .. "}") end
local function pending() return raw '{"Message":""}' end
local function configured() return fake.good { Status = "success", TaskContent = CONTENT } end
local function created() return raw('{"Status":"success","FileId":' .. BIG .. "}") end
local function updated() return fake.good { Status = "success" } end

local function actions_of(world)
  local list = {}
  for i, request in ipairs(world.sent) do list[i] = request.headers["x-acs-action"] end
  return list
end

local GENERATE, QUERY, CREATE = "GenerateDISyncTaskConfigForCreating", "QueryDISyncTaskConfigProcessResult", "CreateDISyncTask"

-- What a program keeps between two runs, through the JSON writer that most of them have.
local function stored(state)
  return cjson.decode(cjson.encode(state))
end

describe("create_sync_task", function()
  it("generates, waits and creates, and hands the content over byte for byte", function()
    local client, world = fake.client { generated(), pending(), configured(), created() }
    local result = assert(client:create_sync_task(creating()))
    assert.same({ GENERATE, QUERY, QUERY, CREATE }, actions_of(world))
    assert.same({ FileId = ids.native(BIG), ProcessId = ids.native(BIG), TaskContent = CONTENT, RequestId = "R-1",
      ClientToken = result.ClientToken }, result)
    assert.equal(BIG, fake.params(world.sent[2]).AsyncProcessId)
    local last = fake.params(world.sent[4])
    assert.same({ CONTENT, "n", '{"Cu":1.5,"FileFolderPath":"Business Flow/x/Data Integration","ResourceGroup":"g"}', "10" },
      { last.TaskContent, last.TaskName, last.TaskParam, last.ProjectId })
  end)

  it("takes the script as JSON text too", function()
    local client, world = fake.client { generated(), configured(), created() }
    assert(client:create_sync_task(creating { TaskParam = '{ "any": 1 }' }))
    assert.equal('{ "any": 1 }', fake.params(world.sent[1]).TaskParam)
  end)

  it("leaves TaskParam out when nothing says where the task goes", function()
    local client, world = fake.client { generated(), configured(), created() }
    assert(client:create_sync_task(creating { FileFolderPath = core.null, ResourceGroup = core.null, Cu = core.null }))
    assert.is_nil(fake.params(world.sent[3]).TaskParam)
  end)

  it("makes two tokens of one ClientToken, and keeps them through the flow's repetitions", function()
    local client, world = fake.client {
      fake.lost "unknown", generated(), configured(), fake.refused("ServiceUnavailable", 503), created(),
    }
    local result = assert(client:create_sync_task(creating { ClientToken = "mine" }))
    assert.equal("mine", result.ClientToken)
    local tokens = {}
    for i, request in ipairs(world.sent) do tokens[i] = fake.params(request).ClientToken or "" end
    assert.same({ "mine-g", "mine-g", "", "mine-c", "mine-c" }, tokens)
  end)

  it("refuses a ClientToken that leaves no room for two", function()
    for _, token in ipairs { ("x"):rep(63), "", "é", "a b", 5 } do
      local client, world = fake.client {}
      local _, err = client:create_sync_task(creating { ClientToken = token })
      assert.same({ "invalid", "ClientToken", {} }, { err.kind, err.path, world.sent })
    end
    local client, world = fake.client { generated(), configured(), created() }
    assert(client:create_sync_task(creating { ClientToken = ("x"):rep(62) }))
    assert.equal(64, #fake.params(world.sent[1]).ClientToken)
  end)

  it("creates an offline task directly from its content", function()
    local client, world = fake.client { created() }
    local result = assert(client:create_sync_task(creating {
      TaskType = "DI_OFFLINE", TaskParam = core.null, TaskContent = CONTENT,
    }))
    assert.same({ CREATE }, actions_of(world))
    assert.equal(CONTENT, fake.params(world.sent[1]).TaskContent)
    assert.same({ ids.native(BIG), nil }, { result.FileId, result.ProcessId })
  end)

  it("refuses what can't work before anything is sent", function()
    for path, params in pairs {
      TaskNam = creating { TaskNam = "x" }, Cu = creating { Cu = "1" }, ResourceGroup = creating { ResourceGroup = {} },
      FileFolderPath = creating { FileFolderPath = 5 }, TaskName = creating { TaskName = {} },
      ProjectId = creating { ProjectId = core.null }, TaskType = creating { TaskType = "REALTIME" },
      TaskContent = creating { TaskContent = "{}" }, ["TaskParam.steps"] = creating { TaskParam = { steps = {}, type = "realtime" } },
      TaskParam = creating { TaskType = "DI_OFFLINE", TaskContent = "{}" },
    } do
      local client, world = fake.client {}
      local result, err = client:create_sync_task(params)
      assert.is_nil(result)
      assert.same({ "invalid", false, {} }, { err.kind, err.sent, world.sent }, path)
      assert.is_nil(err.state)
      assert.truthy(err.path == path or err.path:find(path:match "^%w+", 1, true) == 1, path .. " " .. err.path)
    end
    local client = fake.client {}
    local _, err = client:create_sync_task(creating { TaskNam = "x" })
    assert.matches("did you mean TaskName%?", tostring(err))
    _, err = client:create_sync_task(creating { TaskType = "DI_OFFLINE", TaskParam = core.null })
    assert.same({ "invalid", "TaskContent" }, { err.kind, err.path })
    for _, bad in ipairs { 1.5, 0 / 0, "x", {} } do
      _, err = client:create_sync_task(creating { ProjectId = bad })
      assert.same({ "invalid", "ProjectId" }, { err.kind, err.path })
    end
  end)

  it("shows each step with the time since the flow began", function()
    local client, world = fake.client { generated(), pending(), configured(), created() }
    local seen = {}
    assert(client:create_sync_task(creating(), { on_progress = function(event)
      seen[#seen + 1] = ("%s %.2f"):format(event.step, event.elapsed)
      if event.step == "generated" then
        assert.equal(ids.native(BIG), event.ProcessId)
        world.now = world.now + 10
      elseif event.step == "created" then
        assert.same({ ids.native(BIG), "R-1" }, { event.FileId, event.request_id })
      end
    end }))
    assert.same({ "generated 0.00", "polling 10.00", "configured 10.75", "created 10.75" }, seen)
  end)

  it("ends with the service's words when the generation fails, and with nothing to go on from", function()
    local client = fake.client { generated(), fake.good { Status = "fail", Message = "no such table" } }
    local _, err = client:create_sync_task(creating())
    assert.same({ "task", QUERY, "no such table" }, { err.kind, err.action, err.message })
    assert.is_nil(err.state)
  end)

  it("says when a reply lacks the id it is about", function()
    local client = fake.client { raw '{"Status":"success"}' }
    local _, err = client:create_sync_task(creating())
    assert.same({ "protocol", GENERATE, "the reply has no Data.ProcessId" }, { err.kind, err.action, err.message })
    client = fake.client { generated(), configured(), raw '{"Status":"success"}' }
    _, err = client:create_sync_task(creating())
    assert.same({ "protocol", CREATE, "the reply has no Data.FileId" }, { err.kind, err.action, err.message })
  end)

  it("is within its deadline as a whole", function()
    local client, world = fake.client { generated(), pending(), pending(), pending(), pending() }
    local _, err = client:create_sync_task(creating(), { timeout = 4 })
    assert.equal("timeout", err.kind)
    assert.is_true(world.now <= 1004)
    assert.equal(BIG, err.state.ProcessId)
    assert.matches("resume = err.state", tostring(err))
    client, world = fake.client { function(_, _, w)
      w.now = w.now + 5
      return generated()
    end }
    _, err = client:create_sync_task(creating(), { timeout = 4 })
    assert.same({ "timeout", QUERY, false }, { err.kind, err.action, err.sent })
    assert.equal(4, world.limits[1].timeout)
  end)

  it("is stopped by a callback that raises, and nothing is lost", function()
    for step, calls in pairs { generated = 1, polling = 2, configured = 3, created = 4 } do
      local answers = { generated(), pending(), configured(), created() }
      local client, world = fake.client(answers)
      local _, err = client:create_sync_task(creating(), { on_progress = function(event)
        if event.step == step then error("stop here", 0) end
      end })
      assert.same({ "cancelled", "on_progress raised: stop here" }, { err.kind, err.message }, step)
      assert.equal(calls, #world.sent)
      local rest = {}
      for i = calls + 1, #answers do rest[#rest + 1] = answers[i] end
      local again, second = fake.client(rest)
      local result = assert(again:create_sync_task(creating(), { resume = stored(err.state) }))
      assert.equal(ids.native(BIG), result.FileId)
      assert.equal(#rest, #second.sent)
    end
  end)
end)

describe("update_sync_task", function()
  it("generates, waits and updates", function()
    local client, world = fake.client { generated(), configured(), updated() }
    local steps = {}
    local result = assert(client:update_sync_task(updating { ResourceGroup = "g2" }, {
      on_progress = function(event) steps[#steps + 1] = event.step end,
    }))
    assert.same({ "GenerateDISyncTaskConfigForUpdating", QUERY, "UpdateDISyncTask" }, actions_of(world))
    assert.same({ "generated", "configured", "updated" }, steps)
    assert.equal("77", fake.params(world.sent[1]).TaskId)
    local last = fake.params(world.sent[3])
    assert.same({ "77", CONTENT, '{"ResourceGroup":"g2"}' }, { last.FileId, last.TaskContent, last.TaskParam })
    assert.same({ 77, ids.native(BIG) }, { result.FileId, result.ProcessId })
  end)

  it("updates an offline task directly", function()
    local client, world = fake.client { updated() }
    assert(client:update_sync_task(updating { TaskType = "DI_OFFLINE", TaskParam = core.null, TaskContent = CONTENT }))
    assert.same({ "UpdateDISyncTask" }, actions_of(world))
  end)

  it("refuses a missing or impossible FileId, and parameters of the other flow", function()
    for path, params in pairs { FileId = updating { FileId = core.null }, TaskName = updating { TaskName = "x" } } do
      local client, world = fake.client {}
      local _, err = client:update_sync_task(params)
      assert.same({ "invalid", path, {} }, { err.kind, err.path, world.sent })
    end
  end)

  it("never repeats an update whose reply was lost, but goes on when told to", function()
    local client, world = fake.client { generated(), configured(), fake.lost "unknown" }
    local _, err = client:update_sync_task(updating())
    assert.equal(3, #world.sent)
    assert.same({ "transport", "unknown", false, "77" }, { err.kind, err.sent, err.retryable, err.state.FileId })
    client, world = fake.client { updated() }
    assert.equal(77, assert(client:update_sync_task({}, { resume = stored(err.state) })).FileId)
    assert.equal(CONTENT, fake.params(world.sent[1]).TaskContent)
  end)
end)

describe("client:wait", function()
  local PARAMS = { ProjectId = 10, TaskType = "DI_REALTIME", ProcessId = BIG }

  it("polls until there is a status of success and a content", function()
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

  it("takes the id by the name of the reply or of the request", function()
    local client, world = fake.client { configured() }
    assert(client:wait { ProjectId = 10, TaskType = "DI_REALTIME", AsyncProcessId = 5 })
    assert.equal("5", fake.params(world.sent[1]).AsyncProcessId)
    local _, err = client:wait { ProjectId = 10, TaskType = "DI_REALTIME" }
    assert.same({ "invalid", "AsyncProcessId" }, { err.kind, err.path })
    _, err = client:wait { ProjectId = 10, TaskType = "DI_REALTIME", ProcesId = 5 }
    assert.same({ "invalid", "ProcesId" }, { err.kind, err.path })
  end)

  it("ends at once when the service says fail or false", function()
    for _, status in ipairs { "fail", "false" } do
      local client, world = fake.client { pending(), fake.good { Status = status, Message = "why" } }
      local _, err = client:wait(PARAMS)
      assert.same({ "task", "why", 2 }, { err.kind, err.message, #world.sent })
      assert.is_nil(err.state)
    end
  end)

  it("bears what passes, and ends at what does not", function()
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

  it("gives no poll more time than is left, nor more than a call has", function()
    local client, world = fake.client({ pending(), pending(), configured() }, { timeout = 1.5 })
    assert(client:wait(PARAMS, { timeout = 2, delay = 0.8, max_delay = 0.8 }))
    assert.near(1.5, world.limits[1].timeout, 1e-9)
    assert.near(1.4, world.limits[2].timeout, 1e-9)
    assert.near(0.8, world.limits[3].timeout, 1e-9)
  end)

  it("ends at its deadline with what another wait goes on from", function()
    local client = fake.client { pending(), pending(), pending() }
    local _, err = client:wait(PARAMS, { timeout = 2, delay = 1, max_delay = 1 })
    assert.same({ "timeout", QUERY, true, false }, { err.kind, err.action, err.retryable, err.sent })
    assert.matches("the configuration of process " .. BIG .. " is not ready", err.message)
    assert.same({ ProjectId = "10", TaskType = "DI_REALTIME", ProcessId = BIG }, err.state)
    client = fake.client { configured() }
    assert(client:wait(stored(err.state)))
  end)

  it("tells on_event and on_progress of each wait", function()
    local seen = {}
    local client = fake.client({ pending(), configured() }, { on_event = function(event)
      if event.type == "wait" then seen[#seen + 1] = event end
    end })
    assert(client:wait(PARAMS, { on_progress = function(event) seen[#seen + 1] = event end }))
    assert.same({ type = "wait", action = QUERY, attempt = 1, elapsed = 0, delay = 0.75 }, seen[1])
    assert.same({ "polling", 1, 0.75 }, { seen[2].step, seen[2].attempt, seen[2].delay })
  end)
end)
