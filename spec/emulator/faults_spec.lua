local faults = require "dataworks.emulator.faults"
local json = require "dataworks.emulator.json"
local journal = require "dataworks.emulator.journal"
local settings = require "dataworks.emulator.settings"

describe("faults", function()
  it("apply to the next calls of their action, as often as times says, in order", function()
    local queue = faults.new()
    queue:add { fault = "reset", action = "A", times = 2 }
    queue:add { fault = "html", action = "A" }
    assert.is_nil(queue:take "B")
    local function kind() return (queue:take "A" or {}).fault end
    assert.same({ "reset", "reset", "html", n = 4 }, { kind(), kind(), kind(), kind(), n = 4 })
  end)

  it("of one action come before faults of any action", function()
    local queue = faults.new()
    queue:add { fault = "reset" }
    queue:add { fault = "html", action = "A" }
    assert.same({ "html", "reset" }, { queue:take("A").fault, queue:take("A").fault })
  end)

  it("that are error replies have a status, a code and a text, which can be changed", function()
    local queue = faults.new()
    queue:add { fault = "throttle", retry_after = 300 }
    queue:add { fault = "throttle_service", code = "Throttling.System" }
    local gateway, dataworks = queue:take "A", queue:take "A"
    assert.same({ 400, "Throttling.User", 300 }, { gateway.status, gateway.code, gateway.retry_after })
    assert.same({ 429, "Throttling.System" }, { dataworks.status, dataworks.code })
  end)

  it("that damage a real reply let the call act; other faults do so only with acts", function()
    local queue = faults.new()
    queue:add { fault = "truncate" }
    queue:add { fault = "reset" }
    queue:add { fault = "reset", acts = true }
    assert.same({ true, false, true }, { queue:take("A").acts, queue:take("A").acts, queue:take("A").acts })
  end)

  for message, spec in pairs {
    ["fault must be one of"] = { fault = "nothing" },
    ["unknown field time"] = { fault = "reset", time = 2 },
    ["times must be a number"] = { fault = "reset", times = "2" },
  } do
    it("are refused: " .. message, function()
      local ok, got = faults.new():add(spec)
      assert.is_nil(ok)
      assert.equal(message, got:sub(1, #message))
    end)
  end
end)

describe("a journal", function()
  it("lists its entries in order, all or those of one action", function()
    local entries = journal.new()
    for _, action in ipairs { "A", "B", "A" } do
      entries:add { action = action }
    end
    assert.same({ { action = "A", number = 1 }, { action = "A", number = 3 } }, entries:list "A")
    assert.equal(3, #entries:list())
  end)
end)

describe("settings", function()
  it("change all or none", function()
    local current = settings.defaults()
    assert.is_nil(settings.apply(current, { pending_calls = 5, pending_form = "nonsense" }))
    assert.equal(2, current.pending_calls)
    assert.is_true(settings.apply(current, { pending_calls = 5, pending_form = "empty" }))
    assert.equal(5, current.pending_calls)
  end)

  it("refuse an unknown name and a value of another type", function()
    for message, changes in pairs {
      ["unknown setting pending"] = { pending = 1 },
      ["pending_calls must be a number"] = { pending_calls = "1" },
      ["first_id must be decimal digits"] = { first_id = "x1" },
      ["credentials must be a list"] = { credentials = {} },
      ["each entry of credentials must have access_key_id and access_key_secret, or bearer_token"] = {
        credentials = json.list { { access_key_id = "i" } } },
    } do
      assert.same({ n = 2, nil, message }, { n = 2, settings.apply(settings.defaults(), changes) })
    end
  end)

  it("accept first_id as a number too", function()
    local current = settings.defaults()
    assert.is_true(settings.apply(current, { first_id = 77 }))
    assert.equal("77", current.first_id)
  end)
end)
