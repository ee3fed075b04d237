local dataworks = require "dataworks"
local fake = require "spec.support.fake"
local support = require "spec.support.emulator"

local FILE = { ProjectId = 10, FileId = 5, TaskType = "DI_REALTIME" }
local READ, ACT = "GetDISyncTask", "DeployDISyncTask"

-- The clock of fake.client shows Sat, 18 May 2024 08:09:10 GMT.
local AN_HOUR_LATER = { date = "Sat, 18 May 2024 09:09:10 GMT" }

local function many(answer)
  return setmetatable({}, { __index = function() return answer end })
end

local function date_of(request)
  return request.headers["x-acs-date"]
end

describe("the retry budget of a client", function()
  local BUSY = fake.refused("ServiceUnavailable", 503)

  it("allows a hundred retries in a row, then one attempt per call, whose error says why", function()
    local client, world = fake.client(many(BUSY))
    for _ = 1, 50 do
      local _, err = client:call(READ, FILE)
      assert.same({ 3, "attempts" }, { err.attempts, err.gave_up })
    end
    local before = #world.sent
    local _, err = client:call(READ, FILE)
    assert.equal(before + 1, #world.sent)
    assert.same({ 1, "budget", true }, { err.attempts, err.gave_up, err.retryable })
    assert.matches("not retried, since too many calls failed before", tostring(err))
  end)

  it("pays for retries of throttled calls and of broken connections too", function()
    for _, answer in ipairs { fake.refused("Throttling.User", 400), fake.lost(false) } do
      local client = fake.client(many(answer))
      for _ = 1, 50 do client:call(ACT, FILE) end
      local _, err = client:call(ACT, FILE)
      assert.same({ 1, "budget" }, { err.attempts, err.gave_up })
    end
  end)

  it("is refilled by calls that succeed", function()
    local answers, good = {}, fake.good { Status = "success" }
    local client, world = fake.client(setmetatable({}, { __index = function(_, i) return answers[i] or BUSY end }))
    for _ = 1, 51 do client:call(READ, FILE) end
    for _ = 1, 5 do
      answers[#world.sent + 1] = good
      assert(client:call(READ, FILE))
    end
    local _, err = client:call(READ, FILE)
    assert.same({ 2, "budget" }, { err.attempts, err.gave_up })
  end)

  it("gets back the cost of a retry that succeeds", function()
    local n = 0
    local client, world = fake.client(setmetatable({}, { __index = function()
      n = n + 1
      return n % 2 == 1 and BUSY or fake.good { Status = "success" }
    end }))
    for _ = 1, 200 do assert(client:call(READ, FILE)) end
    assert.equal(400, #world.sent)
  end)

  it("is not shared by two clients", function()
    local client = fake.client(many(BUSY))
    for _ = 1, 51 do client:call(READ, FILE) end
    local _, err = fake.client(many(BUSY)):call(READ, FILE)
    assert.equal(3, err.attempts)
  end)
end)

describe("a call whose attempts all fail", function()
  it("names the bound that ended it, if it was retryable", function()
    local _, err = fake.client(many(fake.lost(false)), { retries = 0 }):call(READ, FILE)
    assert.same({ "attempts", 1 }, { err.gave_up, err.attempts })
    _, err = fake.client(many(fake.refused("Throttling", 400, { ["retry-after"] = "60" }))):call(READ, FILE)
    assert.same({ "deadline", 1, 60 }, { err.gave_up, err.attempts, err.retry_after })
    assert.matches("no time was left for a retry", tostring(err))
    _, err = fake.client(many(fake.refused "Invalid.DI.Parameter")):call(READ, FILE)
    assert.is_nil(err.gave_up)
    _, err = fake.client(many(fake.lost "unknown")):call(ACT, FILE)
    assert.is_nil(err.gave_up)
  end)
end)

describe("a call that waits for its rate limit", function()
  it("is sent after the wait, with the date of that time", function()
    local client, world
    client, world = fake.client(many(fake.good {}), {
      limit = 0.1, now = function() return 1716018750 + (world and world.now or 1000) end,
    })
    for _ = 1, 2 do assert(client:call(READ, FILE)) end
    assert.same({ "2024-05-18T08:09:10Z", "2024-05-18T08:09:20Z" }, { date_of(world.sent[1]), date_of(world.sent[2]) })
  end)
end)

describe("recovery from a refused date", function()
  local LATE = fake.refused("InvalidTimeStamp.Expired", 400, AN_HOUR_LATER)

  it("sets the clock by the Date of the reply and retries at once, whatever the action", function()
    for _, action in ipairs { READ, ACT, "CreateDISyncTask" } do
      local events = {}
      local client, world = fake.client({ LATE, fake.good { Status = "success", FileId = 1 } }, {
        on_event = function(event) events[#events + 1] = event end,
      })
      assert(client:call(action, { ProjectId = 10, FileId = action ~= "CreateDISyncTask" and 5 or nil,
        TaskType = "DI_REALTIME", TaskContent = action == "CreateDISyncTask" and "{}" or nil }))
      assert.same({ "2024-05-18T08:09:10Z", "2024-05-18T09:09:10Z" }, { date_of(world.sent[1]), date_of(world.sent[2]) })
      assert.not_equal(world.sent[1].headers["x-acs-signature-nonce"], world.sent[2].headers["x-acs-signature-nonce"])
      assert.same({}, world.slept)
      assert.same({ "retry", 2, 0 }, { events[3].type, events[3].attempt, events[3].delay })
      assert.matches("3600 s behind", events[2].error.advice)
    end
  end)

  it("corrects the dates of all later requests", function()
    local client, world = fake.client { LATE, fake.good {}, fake.good {} }
    assert(client:call(READ, FILE))
    assert(client:call(READ, FILE))
    assert.equal(3, #world.sent)
    assert.equal("2024-05-18T09:09:10Z", date_of(world.sent[3]))
    assert.equal("2024-05-18T09:09:10Z", date_of(assert(client:request(READ, FILE))))
  end)

  it("happens once per call; a second refusal ends the call, and its advice says how wrong the clock is", function()
    local client, world = fake.client { LATE, LATE, fake.good {} }
    local _, err = client:call(READ, FILE)
    assert.same({ "InvalidTimeStamp.Expired", 2, false }, { err.code, err.attempts, err.retryable })
    assert.equal("The clock of this machine is 3600 s behind that of the service; set it.", err.advice)
    assert.is_nil(err.gave_up)
    assert.equal(2, #world.sent)
    assert(client:call(READ, FILE))
  end)

  it("does not count as a retry, and changes no backoff", function()
    local _, err = fake.client({ LATE, fake.refused("ServiceUnavailable", 503) }, { retries = 0 }):call(READ, FILE)
    assert.same({ "ServiceUnavailable", 2 }, { err.code, err.attempts })
    local client, world = fake.client { fake.lost(false), fake.refused("Throttling", 400), LATE, fake.good {} }
    assert(client:call(READ, FILE))
    assert.equal(4, #world.sent)
    assert.near(0.05, world.slept[1], 1e-9)
    assert.near(1, world.slept[2], 1e-9)
  end)

  it("is impossible without a Date, or after the deadline", function()
    local client = fake.client { fake.refused "InvalidTimeStamp.Expired" }
    local _, err = client:call(READ, FILE)
    assert.same({ 1, "The clock of this machine is wrong; set it." }, { err.attempts, err.advice })
    client = fake.client({ function(_, _, world)
      world.now = world.now + 30
      return LATE
    end })
    _, err = client:call(READ, FILE)
    assert.same({ "InvalidTimeStamp.Expired", 1 }, { err.code, err.attempts })
  end)

  it("corrects the clock for a later Retry-After date too", function()
    local client, world = fake.client {
      LATE, fake.refused("ServiceUnavailable", 503, { ["retry-after"] = "Sat, 18 May 2024 09:09:13 GMT" }), fake.good {},
    }
    assert(client:call(READ, FILE))
    assert.near(3.05, world.slept[1], 1e-9)
  end)
end)

describe("recovery from refused keys", function()
  local REFUSED = {
    "InvalidSecurityToken.Expired", "InvalidSecurityToken.Malformed", "InvalidSecurityToken.MismatchWithAccessKey",
    "InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive",
  }

  -- A client whose credentials function returns other keys each time.
  local function renewing(answers)
    local n = 0
    return fake.client(answers, {
      access_key_id = false, access_key_secret = false, retries = 0,
      credentials = function()
        n = n + 1
        return { access_key_id = "key-" .. n, access_key_secret = "secret-" .. n, security_token = "token-" .. n }
      end,
    })
  end

  it("asks the credentials source again and retries at once, whatever the action", function()
    for _, code in ipairs(REFUSED) do
      for _, action in ipairs { READ, ACT } do
        local client, world = renewing { fake.refused(code), fake.good { Status = "success" } }
        assert(client:call(action, FILE))
        assert.equal("token-2", world.sent[2].headers["x-acs-security-token"])
        assert.same({}, world.slept)
      end
    end
  end)

  it("happens once per call", function()
    local client, world = renewing { fake.refused(REFUSED[1]), fake.refused(REFUSED[1]) }
    local _, err = client:call(READ, FILE)
    assert.same({ REFUSED[1], 2, false }, { err.code, err.attempts, err.retryable })
    assert.equal(2, #world.sent)
  end)

  it("is impossible when the source has no other keys", function()
    for _, code in ipairs(REFUSED) do
      local _, err = fake.client({ fake.refused(code) }, { security_token = fake.token }):call(READ, FILE)
      assert.same({ code, 1 }, { err.code, err.attempts })
    end
  end)

  it("may follow the recovery from a refused date in one call", function()
    local client = renewing {
      fake.refused("InvalidTimeStamp.Expired", 400, AN_HOUR_LATER), fake.refused(REFUSED[1]), fake.good { Status = "success" },
    }
    assert(client:call(ACT, FILE))
  end)

  it("is cancelled when the client is closed during the call", function()
    local client
    client = renewing { fake.refused(REFUSED[1]) }
    local transport = client._caller.transport
    local send = transport.send
    function transport.send(...)
      client:close()
      return send(...)
    end
    local _, err = client:call(READ, FILE)
    assert.equal("cancelled", err.kind)
  end)
end)

describe("recovery over real HTTP", function()
  local emulator, client

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function() emulator:reset() end)
  after_each(function() client:close() end)

  local CHANGE = { ProjectId = 10000, DestinationType = "odps", ProjectConfig = { DROPTABLE = "IGNORE" } }

  local function new(changes)
    local options = {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
      sleep = function() error "slept" end, getenv = function() end,
    }
    for name, value in pairs(changes) do options[name] = value or nil end
    client = dataworks.new(options)
  end

  local function outcomes()
    local list = {}
    for i, entry in ipairs(emulator:journal()) do list[i] = entry.code or entry.outcome end
    return list
  end

  for _, signature in ipairs { "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "HMAC-SHA1" } do
    for _, offset in ipairs { 7200, -7200 } do
      it(("corrects a clock that is off by %d s, with %s"):format(offset, signature), function()
        emulator:settings { clock_offset = offset }
        new { signature = signature }
        assert(client:UpdateDIProjectConfig(CHANGE))
        assert(client:UpdateDIProjectConfig(CHANGE))
        assert.same({ "InvalidTimeStamp.Expired", "acted", "acted" }, outcomes())
        emulator:settings { clock_offset = 0 }
        assert(client:UpdateDIProjectConfig(CHANGE))
        assert.same({ "InvalidTimeStamp.Expired", "acted" }, { outcomes()[4], outcomes()[5] })
      end)
    end
  end

  it("asks for new keys once when the token has expired", function()
    local offered = { emulator.expired, emulator.sts }
    local asked = 0
    new {
      access_key_id = false, access_key_secret = false,
      credentials = function()
        asked = asked + 1
        return offered[asked] or emulator.expired
      end,
    }
    assert(client:UpdateDIProjectConfig(CHANGE))
    assert.same({ "InvalidSecurityToken.Expired", "acted" }, outcomes())
    local _, err = client:UpdateDIProjectConfig(CHANGE)
    assert.same({ "InvalidSecurityToken.Expired", 2 }, { err.code, err.attempts })
    assert.is_nil(tostring(err):find(emulator.expired.security_token, 1, true))
  end)
end)
