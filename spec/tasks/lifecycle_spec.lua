-- What happens to a task after its creation: against a scripted service, which gives any reply, and the emulator.

local catalog = require "dataworks.api.catalog"
local cjson = require "cjson"
local dataworks = require "dataworks"
local fake = require "spec.support.fake"
local files = require "spec.support.files"
local flows = require "spec.support.flows"
local ids = require "dataworks.util.ids"
local support = require "spec.support.emulator"

local BIG = "9007199254740993"
local INFO = "GetDISyncInstanceInfo"
local ACTIONS = {
  deploy = "DeployDISyncTask", start = "StartDISyncInstance", stop = "StopDISyncInstance",
  terminate = "TerminateDISyncInstance", delete = "DeleteDISyncTask",
}

local function task(changes)
  local params = { ProjectId = 10, TaskType = "DI_REALTIME", FileId = BIG }
  for name, value in pairs(changes or {}) do params[name] = value end
  return params
end

local SOLUTION = { TaskType = "DI_SOLUTION" }

local function in_state(state, message) return fake.good { Status = state, Message = message } end
local function solution_in(state) return fake.good { Status = "success", SolutionInfo = { Id = 5, Status = state } } end
local function done() return fake.good { Status = "success" } end
local function undone(message) return fake.good { Status = "fail", Message = message } end
local function unknown() return undone "fileId[5] is invalid" end

-- The last answer repeats.
local function forever(answers)
  return setmetatable(answers, { __index = function(list, i) return i > 0 and rawget(list, #list) or nil end })
end

describe("a lifecycle method", function()
  it("does not have the name of an action", function()
    for name in files.read("lua/dataworks/client.lua"):gmatch "methods[.:]([%l_]+)" do
      assert.is_nil(catalog.find(name))
    end
  end)

  for method, action in pairs(ACTIONS) do
    it(method .. " makes one call of " .. action .. " and returns its reply", function()
      local client, world = fake.client { done() }
      local result = assert(client[method](client, task()))
      assert.same({ action }, fake.actions(world))
      assert.same({ "R-1", "success" }, { result.RequestId, result.Data.Status })
      local sent = fake.params(world.sent[1])
      assert.same({ "10", "DI_REALTIME", BIG }, { sent.ProjectId, sent.TaskType, sent.FileId })
    end)

    it(method .. " never retries a call that may have been carried out, and advises what to do", function()
      local client, world = fake.client { fake.lost "unknown" }
      local _, err = client[method](client, task())
      assert.same({ "transport", "unknown", action, 1 }, { err.kind, err.sent, err.action, #world.sent })
      assert.equal(method ~= "deploy", err.advice ~= nil)
    end)

    it(method .. " advises the same after HTTP 503, and not to try again", function()
      local client, world = fake.client { fake.refused("ServiceUnavailable", 503) }
      local _, err = client[method](client, task())
      assert.same({ "service", action, 1 }, { err.kind, err.action, #world.sent })
      assert.matches("it may have been carried out", tostring(err))
      assert.equal(method ~= "deploy", err.advice:find("^Ask client:") ~= nil)
      assert.is_nil(err.advice:find("again", 1, true))
    end)

    it(method .. " retries a call that was not sent, up to the option retries", function()
      local client, world = fake.client { fake.lost(false), fake.lost(false), done() }
      assert(client[method](client, task(), { retries = 2 }))
      assert.equal(3, #world.sent)
      client = fake.client { fake.lost(false) }
      local _, err = client[method](client, task(), { retries = 0 })
      assert.is_false(err.sent)
    end)
  end

  it("accepts the result of a flow in place of a task, and still refuses a misspelt parameter", function()
    local flow = fake.client { flows.generated(), flows.configured(), flows.created() }
    local created = assert(flow:create_sync_task(flows.creating()))
    local updated = assert(fake.client({ flows.generated(), flows.configured(), flows.updated() }):update_sync_task(
      flows.updating { FileId = BIG }))
    created.FileId = ids.text(created.FileId) -- lua-cjson rounds long integers
    for _, result in ipairs { created, updated, flows.stored(created) } do
      for _, method in ipairs { "deploy", "start", "stop", "terminate", "delete", "status", "wait_for_state" } do
        local client, world = fake.client { ACTIONS[method] and done() or in_state "RUN" }
        assert(client[method](client, result, method == "wait_for_state" and "RUN" or nil))
        local sent = fake.params(world.sent[1])
        assert.same({ "10", "DI_REALTIME", BIG }, { sent.ProjectId, sent.TaskType, sent.FileId })
        result.FileID = 5
        local _, err = client[method](client, result, method == "wait_for_state" and "RUN" or nil)
        assert.same({ "invalid", "FileID", 1 }, { err.kind, err.path, #world.sent }, method)
        result.FileID = nil
      end
      local client = fake.client { in_state "NORUN", done(), in_state "RUN" }
      result.StartParam = { errorLimit = { record = 0 } }
      assert(client:start(result, { wait = true }))
    end
  end)

  it("start accepts StartParam as a table", function()
    local client, world = fake.client { done() }
    assert(client:start(task { StartParam = { errorLimit = { record = 0 } } }))
    assert.equal('{"errorLimit":{"record":0}}', fake.params(world.sent[1]).StartParam)
  end)

  it("refuses an offline task, and names the way that works", function()
    for method, pattern in pairs {
      deploy = "SubmitFile and DeployFile", start = "run by its schedule", stop = "run by its schedule",
      terminate = "run by its schedule", delete = "DeleteFile, not by DeleteDISyncTask", status = "run by its schedule",
    } do
      local client, world = fake.client {}
      local _, err = client[method](client, task { TaskType = "DI_OFFLINE" })
      assert.same({ "invalid", "TaskType", false, {} }, { err.kind, err.path, err.sent, world.sent })
      assert.matches(pattern, err.message)
    end
    local client = fake.client {}
    local _, err = client:wait_for_state(task { TaskType = "DI_OFFLINE" }, "RUN")
    assert.equal("TaskType", err.path)
  end)

  it("refuses a solution where only real-time tasks are documented, and names the method that sends it", function()
    for _, method in ipairs { "stop", "terminate", "delete" } do
      local client, world = fake.client {}
      local _, err = client[method](client, task(SOLUTION))
      assert.same({ "invalid", "TaskType", {} }, { err.kind, err.path, world.sent })
      assert.matches("client:" .. ACTIONS[method], err.advice)
    end
    for _, method in ipairs { "deploy", "start" } do
      local client = fake.client { done() }
      assert(client[method](client, task(SOLUTION)))
    end
  end)

  it("refuses an unknown or missing parameter before it asks for the state", function()
    for path, params in pairs { FileId = { ProjectId = 10, TaskType = "DI_REALTIME" }, Name = task { Name = "x" },
      ProjectId = task { ProjectId = 1.5 }, TaskType = task { TaskType = "REALTIME" } } do
      for _, call in ipairs {
        function(client) return client:start(params) end,
        function(client) return client:start(params, { wait = true }) end,
        function(client) return client:wait_for_state(params, "RUN") end,
        function(client) return client:status(params) end,
      } do
        local client, world = fake.client {}
        local _, err = call(client)
        assert.same({ "invalid", path, {} }, { err.kind, err.path, world.sent })
      end
    end
  end)

  it("raises misuse at the caller's line", function()
    local client = fake.client {}
    for pattern, call in pairs {
      ["deploy: unknown option wait"] = function() client:deploy(task(), { wait = true }) end,
      ["delete: unknown option delay"] = function() client:delete(task(), { delay = 1 }) end,
      ["start: wait must be a boolean"] = function() client:start(task(), { wait = 1 }) end,
      ["start: delay needs wait = true"] = function() client:start(task(), { delay = 1 }) end,
      ["stop: on_progress needs wait = true"] = function() client:stop(task(), { wait = false, on_progress = print }) end,
      ["terminate: max_delay needs wait = true"] = function() client:terminate(task(), { max_delay = 1 }) end,
      ["status: params must be a table of parameters, got a number"] = function() client:status(5) end,
      ["wait_for_state: states must be a state or a list of states, as in \"RUN\", got nil"] = function() client:wait_for_state(task()) end,
      ["or a list of states, as in \"RUN\", got a table that has no item 1"] = function() client:wait_for_state(task(), {}) end,
      ["states%[2%] must be a state, as in \"RUN\", got a number"] = function() client:wait_for_state(task(), { "RUN", 5 }) end,
      ["wait_for_state: unknown option wait"] = function() client:wait_for_state(task(), "RUN", { wait = true }) end,
    } do
      local ok, message = pcall(call)
      assert.is_false(ok)
      assert.matches(pattern, message)
      assert.matches("^[^:]*lifecycle_spec.lua:%d+:", message)
    end
  end)
end)

describe("client:status", function()
  it("returns the reply with the state in capitals", function()
    local client = fake.client { in_state "RUN", solution_in "run", solution_in(nil), fake.good() }
    local result = assert(client:status(task()))
    assert.same({ "RUN", "RUN", "R-1" }, { result.state, result.Data.Status, result.RequestId })
    assert.equal("RUN", assert(client:status(task(SOLUTION))).state)
    assert.is_nil(assert(client:status(task(SOLUTION))).state)
    assert.is_nil(assert(client:status(task())).state)
  end)

  it("returns the service's message when the task does not exist", function()
    local client = fake.client { unknown() }
    local _, err = client:status(task())
    assert.same({ "task", INFO, "fileId[5] is invalid" }, { err.kind, err.action, err.message })
  end)
end)

describe("client:wait_for_state", function()
  it("polls until the task is in the state, or in one of several, in any case", function()
    for _, states in ipairs { "RUN", "run", { "PAUSE", "RUN" }, { "run" } } do
      local client, world = fake.client { in_state "WAIT", fake.good(), in_state "RUN" }
      local result = assert(client:wait_for_state(task(), states))
      assert.same({ "RUN", "RUN", 3 }, { result.state, result.Data.Status, #world.sent })
      assert.same({ 0.75, 1.125 }, world.slept)
    end
    local client = fake.client { solution_in "init", solution_in "run" }
    assert.equal("RUN", assert(client:wait_for_state(task(SOLUTION), "RUN")).state)
  end)

  it("refuses an unknown state of a real-time task", function()
    local client, world = fake.client { solution_in "done" }
    local _, err = client:wait_for_state(task(), { "RUN", "PAUSED" })
    assert.same({ "invalid", "state", {} }, { err.kind, err.path, world.sent })
    assert.matches("PAUSED is not a state of a real%-time task; did you mean PAUSE%?; the states are KILLING, NORUN, PAUSE, RUN, WAIT", err.message)
    assert(client:wait_for_state(task(SOLUTION), "done"))
  end)

  it("goes on after a retryable error, and ends at any other", function()
    local client = fake.client({ fake.refused("Throttling.User", 400), fake.lost "unknown", in_state "RUN" }, { retries = 0 })
    assert(client:wait_for_state(task(), "RUN"))
    client = fake.client { unknown() }
    local _, err = client:wait_for_state(task(), "RUN")
    assert.same({ "task", "fileId[5] is invalid" }, { err.kind, err.message })
  end)

  it("ends when the task stops after it ran and cannot reach the state by itself", function()
    for _, case in ipairs {
      { "RUN", "WAIT", "PAUSE" }, { "RUN", "WAIT", "NORUN" }, { "WAIT", "RUN", "PAUSE" }, { "PAUSE", "RUN", "NORUN" },
      { "KILLING", "RUN", "PAUSE" }, { "RUN", "WAIT", "KILLING", "PAUSE" },
    } do
      local answers = {}
      for i = 2, #case do answers[i - 1] = in_state(case[i], i == #case and "out of memory" or "") end
      local client, world = fake.client(answers)
      local _, err = client:wait_for_state(task(), case[1])
      assert.same({ "task", INFO, "R-1", #case - 1 }, { err.kind, err.action, err.request_id, #world.sent })
      assert.equal(("file %s went from %s to %s: out of memory"):format(BIG, case[#case - 1], case[#case]), err.message)
      assert.is_nil(err.state)
    end
    local client = fake.client { solution_in "fail" }
    assert.equal("task", select(2, client:wait_for_state(task(SOLUTION), "RUN")).kind)
  end)

  it("goes on while the state can still be reached", function()
    for _, case in ipairs {
      { "RUN", "NORUN" }, { "RUN", "PAUSE" }, { "RUN", "KILLING", "PAUSE" }, { "PAUSE", "WAIT", "RUN", "KILLING" },
      { "NORUN", "RUN", "PAUSE" }, { "PAUSE", "NORUN" },
    } do
      local answers = {}
      for i = 2, #case do answers[i - 1] = in_state(case[i]) end
      answers[#case] = in_state(case[1])
      local client, world = fake.client(answers)
      assert.equal(case[1], assert(client:wait_for_state(task(), case[1])).state)
      assert.equal(#case, #world.sent)
    end
  end)

  it("ends at its deadline with a state for another wait", function()
    local client = fake.client(forever { in_state "WAIT" })
    local _, err = client:wait_for_state(task(), { "RUN", "PAUSE" }, { timeout = 3 })
    assert.same({ "timeout", INFO, true }, { err.kind, err.action, err.retryable })
    assert.matches("^file " .. BIG .. " is not RUN or PAUSE after [%d.]+ s and %d polls; the last status is WAIT$", err.message)
    assert.same({ ProjectId = "10", TaskType = "DI_REALTIME", FileId = BIG }, err.state)
    assert.matches('client:wait_for_state%(err.state, "RUN"%)', err.advice)
    client = fake.client { in_state "RUN" }
    assert(client:wait_for_state(cjson.decode(cjson.encode(err.state)), "RUN"))
  end)

  it("reports each wait to on_event and on_progress, and ends when on_progress raises", function()
    local seen = {}
    local client = fake.client({ in_state "WAIT", in_state "RUN" }, { on_event = function(event)
      if event.type == "wait" then seen[#seen + 1] = event.action end
    end })
    assert(client:wait_for_state(task(), "RUN", { on_progress = function(event) seen[#seen + 1] = event.status end }))
    assert.same({ INFO, "WAIT" }, seen)
    client = fake.client { in_state "WAIT" }
    local _, err = client:wait_for_state(task(), "RUN", { on_progress = function() error("enough", 0) end })
    assert.same({ "cancelled", BIG }, { err.kind, err.state.FileId })
  end)
end)

describe("wait = true", function()
  local WAITED = {
    { "start", { "NORUN", done(), "WAIT", "RUN" } }, { "start", { "PAUSE", done(), "PAUSE", "WAIT", "RUN" } },
    { "stop", { "RUN", done(), "RUN", "KILLING", "PAUSE" } }, { "terminate", { "PAUSE", done(), "PAUSE", "NORUN" } },
  }

  local function answers_of(list)
    local answers = {}
    for i, answer in ipairs(list) do answers[i] = type(answer) == "string" and in_state(answer) or answer end
    return answers
  end

  it("asks for the state, makes the call, and waits for the state that it leads to", function()
    for _, case in ipairs(WAITED) do
      local client, world = fake.client(answers_of(case[2]))
      local result = assert(client[case[1]](client, task(), { wait = true }))
      assert.equal(case[2][#case[2]], result.state)
      local actions = fake.actions(world)
      assert.same({ INFO, ACTIONS[case[1]], INFO }, { actions[1], actions[2], actions[3] })
      assert.equal(#case[2], #world.sent)
    end
  end)

  it("counts a task without an instance as terminated", function()
    local client = fake.client { in_state "PAUSE", done(), unknown() }
    assert.equal("NORUN", assert(client:terminate(task(), { wait = true })).state)
  end)

  it("waits until a solution runs or has succeeded", function()
    for _, state in ipairs { "run", "success" } do
      local client = fake.client { solution_in "init", done(), solution_in "wait", solution_in(state) }
      assert.equal(state:upper(), assert(client:start(task(SOLUTION), { wait = true })).state)
    end
  end)

  it("returns a refusal without waiting", function()
    local client, world = fake.client { in_state "RUN", undone "fileId:[5] is running." }
    local _, err = client:start(task(), { wait = true })
    assert.same({ "task", ACTIONS.start, "fileId:[5] is running.", 2 }, { err.kind, err.action, err.message, #world.sent })
  end)

  it("does not make the call when the state is not available", function()
    local client, world = fake.client { fake.refused("Forbidden.Access", 403) }
    local _, err = client:start(task(), { wait = true })
    assert.same({ "service", INFO, { INFO } }, { err.kind, err.action, fake.actions(world) })
    for _, answer in ipairs { fake.refused("Forbidden.Access", 403), fake.lost "unknown" } do
      client = fake.client({ answer }, { retries = 0 })
      _, err = client:start(task(), { wait = true })
      assert.same({ false, false }, { err.sent, err.may_have_acted })
    end
  end)

  it("makes the call for a task that has no instance yet", function()
    local client = fake.client { unknown(), done(), in_state "RUN" }
    assert(client:start(task(), { wait = true }))
  end)

  it("keeps one deadline for all calls, and reports that the call was carried out", function()
    local answers = forever { in_state "NORUN", done(), in_state "WAIT" }
    local client, world = fake.client(answers, { timeout = 7 })
    local _, err = client:start(task(), { wait = true, timeout = 10 })
    assert.same({ "timeout", INFO, true, false, BIG }, { err.kind, err.action, err.sent, err.retryable, err.state.FileId })
    assert.is_true(world.now <= 1010)
    assert.equal(7, world.limits[1].timeout)
    client, world = fake.client { function(_, _, w)
      w.now = w.now + 20
      return in_state "NORUN"
    end }
    _, err = client:start(task(), { wait = true, timeout = 10 })
    assert.same({ "timeout", ACTIONS.start, false, 1 }, { err.kind, err.action, err.sent, #world.sent })
  end)

  it("ends when a started task stops again", function()
    local client = fake.client { in_state "NORUN", done(), in_state "WAIT", in_state("PAUSE", "no resource") }
    local _, err = client:start(task(), { wait = true })
    assert.same({ "task", true }, { err.kind, err.sent })
    assert.matches("from WAIT to PAUSE: no resource$", err.message)
  end)

  local function lost_after(method, list)
    local client, world = fake.client(forever(answers_of(list)))
    local result, err = client[method](client, task(), { wait = true, delay = 1, max_delay = 1 })
    local calls = 0
    for _, action in ipairs(fake.actions(world)) do calls = calls + (action == ACTIONS[method] and 1 or 0) end
    assert.equal(1, calls)
    return result, err, world
  end

  it("finds in the state that a call whose reply was lost took effect", function()
    for _, case in ipairs {
      { "start", { "PAUSE", fake.lost "unknown", "WAIT", "WAIT", "RUN" } },
      { "start", { "NORUN", fake.lost "unknown", "NORUN", "RUN" } },
      { "start", { "NORUN", fake.lost "unknown", "WAIT", "WAIT", "WAIT", "WAIT", "WAIT", "WAIT", "WAIT", "WAIT", "RUN" } },
      { "stop", { "RUN", fake.lost "unknown", "KILLING", "KILLING", "KILLING", "KILLING", "KILLING", "KILLING", "KILLING", "PAUSE" } },
      { "start", { unknown(), fake.refused("InternalError", 500), "RUN" } },
      { "stop", { "RUN", fake.lost "unknown", "KILLING", "PAUSE" } },
      { "stop", { "WAIT", fake.lost "unknown", "PAUSE" } },
      { "terminate", { "PAUSE", fake.lost "unknown", "NORUN" } },
      { "terminate", { "PAUSE", fake.lost "unknown", unknown() } },
    } do
      local result, err = lost_after(case[1], case[2])
      local last = case[2][#case[2]]
      assert.is_table(result, tostring(err))
      assert.equal(type(last) == "string" and last or "NORUN", result.state)
    end
  end)

  it("returns the error when the state does not show the effect", function()
    for _, case in ipairs {
      { "start", { "PAUSE", fake.lost "unknown", "PAUSE" } }, { "start", { "RUN", fake.lost "unknown", "RUN" } },
      { "start", { "", fake.lost "unknown", "RUN" } }, { "stop", { "RUN", fake.lost "unknown", "RUN" } },
      { "stop", { "PAUSE", fake.lost "unknown", "PAUSE" } }, { "terminate", { "NORUN", fake.lost "unknown", "NORUN" } },
      { "terminate", { unknown(), fake.lost "unknown", unknown() } },
      { "start", { "PAUSE", fake.lost "unknown", fake.refused("Forbidden.Access", 403) } },
      { "start", { "PAUSE", fake.refused("InternalError", 500), "PAUSE" }, "service", true },
    } do
      local result, err, world = lost_after(case[1], case[2])
      assert.is_nil(result)
      assert.same({ case[3] or "transport", case[4] or "unknown", ACTIONS[case[1]] }, { err.kind, err.sent, err.action })
      assert.matches("did not show", err.advice)
      assert.is_true(world.now <= 1005)
    end
  end)
end)

describe("a task on the emulator", function()
  local emulator, client

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    client = dataworks.new {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
      sleep = function() end, getenv = function() end,
    }
  end)
  after_each(function() client:close() end)

  local function create(task_type)
    local made = assert(client:create_sync_task {
      ProjectId = 10000, TaskType = task_type, TaskName = "task", TaskParam = files.json "spec/scripts/mysql_to_odps.json",
    })
    return { ProjectId = 10000, TaskType = task_type, FileId = made.FileId }
  end

  local WAIT = { wait = true, timeout = 30 }

  it("is deployed, started, stopped, terminated and deleted", function()
    local created = create "DI_REALTIME"
    assert.equal("NORUN", assert(client:status(created)).state)
    assert(client:deploy(created))
    for _ = 1, 2 do
      assert.equal("RUN", assert(client:start(created, WAIT)).state)
      assert.equal("PAUSE", assert(client:stop(created, WAIT)).state)
    end
    assert.equal("task", select(2, client:delete(created)).kind)
    assert.equal("NORUN", assert(client:terminate(created, WAIT)).state)
    assert(client:delete(created))
    assert.equal("task", select(2, client:status(created)).kind)
  end)

  it("starts as a solution", function()
    local created = create "DI_SOLUTION"
    assert(client:deploy(created))
    assert.equal("RUN", assert(client:start(created, WAIT)).state)
  end)

  it("is waited for while another client starts it, and reported when another client stops it", function()
    local created = create "DI_REALTIME"
    assert(client:deploy(created))
    local started, stopped
    local result = assert(client:wait_for_state(created, "RUN", { on_progress = function(event)
      if event.attempt == 3 then started = client:StartDISyncInstance(created) end
    end }))
    assert.is_table(started)
    assert.equal("RUN", result.state)
    assert(client:stop(created, WAIT))
    local _, err = client:start(created, { wait = true, timeout = 30, on_progress = function()
      stopped = stopped or client:StopDISyncInstance(created)
    end })
    assert.is_table(stopped)
    assert.same({ "task", "file " .. tostring(created.FileId) .. " went from KILLING to PAUSE" }, { err.kind, err.message })
  end)

  it("gets each call once, whatever happens to the reply", function()
    for _, fault in ipairs { { fault = "reset", acts = true }, { fault = "truncate" }, { fault = "internal_error", acts = true }, { fault = "garbage", acts = true } } do
      emulator:reset()
      local created = create "DI_REALTIME"
      assert(client:deploy(created))
      for _, step in ipairs { { "start", "RUN" }, { "stop", "PAUSE" }, { "terminate", "NORUN" } } do
        fault.action = ACTIONS[step[1]]
        emulator:fault(fault)
        assert.equal(step[2], assert(client[step[1]](client, created, WAIT)).state)
        assert.equal(1, #emulator:journal(fault.action))
      end
    end
  end)
end)
