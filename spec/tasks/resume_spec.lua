-- A flow's state: when on_step gets it, its fields, and from which states a run resumes.

local core = require "dataworks.core"
local fake = require "spec.support.fake"
local flows = require "spec.support.flows"
local ids = require "dataworks.util.ids"

local BIG, CONTENT, OFFLINE = flows.BIG, flows.CONTENT, flows.OFFLINE
local GENERATE, QUERY, CREATE, UPDATE = flows.GENERATE, flows.QUERY, flows.CREATE, flows.UPDATE
local script, creating, stored = flows.script, flows.creating, flows.stored
local generated, configured, created, updated = flows.generated, flows.configured, flows.created, flows.updated

local function updating(changes)
  local params = flows.updating(changes)
  params.TaskType = changes and changes.TaskType or "DI_SOLUTION"
  params.FileId = BIG
  return params
end

-- The states of a whole run, in order.
local function states_of(flow, params, answers)
  local states = {}
  local client = fake.client(answers)
  assert(client[flow](client, params, { on_step = function(state) states[#states + 1] = state end }))
  return states
end

local function steps_of(states)
  local steps = {}
  for i, state in ipairs(states) do steps[i] = state.step end
  return steps
end

describe("on_step", function()
  it("gets the state before the first call and after each step, before the next call", function()
    local client, world = fake.client { generated(), configured(), created() }
    local seen = {}
    assert(client:create_sync_task(creating(), { on_step = function(state)
      seen[#seen + 1] = ("%s %d"):format(state.step, #world.sent)
    end }))
    assert.same({ "begun 0", "generated 1", "configured 2", "created 3" }, seen)
    assert.same({ "begun", "generated", "configured", "updated" },
      steps_of(states_of("update_sync_task", updating(), { generated(), configured(), updated() })))
    assert.same({ "begun", "created" }, steps_of(states_of("create_sync_task", creating(OFFLINE), { created() })))
    assert.same({ "begun", "updated" }, steps_of(states_of("update_sync_task", updating(OFFLINE), { updated() })))
  end)

  it("gets the state before on_progress gets the step", function()
    local client = fake.client { generated(), configured(), created() }
    local seen = {}
    local function note(event) seen[#seen + 1] = event.step end
    assert(client:create_sync_task(creating(), { on_step = note, on_progress = note }))
    assert.same({ "begun", "generated", "generated", "configured", "configured", "created", "created" }, seen)
  end)

  it("gets a plain table of texts and one number, the same after any JSON writer", function()
    for _, state in ipairs(states_of("create_sync_task", creating(), { generated(), configured(), created() })) do
      assert.is_nil(getmetatable(state))
      for name, value in pairs(state) do
        assert.equal(name == "version" and "number" or "string", type(value), name)
      end
      assert.same(state, stored(state))
    end
  end)

  it("gets the texts that are sent, ids as decimal text, and the ids and content that each step adds", function()
    local client, world = fake.client { generated(), configured(), created() }
    local states = {}
    assert(client:create_sync_task(creating(), { on_step = function(state) states[#states + 1] = state end }))
    local first, last = fake.params(world.sent[1]), fake.params(world.sent[3])
    assert.same({
      version = 2, flow = "create_sync_task", step = "begun", digest = states[1].digest, ProjectId = "10", TaskType = "DI_REALTIME",
      TaskName = "n", TaskParam = first.TaskParam, Placement = last.TaskParam, ClientToken = first.ClientToken:match "^(.*)-g$",
    }, states[1])
    assert.same({ BIG, nil }, { states[2].ProcessId, states[2].TaskContent })
    assert.same({ BIG, CONTENT, nil }, { states[3].ProcessId, states[3].TaskContent, states[3].FileId })
    assert.same({ BIG, "R-1" }, { states[4].FileId, states[4].RequestId })
  end)

  it("gets a copy, whose changes have no effect", function()
    local client, world = fake.client { generated(), configured(), created() }
    assert(client:create_sync_task(creating { ClientToken = "mine" }, { on_step = function(state)
      for name in pairs(state) do state[name] = "changed" end
    end }))
    assert.equal("mine-c", fake.params(world.sent[3]).ClientToken)
    assert.equal(CONTENT, fake.params(world.sent[3]).TaskContent)
  end)

  it("stops the run before the next call when it raises, and err.state resumes there", function()
    for calls, step in pairs { [0] = "begun", "generated", "configured", "created" } do
      local answers = { generated(), configured(), created() }
      local client, world = fake.client(answers)
      local _, err = client:create_sync_task(creating(), { on_step = function(state)
        if state.step == step then error("the disk is full", 0) end
      end })
      assert.same({ "cancelled", "on_step raised: the disk is full", "create_sync_task", step ~= "begun" },
        { err.kind, err.message, err.action, err.sent })
      assert.matches("resume = err.state", err.advice)
      assert.same({ calls, step }, { #world.sent, err.state.step })
      local rest = {}
      for i = calls + 1, #answers do rest[#rest + 1] = answers[i] end
      local again, second = fake.client(rest)
      assert.equal(ids.native(BIG), assert(again:create_sync_task({}, { resume = stored(err.state) })).FileId)
      assert.equal(#rest, #second.sent)
    end
  end)

  it("gets no RequestId that is not text", function()
    local client = fake.client { fake.reply '{"RequestId":5,"Success":true,"Data":{"Status":"success","FileId":1}}' }
    assert(client:create_sync_task(creating(OFFLINE), { on_step = function(state) assert.is_nil(state.RequestId) end }))
  end)

  it("is not called when the parameters are invalid", function()
    local client = fake.client {}
    for _, params in ipairs { creating { TaskName = {} }, creating { TaskParam = { type = "realtime", steps = {} } }, creating { ProjectId = 1.5 } } do
      local _, err = client:create_sync_task(params, { on_step = function() error "called" end })
      assert.equal("invalid", err.kind)
    end
  end)
end)

describe("resume", function()
  local function stopped_at(answers, changes)
    local client, world = fake.client(answers, { retries = 0 })
    local _, err = client:create_sync_task(creating(changes))
    return err, world
  end

  it("makes the remaining calls with the same parameters as an uninterrupted run", function()
    local answers = { generated(), configured(), created() }
    local client, first = fake.client(answers)
    local states = {}
    local whole = assert(client:create_sync_task(creating(), { on_step = function(state) states[#states + 1] = stored(state) end }))
    for at, state in ipairs(states) do
      local rest = {}
      for i = at, #answers do rest[#rest + 1] = answers[i] end
      local again, world = fake.client(rest)
      assert.same(whole, assert(again:create_sync_task(creating(), { resume = state })))
      for i, request in ipairs(world.sent) do
        assert.same(fake.params(first.sent[at + i - 1]), fake.params(request))
      end
      assert.equal(#rest, #world.sent)
    end
  end)

  it("takes every parameter from the state", function()
    for _, state in ipairs(states_of("update_sync_task", updating(), { generated(), configured(), updated() })) do
      local rest = { begun = { generated(), configured(), updated() }, generated = { configured(), updated() },
        configured = { updated() }, updated = {} }
      local client, world = fake.client(rest[state.step])
      assert.equal(ids.native(BIG), assert(client:update_sync_task({}, { resume = stored(state) })).FileId)
      local last = world.sent[#world.sent]
      assert.equal(last and BIG, last and fake.params(last).FileId)
    end
  end)

  it("gives on_step the state that it resumes from, and the later ones", function()
    local state = states_of("create_sync_task", creating(), { generated(), configured(), created() })[2]
    local client = fake.client { configured(), created() }
    local again = {}
    assert(client:create_sync_task({}, { resume = stored(state), on_step = function(s) again[#again + 1] = s end }))
    assert.same({ "generated", "configured", "created" }, steps_of(again))
    assert.same(state, again[1])
  end)

  it("of a completed flow returns its result without a call", function()
    local states = states_of("create_sync_task", creating(OFFLINE), { created() })
    local client, world = fake.client {}
    local result = assert(client:create_sync_task({}, { resume = states[2], on_step = function() error "called" end }))
    assert.same({ ids.native(BIG), CONTENT, "R-1" }, { result.FileId, result.TaskContent, result.RequestId })
    assert.same({}, world.sent)
  end)

  it("generates again with the same token when the generation's reply was lost", function()
    local err, first = stopped_at { fake.lost "unknown" }
    local client, world = fake.client { generated(), configured(), created() }
    assert(client:create_sync_task(creating(), { resume = stored(err.state) }))
    assert.equal(fake.params(first.sent[1]).ClientToken, fake.params(world.sent[1]).ClientToken)
  end)

  it("is possible after every failure except invalid parameters and a failed generation", function()
    assert.equal("begun", stopped_at({ fake.lost(false) }).state.step)
    assert.equal("begun", stopped_at({ fake.refused("Forbidden.Access", 403) }).state.step)
    assert.equal("configured", stopped_at({ generated(), configured(), fake.good { Status = "fail" } }).state.step)
    assert.is_nil(stopped_at({ generated(), fake.good { Status = "fail", Message = "no such table" } }).state)
    assert.is_nil(stopped_at({}, { TaskName = {} }).state)
  end)

  it("is refused in another region, but not at the VPC host of the same region", function()
    local function at(region, network)
      return fake.client({ fake.lost "unknown", fake.lost "unknown", fake.lost "unknown" }, { endpoint = false, region = region, network = network })
    end
    local _, err = at("cn-shanghai"):create_sync_task(creating())
    local state = stored(err.state)
    local client, world = at("cn-beijing")
    _, err = client:create_sync_task({}, { resume = state })
    assert.same({ "invalid", "resume", "is of another region: the flow began at dataworks.cn-shanghai.aliyuncs.com", 0 },
      { err.kind, err.path, err.message, #world.sent })
    for _, same in ipairs { { at("cn-shanghai", "vpc") }, { fake.client { fake.lost "unknown", fake.lost "unknown", fake.lost "unknown" } } } do
      same[1]:create_sync_task({}, { resume = state })
      assert.equal(GENERATE, same[2].sent[1].headers["x-acs-action"])
    end
  end)

  it("has its own deadline", function()
    local client, world = fake.client({ function(_, _, w)
      w.now = w.now + 5
      return generated()
    end, configured(), created() })
    local _, err = client:create_sync_task(creating(), { timeout = 4 })
    assert.same({ "timeout", "generated" }, { err.kind, err.state.step })
    assert(client:create_sync_task({}, { timeout = 4, resume = err.state }))
    assert.same({ GENERATE, QUERY, CREATE }, fake.actions(world))
  end)

  it("is advised whenever the call may have been carried out, whatever its last attempt failed with", function()
    for _, answers in ipairs { { fake.lost "unknown", fake.refused("Throttling.User", 400) }, { fake.refused("ServiceUnavailable", 503) } } do
      local last = answers[#answers]
      local client = fake.client { generated(), configured(), answers[1], answers[2] or last, last }
      local _, err = client:create_sync_task(creating())
      assert.same({ "service", CREATE, "configured" }, { err.kind, err.action, err.state.step })
      assert.matches("resume = err.state", err.advice)
      assert.matches("it may have been carried out", tostring(err))
    end
  end)

  it("is advised after an update whose reply was lost, and repeats that update", function()
    local client = fake.client { generated(), configured(), fake.lost "unknown" }
    local _, err = client:update_sync_task(updating())
    assert.same({ "unknown", UPDATE, "configured" }, { err.sent, err.action, err.state.step })
    assert.matches("resume = err.state", err.advice)
    local world
    client, world = fake.client { updated() }
    assert(client:update_sync_task(updating(), { resume = stored(err.state) }))
    assert.equal(CONTENT, fake.params(world.sent[1]).TaskContent)
  end)

  it("does not change the state that it is given", function()
    local state = stopped_at({ generated(), configured(), fake.lost "unknown" }).state
    local copy = stored(state)
    local client = fake.client { created() }
    assert(client:create_sync_task(creating(), { resume = state }))
    assert.same(copy, state)
  end)

  local function refusal(state, params, flow)
    flow = flow or "create_sync_task"
    local client, world = fake.client {}
    local result, err = client[flow](client, params or {}, { resume = state, on_step = function() error "called" end })
    assert.is_nil(result)
    assert.same({ "invalid", "resume", false, flow, {} }, { err.kind, err.path, err.sent, err.action, world.sent })
    return err.message, err.advice
  end

  it("refuses parameters that differ from the state, and names them", function()
    local state = stored(stopped_at({ generated(), configured(), fake.lost "unknown" }).state)
    for message, changes in pairs {
      ["is of another ProjectId (10)"] = { ProjectId = 11 },
      ["is of another TaskType (DI_REALTIME)"] = { TaskType = "DI_SOLUTION" },
      ["is of another TaskName (n)"] = { TaskName = "other" },
      ["is of another ClientToken (nonce-1)"] = { ClientToken = "other" },
      ["is of another TaskParam"] = { TaskParam = script "other" },
      ["is of another FileFolderPath, ResourceGroup or Cu"] = { Cu = 2 },
      ["is of another ProjectId (10), TaskName (n), TaskParam"] = { ProjectId = "12", TaskName = "o", TaskParam = "{}" },
    } do
      assert.equal(message, (refusal(state, creating(changes))))
    end
    assert.matches("leave these parameters out", select(2, refusal(state, creating { TaskName = "other" })))
    assert.equal("is of another TaskName (none)",
      refusal(stopped_at({ fake.lost(false) }, { TaskName = core.null }).state, { TaskName = "n" }))
    assert.equal("is of another TaskContent",
      refusal(states_of("create_sync_task", creating(OFFLINE), { created() })[1], { TaskContent = "{}" }))
    assert.equal("is of another FileId (" .. BIG .. ")",
      refusal(states_of("update_sync_task", updating(OFFLINE), { updated() })[1], { FileId = 8 }, "update_sync_task"))
  end)

  it("reports an invalid parameter under its own path", function()
    local state = stopped_at({ fake.lost "unknown" }).state
    for path, params in pairs { ProjectId = { ProjectId = 10.4 }, TaskNam = { TaskNam = "n" }, TaskContent = { TaskContent = "{}" } } do
      local client, world = fake.client {}
      local _, err = client:create_sync_task(params, { resume = state })
      assert.same({ "invalid", path, {} }, { err.kind, err.path, world.sent })
    end
  end)

  it("refuses a table that is not a state, a state of the other flow and a state of a later version", function()
    local state = stopped_at({ fake.lost "unknown" }).state
    assert.equal("is not a state of a flow", refusal { ProcessId = 1 })
    assert.equal("is not a state of a flow", refusal {})
    assert.equal("is a state of create_sync_task, not of update_sync_task", refusal(state, {}, "update_sync_task"))
    local later = stored(state)
    later.version = 3
    assert.equal("is of version 3, and this release reads versions 1 to 2", refusal(later))
  end)

  it("refuses a state that was edited or cut, whichever field it was", function()
    for _, state in ipairs(states_of("create_sync_task", creating(), { generated(), configured(), created() })) do
      for name in pairs(state) do
        if name ~= "version" and name ~= "digest" and name ~= "flow" then
          for _, value in ipairs { core.null, "9", 5, true } do
            local edited = stored(state)
            edited[name] = value ~= core.null and value or nil
            assert.equal("was changed since it was stored", refusal(edited), name)
          end
        end
      end
      local more = stored(state)
      more.FileId, more.ProcessId = more.FileId or "1", more.ProcessId or "1"
      if state.step ~= "created" then assert.equal("was changed since it was stored", refusal(more)) end
    end
  end)
end)

describe("the first call of a resumed run", function()
  local function error_of(resume, answers)
    local client = fake.client(answers)
    return select(2, client:create_sync_task({}, { resume = resume }))
  end

  it("may repeat the last call of the earlier run, so that its error never rules out an effect", function()
    local states = states_of("create_sync_task", creating(), { generated(), configured(), created() })
    for _, state in ipairs { states[1], states[3] } do
      local err = error_of(stored(state), { fake.lost(false), fake.lost(false), fake.lost(false) })
      assert.same({ "unknown", true }, { err.sent, err.may_have_acted })
      err = error_of(stored(state), { fake.refused "Invalid.DI.Parameter" })
      assert.same({ true, true }, { err.sent, err.may_have_acted })
    end
  end)

  it("keeps the state if it cannot be built, so that no program takes the flow for ended", function()
    local states = states_of("create_sync_task", creating(), { generated(), configured(), created() })
    for _, state in ipairs(states) do
      local client = fake.client({}, {
        access_key_id = false, access_key_secret = false, credentials = function() return nil, "the role has no keys at present" end,
      })
      local result, err = client:create_sync_task(creating(), { resume = stored(state) })
      assert.same({ nil, "credentials", state, true, "unknown" }, { result, err.kind, err.state, err.may_have_acted, err.sent })
      _, err = fake.client {}:create_sync_task(creating { Cu = -1 }, { resume = stored(state) })
      assert.same({ "invalid", true }, { err.kind, err.state ~= nil or err.path == "resume" })
    end
  end)

  it("is the only one: later calls of the run are this run's alone", function()
    local states = states_of("create_sync_task", creating(), { generated(), configured(), created() })
    local err = error_of(stored(states[1]), { generated(), configured(), fake.refused "Invalid.DI.Parameter" })
    assert.same({ true, false }, { err.sent, err.may_have_acted })
  end)
end)
