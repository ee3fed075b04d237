local core = require "dataworks.core"
local dataworks = require "dataworks"
local limits = require "dataworks.limit.limit"
local postgres = require "spec.support.postgres"
local shell = require "spec.support.shell"

describe("a limit with a ledger", function()
  local folder, url
  before_each(function()
    folder = shell.output "mktemp -d"
    url = folder .. "/ledger.db"
  end)
  after_each(function() shell.output("rm -r " .. folder) end)

  local function caller()
    local made = { skipped = 0, slept = 0 }
    made.clock = function() return core.clock() + made.skipped end
    made.sleep = function(_, seconds) made.slept = made.slept + seconds dataworks.sleep(seconds) end
    return made
  end

  local function call(seconds) return { deadline = core.clock() + (seconds or 60) } end

  --- Does what the pipeline does before it sends. Returns the seconds of the wait.
  local function pass(limit, host, one)
    one = one or call()
    local waited = 0
    while true do
      one.admission = assert(limit:enqueue(host, one))
      if one.admission.wait == 0 then return waited end
      waited = waited + one.admission.wait
      host:sleep(one.admission.wait)
    end
  end

  --- Runs two processes. Returns the sorted times of their calls.
  local function two_processes(ledger, qps, burst, count)
    local line = ("%s spec/support/limited_process.lua '%s' %d %d %d"):format(shell.interpreter, ledger, qps, burst, count)
    local times = {}
    for word in shell.output(("%s >%s/other & %s && wait $! && cat %s/other"):format(line, folder, line, folder)):gmatch "%S+" do
      times[#times + 1] = tonumber(word)
    end
    table.sort(times)
    return times
  end

  local function check(times, qps, burst, count)
    assert.equal(count, #times)
    -- The last 50 ms are the lateness with which a call can use its slot.
    local most, first = 0, 1
    for i, time in ipairs(times) do
      while time - times[first] >= 1 do first = first + 1 end
      most = math.max(most, i - first + 1)
    end
    assert.truthy(most <= qps * 1.05 + burst, most .. " calls in a second")
    assert.truthy(times[count] - times[1] >= (count - burst) / qps - 0.06)
    assert.truthy(times[count] - times[1] <= 10, "the limit is not used")
  end

  it("is kept by two processes together, on the real clock", function()
    check(two_processes(url, 50, 4, 35), 50, 4, 70)
  end)

  it("is kept by two processes together, through PostgreSQL", function()
    if not postgres.programs() then return end
    local server = postgres.start()
    local ok, times = pcall(two_processes, server.url, 200, 10, 100)
    server:stop()
    assert(ok, times)
    check(times, 200, 10, 200)
  end)

  it("slows the calls of all processes when one of them meets a throttled reply", function()
    local first, second = limits.new { qps = 1000, burst = 50, ledger = url }, limits.new { qps = 1000, burst = 50, ledger = url }
    local host = caller()
    assert.truthy(pass(first, host) < 0.1)
    assert.truthy(pass(second, host) < 0.1)
    host:sleep(0.3)
    first:on_response(host, call(), { kind = "service", status = 400, code = "Throttling.User", retryable = true, retry_after = 2 })
    assert.is_true(first:is_paused(host.clock()))
    assert.equal("throttled", second:enqueue(host, call()).reason)
    assert.truthy(pass(second, host) > 0.3)
  end)

  it("pauses shortly after a throttled reply without a time, and not at all when a daily quota is used up", function()
    local limit, host = limits.new { qps = 1000, ledger = url }, caller()
    pass(limit, host)
    limit:on_response(host, call(), { kind = "service", status = 400, code = "Throttling.Api.Risk", retryable = false })
    assert.is_false(limit:is_paused(host.clock()))
    limit:on_response(host, call(), { kind = "service", status = 400, code = "Throttling.User", retryable = true })
    assert.is_true(limit:is_paused(host.clock()))
  end)

  it("gives a process that stood still new slots, so that its waiting calls do not start together", function()
    local limit, host, calls = limits.new { qps = 2, ledger = url }, caller(), {}
    for i = 1, 4 do
      calls[i] = call()
      calls[i].admission = limit:enqueue(host, calls[i])
    end
    host.skipped = 30 -- all four slots have passed
    local ready = 0
    for i = 2, 4 do ready = ready + (limit:enqueue(host, calls[i]).wait == 0 and 1 or 0) end
    assert.truthy(ready <= 1, ready .. " calls start")
  end)

  it("uses the slot of a call that left the queue for the next call", function()
    local limit, host, one = limits.new { qps = 2, ledger = url }, caller(), call()
    pass(limit, host)
    local token = limit:enqueue(host, one).token
    limit:leave(host, token)
    assert.equal(token, limit:enqueue(host, call()).token)
  end)

  it("refuses a call whose slot is after its deadline", function()
    local limit, host = limits.new { qps = 0.1, ledger = url }, caller()
    pass(limit, host)
    local admission, err = limit:enqueue(host, call(1))
    assert.is_nil(admission)
    assert.same({ "timeout", false }, { err.kind, err.sent })
    assert.truthy(err.message:find("limit of 0.1 calls a second, which is shared through the ledger", 1, true))
  end)

  it("has one row for each key", function()
    local host, limit = caller(), nil
    for _, key in ipairs { "one", "two", "three" } do
      limit = limits.new { qps = 0.1, ledger = url, key = key }
      assert.equal(0, pass(limit, host))
    end
    assert.truthy(limit:enqueue(host, call()).wait > 1)
  end)

  it("uses no more slots than it has reserved, although another call reserves while the database is busy", function()
    local limit = limits.new { qps = 1000, ledger = url }
    limit.database = { transaction = function()
      limit.block = 8
      return { wait = "0" }
    end }
    assert.equal(0, pass(limit, caller()))
    assert.same({ 0, 2 }, { limit.left, limit.block })
  end)

  it("ends a call with an error if the database fails", function()
    local client = dataworks.new {
      endpoint = "https://127.0.0.1:9", access_key_id = "id", access_key_secret = "secret", limit = { qps = 5, ledger = "/nonexistent/x.db" },
    }
    local result, err = client:GetDISyncTask { ProjectId = 1, TaskType = "DI_REALTIME", FileId = 1 }
    assert.is_nil(result)
    assert.same({ "ledger", false }, { err.kind, err.sent })
    client:close()
  end)

  it("is checked when the client is made, and shows no password", function()
    for text, limit in pairs {
      ["ledger can't be combined with adaptive"] = { qps = 5, adaptive = true, ledger = url },
      ["limit.ledger must be"] = { qps = 5, ledger = 5 }, ["give qps"] = { ledger = url },
      ["there is none"] = { qps = 5, key = "a" },
    } do
      local ok, message = pcall(dataworks.limit, limit)
      assert.is_false(ok)
      assert.truthy(tostring(message):find(text:gsub("^limit%.", ""), 1, true), message)
    end
    local shared = dataworks.limit { qps = 5, ledger = "postgresql://me:word@127.0.0.1/x" }
    assert.equal("dataworks.Limit (5 calls a second, shared through postgresql://me:***@127.0.0.1/x)", tostring(shared))
    dataworks.new({ limit = shared, endpoint = "https://127.0.0.1:9" }):close()
  end)
end)
