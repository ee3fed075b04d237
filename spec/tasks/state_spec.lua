local cjson = require "cjson"
local fake = require "spec.support.fake"
local files = require "spec.support.files"
local flows = require "spec.support.flows"
local states = require "dataworks.tasks.state"

describe("a state", function()
  local FIELDS = { flow = "create_sync_task", step = "begun" }

  it("opens to the fields that were sealed, in a new table", function()
    local state = states.seal(FIELDS)
    local fields = assert(states.open(flows.stored(state)))
    assert.same(FIELDS, fields)
    assert.not_equal(FIELDS, fields)
  end)

  it("has the SHA-256 of its fields as its digest", function()
    -- printf '4:flow16:create_sync_task4:step5:begun' | sha256sum
    assert.same({ version = 2, flow = "create_sync_task", step = "begun",
      digest = "ff7d0d03747c5fd594bc2785992027cf4ad24a107534eb5c3690291404e8ab78" }, states.seal(FIELDS))
  end)

  it("is refused when it is of an unknown version", function()
    for _, version in ipairs { 0, 3, 1.5, -1, 1 / 0 } do
      local state = states.seal(FIELDS)
      state.version = version
      local fields, message = states.open(state)
      assert.is_nil(fields)
      assert.equal(("is of version %g, and this release reads versions 1 to 2"):format(version), message)
    end
  end)
end)

-- Stored by an earlier release after its step "generated".
describe("a state of version 1", function()
  local text = files.read "spec/scripts/state_v1.json"

  it("opens to its fields", function()
    local state = cjson.decode(text)
    local fields = assert(states.open(state))
    state.version, state.digest = nil, nil
    assert.same(state, fields)
  end)

  it("is resumed", function()
    local client, world = fake.client { flows.configured(), flows.created() }
    local result = assert(client:create_sync_task({}, { resume = cjson.decode(text) }))
    assert.same({ "mine", flows.CONTENT }, { result.ClientToken, result.TaskContent })
    assert.same({ flows.QUERY, flows.CREATE }, fake.actions(world))
    assert.same({ flows.BIG, "mine-c" }, { fake.params(world.sent[1]).AsyncProcessId, fake.params(world.sent[2]).ClientToken })
  end)

  it("is refused when a field was edited, or the version", function()
    for name, value in pairs { step = "configured", ProcessId = "9", version = 2 } do
      local state = cjson.decode(text)
      state[name] = value
      assert.equal("was changed since it was stored", select(2, states.open(state)))
    end
  end)
end)
