-- The create and update flows against a scripted service.

local core = require "dataworks.core"
local fake = require "spec.support.fake"
local files = require "spec.support.files"
local flows = require "spec.support.flows"
local ids = require "dataworks.util.ids"

local BIG, CONTENT, GENERATE, QUERY, CREATE = flows.BIG, flows.CONTENT, flows.GENERATE, flows.QUERY, flows.CREATE
local creating, updating, raw, stored = flows.creating, flows.updating, flows.raw, flows.stored
local generated, pending, configured = flows.generated, flows.pending, flows.configured
local created, updated = flows.created, flows.updated

describe("create_sync_task", function()
  it("generates, waits and creates, and passes the content on byte for byte", function()
    local client, world = fake.client { generated(), pending(), configured(), created() }
    local result = assert(client:create_sync_task(creating()))
    assert.same({ GENERATE, QUERY, QUERY, CREATE }, fake.actions(world))
    assert.same({ ProjectId = 10, TaskType = "DI_REALTIME", FileId = ids.native(BIG), ProcessId = ids.native(BIG),
      TaskContent = CONTENT, RequestId = "R-1", ClientToken = result.ClientToken }, result)
    assert.equal(BIG, fake.params(world.sent[2]).AsyncProcessId)
    local last = fake.params(world.sent[4])
    assert.same({ CONTENT, "n", '{"Cu":1.5,"FileFolderPath":"Business Flow/x/Data Integration","ResourceGroup":"g"}', "10" },
      { last.TaskContent, last.TaskName, last.TaskParam, last.ProjectId })
  end)

  it("accepts the script as JSON text", function()
    local client, world = fake.client { generated(), configured(), created() }
    local text = files.read "spec/scripts/mysql_to_odps.json"
    assert(client:create_sync_task(creating { TaskParam = text }))
    assert.equal(text, fake.params(world.sent[1]).TaskParam)
  end)

  it("checks the script before the first call, or with the option unchecked not at all", function()
    local wrong = { type = "realtime", setting = { resourceGruop = "g" }, steps = {} }
    for _, script in ipairs { wrong, core.encode(wrong, true) } do
      local client, world = fake.client { generated(), configured(), created() }
      local result, err = client:create_sync_task(creating { TaskParam = script })
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
      assert.matches("setting.resourceGruop.*did you mean resourceGroup.*unchecked = true", tostring(err))
      assert.equal(0, #world.sent)
      assert(client:create_sync_task(creating { TaskParam = script }, { unchecked = true }))
      assert.equal('{"type":"realtime","setting":{"resourceGruop":"g"},"steps":[]}', fake.params(world.sent[1]).TaskParam)
    end
  end)

  it("omits TaskParam when no parameter places the task", function()
    local client, world = fake.client { generated(), configured(), created() }
    assert(client:create_sync_task(creating { FileFolderPath = core.null, ResourceGroup = core.null, Cu = core.null }))
    assert.is_nil(fake.params(world.sent[3]).TaskParam)
  end)

  it("derives two tokens from one ClientToken, and keeps both through retries", function()
    local client, world = fake.client {
      fake.lost "unknown", generated(), configured(), fake.refused("ServiceUnavailable", 503), created(),
    }
    local result = assert(client:create_sync_task(creating { ClientToken = "mine" }))
    assert.equal("mine", result.ClientToken)
    local tokens = {}
    for i, request in ipairs(world.sent) do tokens[i] = fake.params(request).ClientToken or "" end
    assert.same({ "mine-g", "mine-g", "", "mine-c", "mine-c" }, tokens)
  end)

  it("refuses a ClientToken that is too long for a suffix", function()
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
    assert.same({ CREATE }, fake.actions(world))
    assert.equal(CONTENT, fake.params(world.sent[1]).TaskContent)
    assert.same({ ids.native(BIG), nil }, { result.FileId, result.ProcessId })
  end)

  it("refuses wrong parameters before anything is sent", function()
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

  it("names a refused parameter as the program wrote it, although it is sent inside another", function()
    for path, value in pairs { Cu = 0 / 0, ResourceGroup = "\255", FileFolderPath = "\255" } do
      local client = fake.client {}
      local _, err = client:create_sync_task(creating { [path] = value })
      assert.same({ "invalid", path, "create_sync_task" }, { err.kind, err.path, err.action })
      if path ~= "FileFolderPath" then
        _, err = client:update_sync_task(updating { [path] = value })
        assert.same({ "invalid", path, "update_sync_task" }, { err.kind, err.path, err.action })
      end
    end
  end)

  it("reports each step with the seconds since the flow began", function()
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

  it("returns the service's message and no state when the generation fails", function()
    local client = fake.client { generated(), fake.good { Status = "fail", Message = "no such table" } }
    local _, err = client:create_sync_task(creating())
    assert.same({ "task", QUERY, "no such table" }, { err.kind, err.action, err.message })
    assert.is_nil(err.state)
  end)

  it("returns a protocol error when a reply lacks its id", function()
    local client = fake.client { raw '{"Status":"success"}' }
    local _, err = client:create_sync_task(creating())
    assert.same({ "protocol", GENERATE, "the reply has no Data.ProcessId" }, { err.kind, err.action, err.message })
    client = fake.client { generated(), configured(), raw '{"Status":"success"}' }
    _, err = client:create_sync_task(creating())
    assert.same({ "protocol", CREATE, "the reply has no Data.FileId" }, { err.kind, err.action, err.message })
  end)

  it("keeps one deadline for all of its calls", function()
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

  it("ends when on_progress raises, and resumes without repeating a call", function()
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
    assert.same({ "GenerateDISyncTaskConfigForUpdating", QUERY, "UpdateDISyncTask" }, fake.actions(world))
    assert.same({ "generated", "configured", "updated" }, steps)
    assert.equal("77", fake.params(world.sent[1]).TaskId)
    local last = fake.params(world.sent[3])
    assert.same({ "77", CONTENT, '{"ResourceGroup":"g2"}' }, { last.FileId, last.TaskContent, last.TaskParam })
    assert.same({ 77, ids.native(BIG) }, { result.FileId, result.ProcessId })
    assert.same({ 10, "DI_REALTIME" }, { result.ProjectId, result.TaskType })
  end)

  it("updates an offline task directly", function()
    local client, world = fake.client { updated() }
    assert(client:update_sync_task(updating { TaskType = "DI_OFFLINE", TaskParam = core.null, TaskContent = CONTENT }))
    assert.same({ "UpdateDISyncTask" }, fake.actions(world))
  end)

  it("refuses a missing FileId, and parameters of the other flow", function()
    for path, params in pairs { FileId = updating { FileId = core.null }, TaskName = updating { TaskName = "x" } } do
      local client, world = fake.client {}
      local _, err = client:update_sync_task(params)
      assert.same({ "invalid", path, {} }, { err.kind, err.path, world.sent })
    end
  end)

  it("never retries an update whose reply was lost, but repeats it on resume", function()
    local client, world = fake.client { generated(), configured(), fake.lost "unknown" }
    local _, err = client:update_sync_task(updating())
    assert.equal(3, #world.sent)
    assert.same({ "transport", "unknown", false, "77" }, { err.kind, err.sent, err.retryable, err.state.FileId })
    client, world = fake.client { updated() }
    assert.equal(77, assert(client:update_sync_task({}, { resume = stored(err.state) })).FileId)
    assert.equal(CONTENT, fake.params(world.sent[1]).TaskContent)
  end)
end)

describe("the ClientToken of a flow", function()
  local FLOWS = {
    { "create_sync_task", creating, { generated, pending, configured, created } },
    { "create_sync_task", creating, { created }, flows.OFFLINE },
    { "update_sync_task", updating, { generated, pending, configured, updated } },
    { "update_sync_task", updating, { updated }, flows.OFFLINE },
  }
  local FAILURES = {
    function() return fake.lost "unknown" end, function() return fake.lost(false) end,
    function() return fake.refused("ServiceUnavailable", 503) end, function() return fake.refused("Forbidden.Access", 403) end,
    function() return raw '{"Status":"success"}' end, function() return fake.good { Status = "fail" } end,
  }

  -- A copy of the parameters with the token.
  local function params_of(flow, token)
    local params = flow[2](flow[4])
    params.ClientToken = token
    return params
  end

  -- From call `at` on, each answer is the failure.
  local function failing(flow, at, failure)
    local answers = {}
    for i, answer in ipairs(flow[3]) do answers[i] = (i < at and answer or failure)() end
    return setmetatable(answers, { __index = function() return failure() end })
  end

  local function each_failure(visit)
    for _, flow in ipairs(FLOWS) do
      for at = 1, #flow[3] do
        for _, failure in ipairs(FAILURES) do visit(flow, at, failure) end
      end
    end
  end

  -- Each text in a value, at any depth, and the tostring of errors.
  local function add_texts(texts, value)
    if type(value) == "table" then
      texts[#texts + 1] = tostring(value)
      for _, field in pairs(value) do add_texts(texts, field) end
    elseif type(value) == "string" then
      texts[#texts + 1] = value
    end
  end

  it("is the only one in results, errors, states and events; request events have the token that is sent", function()
    each_failure(function(flow, at, failure)
      local texts, announced = {}, {}
      local function keep(value) add_texts(texts, value) end
      local client, world = fake.client(failing(flow, at, failure), { retries = 1, on_event = function(event)
        if event.type == "request" then
          announced[#announced + 1], event.client_token = event.client_token or "none", nil
        end
        keep(event)
      end })
      keep { client[flow[1]](client, params_of(flow, "mine"), { on_progress = keep, on_step = keep }) }
      for _, text in ipairs(texts) do assert.is_nil(text:match "mine%-.*") end
      for i, request in ipairs(world.sent) do
        assert.equal(fake.params(request).ClientToken or "none", announced[i])
      end
    end)
  end)

  it("is in each error after which a repeated call may find an effect", function()
    each_failure(function(flow, at, failure)
      local client = fake.client(failing(flow, at, failure), { retries = 0 })
      local _, err = client[flow[1]](client, params_of(flow, "mine"))
      if err and err.state and flow[1] == "create_sync_task" then
        assert.equal("mine", err.client_token)
      elseif err and err.action == "UpdateDISyncTask" then
        assert.is_nil(err.client_token)
      end
      if err and err.client_token and err.may_have_acted then
        assert.matches("it may have been carried out, ClientToken mine%)", tostring(err))
      end
    end)
    for _, step in ipairs { "generated", "configured", "created" } do
      local client = fake.client { generated(), configured(), created() }
      local _, err = client:create_sync_task(creating(), { on_progress = function(event)
        if event.step == step then error("stop here", 0) end
      end })
      assert.same({ "cancelled", err.state.ClientToken }, { err.kind, err.client_token })
    end
  end)

  it("of an error makes a repeated flow send the same calls, with the same tokens", function()
    local client, first = fake.client({ generated(), configured(), fake.lost "unknown" }, { retries = 0 })
    local _, err = client:create_sync_task(creating())
    local again, second = fake.client { generated(), configured(), created() }
    assert(again:create_sync_task(creating { ClientToken = err.client_token }))
    for i, request in ipairs(first.sent) do assert.same(fake.params(request), fake.params(second.sent[i])) end
  end)
end)
