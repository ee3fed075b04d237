-- Adaptive limits before a service with quotas, on the real clock with nothing injected: make test-limit. Not part of the
-- suite, since it takes half a minute.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local web_support = require "spec.support.web"

local QUOTAS, CALLERS = { 5, 10, 20, 50 }, 64

-- Seconds: until the limit has found the rate, and until the end.
local WARM_UP, END = 10, 40

-- Seconds for which a busy machine may stop the process.
local STALL = 0.05

--- Makes calls until the end, and counts what happens after the warm-up.
local function start_callers(port, quota)
  local counts = { quota = quota, accepted = 0, refused = 0, overtaken = 0, longest_gap = 0, sent = 0 }
  local began, sequence, last_sequence, last_sent = core.clock(), 0, 0, nil
  local sequence_of = {}
  local client = dataworks.new {
    endpoint = "http://127.0.0.1:" .. port, access_key_id = "a", access_key_secret = "secret", limit = "adaptive",
    timeout = 60, retries = 10, getenv = function() end,
    on_event = function(event)
      local now = core.clock()
      if now - began < WARM_UP then
        return
      elseif event.type == "response" and event.status == 400 then
        counts.refused = counts.refused + 1
      elseif event.type == "response" and event.status == 200 then
        counts.accepted = counts.accepted + 1
      elseif event.type == "request" then
        counts.sent = counts.sent + 1
        counts.longest_gap = math.max(counts.longest_gap, last_sent and now - last_sent or 0)
        last_sent = now
        local own = sequence_of[coroutine.running()]
        if event.attempt == 1 then
          counts.overtaken = counts.overtaken + (own < last_sequence and 1 or 0)
          last_sequence = math.max(last_sequence, own)
        end
      end
    end,
  }
  for _ = 1, CALLERS do
    dataworks.spawn(function()
      while core.clock() - began < END do
        sequence = sequence + 1
        sequence_of[coroutine.running()] = sequence
        client:GetDISyncTask { ProjectId = quota, FileId = 1, TaskType = "DI_REALTIME" }
      end
    end)
  end
  return counts
end

describe("adaptive limits with quotas of 5, 10, 20 and 50 calls a second at once", function()
  local web, results

  setup(function()
    web, results = web_support.start(), {}
    pcall(dataworks.run, function()
      for i, quota in ipairs(QUOTAS) do results[i] = start_callers(web.quota, quota) end
      dataworks.sleep(END + 1)
      error "the end: calls that still wait are cancelled"
    end)
    for _, counts in ipairs(results) do
      local seconds = END - WARM_UP
      counts.used = counts.accepted / (counts.quota * seconds)
      counts.refused_part = counts.refused / (counts.accepted + counts.refused)
      counts.gap_ratio = (counts.longest_gap - STALL) / (seconds / counts.sent)
      print(("quota %2d: %.1f %% used, %.1f %% refused, longest gap %.1f times the mean, %d overtaken"):format(counts.quota,
        counts.used * 100, counts.refused_part * 100, counts.gap_ratio, counts.overtaken))
    end
  end)

  teardown(function() web:stop() end)

  it("use at least 85 % of each quota", function()
    for _, counts in ipairs(results) do assert.is_true(counts.used >= 0.85, counts.quota) end
  end)

  it("have less than 5 % of their calls refused", function()
    for _, counts in ipairs(results) do assert.is_true(counts.refused_part < 0.05, counts.quota) end
  end)

  it("leave no gap longer than three times the mean", function()
    for _, counts in ipairs(results) do assert.is_true(counts.gap_ratio <= 3, counts.quota) end
  end)

  it("let no call overtake an earlier one", function()
    for _, counts in ipairs(results) do assert.equal(0, counts.overtaken, counts.quota) end
  end)
end)
