-- Every way to lose a request or its reply, for each kind of action, over real HTTP: the number of attempts, the fields of
-- the error, and that no effect happens twice.

local dataworks = require "dataworks"
local files = require "spec.support.files"
local support = require "spec.support.emulator"

local PROJECT = 10000

local ACTIONS = {
  always = { "ListDIProjectConfig", { ProjectId = PROJECT, DestinationType = "odps" } },
  token = { "CreateDISyncTask", {
    ProjectId = PROJECT, TaskType = "DI_OFFLINE", TaskName = "task",
    TaskContent = files.read "spec/scripts/task_content_offline.json",
  } },
  unsent = { "UpdateDIProjectConfig", { ProjectId = PROJECT, DestinationType = "odps", ProjectConfig = { DROPTABLE = "IGNORE" } } },
}

-- A loss is either a refusal before the service acted, or the service may have acted; `sent` is the error's field.
local LOSSES = {
  ["a throttle of the gateway (400)"] = { { fault = "throttle" }, refused = true, kind = "service", sent = true },
  ["a throttle of DataWorks (429)"] = { { fault = "throttle_service" }, refused = true, kind = "service", sent = true },
  ["a throttle under another status"] = {
    { fault = "error", status = 503, code = "Throttling.System" }, refused = true, kind = "service", sent = true,
  },
  ["a refusal with a time for the retry"] = {
    { fault = "error", status = 400, code = "QpsLimit", retry_after = 1 }, refused = true, kind = "service", sent = true,
  },
  ["a reset before acting"] = { { fault = "reset" }, kind = "transport", sent = "unknown" },
  ["a reset after acting"] = { { fault = "reset", acts = true }, kind = "transport", sent = "unknown" },
  ["a truncated reply"] = { { fault = "truncate" }, kind = "transport", sent = true },
  ["a page of 502 before acting"] = { { fault = "html" }, kind = "protocol", sent = true },
  ["a page of 502 after acting"] = { { fault = "html", acts = true }, kind = "protocol", sent = true },
  ["garbage before acting"] = { { fault = "garbage" }, kind = "protocol", sent = true },
  ["garbage after acting"] = { { fault = "garbage", acts = true }, kind = "protocol", sent = true },
  ["503 before acting"] = { { fault = "unavailable" }, kind = "service", sent = true },
  ["503 after acting"] = { { fault = "unavailable", acts = true }, kind = "service", sent = true },
  ["500 after acting"] = { { fault = "internal_error", acts = true }, kind = "service", sent = true },
}

local FINAL = {
  ["a refusal"] = { { fault = "error", status = 400, code = "Param.Invalid" }, kind = "service" },
  ["a refusal of access"] = { { fault = "error", status = 403, code = "Forbidden.Access" }, kind = "service" },
  ["a failure under HTTP 200"] = { { fault = "fail" }, kind = "task" },
  ["a failure under HTTP 200 that says Success is false"] = { { fault = "unsuccessful" }, kind = "task" },
}

describe("a lost request or reply:", function()
  local emulator, client, slept

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    slept = 0
  end)
  after_each(function() client:close() end)

  local function new(changes)
    local options = {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
      sleep = function() slept = slept + 1 end, getenv = function() end,
    }
    for name, value in pairs(changes or {}) do options[name] = value end
    client = dataworks.new(options)
    return client
  end

  --- The number of calls, each with its own nonce, and of their effects; a read has none.
  local function journal(action)
    local entries, nonces, effects = emulator:journal(action), {}, 0
    for _, entry in ipairs(entries) do
      assert.is_nil(nonces[entry.nonce])
      nonces[entry.nonce] = true
      if entry.outcome == "acted" and action ~= ACTIONS.always[1] then effects = effects + 1 end
    end
    return #entries, effects
  end

  local function break_calls(spec, action, times)
    local fault = { action = action, times = times }
    for name, value in pairs(spec) do fault[name] = value end
    emulator:fault(fault)
  end

  for class, action in pairs(ACTIONS) do
    local name, params = action[1], action[2]

    for what, loss in pairs(LOSSES) do
      local is_retried = class ~= "unsent" or loss.refused or false

      it(("%s is tried %s when every attempt meets %s"):format(name, is_retried and "three times" or "once", what), function()
        break_calls(loss[1], name, 9)
        local result, err = new():call(name, params)
        local attempts = is_retried and 3 or 1
        assert.is_nil(result)
        assert.same({ loss.kind, loss.sent, is_retried, attempts, is_retried and "attempts" or nil },
          { err.kind, err.sent, err.retryable, err.attempts, err.gave_up })
        local acts = class ~= "always" and (loss[1].acts or loss[1].fault == "truncate")
        assert.same({ attempts, acts and 1 or 0 }, { journal(name) })
        assert.equal(attempts - 1, slept)
      end)

      it(("%s %s after one attempt met %s"):format(name, is_retried and "succeeds" or "fails", what), function()
        break_calls(loss[1], name, 1)
        local result, err = new():call(name, params)
        assert.equal(is_retried, result ~= nil, tostring(err))
        local acts = class ~= "always" and (is_retried or loss[1].acts or loss[1].fault == "truncate")
        assert.same({ is_retried and 2 or 1, acts and 1 or 0 }, { journal(name) })
      end)
    end

    for what, final in pairs(FINAL) do
      it(("%s is tried once when it meets %s"):format(name, what), function()
        break_calls(final[1], name, 9)
        local _, err = new():call(name, params)
        assert.same({ final.kind, true, false, 1 }, { err.kind, err.sent, err.retryable, err.attempts })
        assert.same({ 1, 0 }, { journal(name) })
      end)
    end

    it(("%s times out without a retry, and the error says whether the service may have acted"):format(name), function()
      new()
      -- Opens the connection, so that the service has the whole timeout.
      assert(client:call("ListDIProjectConfig", ACTIONS.always[2]))
      local before = (journal(name))
      break_calls({ fault = "slow_head", seconds = 5 }, name, 1)
      local _, err = client:call(name, params, { timeout = 1 })
      assert.same({ "timeout", "unknown", class ~= "unsent", 1 }, { err.kind, err.sent, err.retryable, err.attempts })
      assert.equal(class ~= "unsent" and "deadline" or nil, err.gave_up)
      assert.same({ before + 1, class ~= "always" and 1 or 0 }, { journal(name) })
      assert.equal(class ~= "always", tostring(err):find("it may have been carried out", 1, true) ~= nil)
    end)

    it(("%s is tried three times and was not sent when no server listens"):format(name), function()
      local _, err = new({ endpoint = "http://127.0.0.1:1" }):call(name, params)
      assert.same({ "transport", false, true, 3, "attempts" }, { err.kind, err.sent, err.retryable, err.attempts, err.gave_up })
      assert.equal(0, (journal(name)))
    end)
  end

  it("UpdateDIProjectConfig has no third attempt when the first was not sent and the second is lost", function()
    break_calls({ fault = "reset", acts = true }, "UpdateDIProjectConfig", 1)
    local real = require("dataworks.transport.choose").new {}
    local tries = 0
    local transport = {
      sleep = function() end, close = function() end,
      send = function(_, ...)
        tries = tries + 1
        if tries == 1 then return nil, { kind = "transport", sent = false, message = "refused" } end
        return real:send(...)
      end,
    }
    local _, err = new({ transport = transport }):call(ACTIONS.unsent[1], ACTIONS.unsent[2])
    real:close()
    assert.same({ "unknown", 2, false }, { err.sent, err.attempts, err.retryable })
    assert.same({ 1, 1 }, { journal "UpdateDIProjectConfig" })
  end)
end)
