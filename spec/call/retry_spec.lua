local retry = require "dataworks.call.retry"

local LOST = { kind = "transport", sent = "unknown", may_have_acted = true, code = "CURLE_RECV_ERROR" }
local NOT_SENT = { kind = "transport", sent = false, may_have_acted = false, code = "CURLE_COULDNT_CONNECT" }

local function with(fields, may_have_acted)
  local err = { may_have_acted = may_have_acted }
  for name, value in pairs(fields) do err[name] = value end
  return err
end

describe("a failed attempt", function()
  local function retryable(err)
    return { retry.is_retryable(err, "always", false), retry.is_retryable(err, "token", true),
      retry.is_retryable(err, "token", false), retry.is_retryable(err, "unsent", false) }
  end

  local ALL, NONE, SAFE = { true, true, true, true }, { false, false, false, false }, { true, true, false, false }

  it("is retryable for every action when the request was not sent", function()
    assert.same(ALL, retryable(NOT_SENT))
    assert.same(ALL, retryable { kind = "timeout", sent = false, may_have_acted = false, code = "CURLE_OPERATION_TIMEDOUT" })
  end)

  it("is retryable for every action when it was throttled, whatever the status", function()
    for _, err in ipairs {
      { kind = "service", status = 400, code = "Throttling.User" },
      { kind = "service", status = 429, code = "Throttling.Api" },
      { kind = "service", status = 400, code = "Throttling" },
      { kind = "service", status = 503, code = "Throttling.System" },
      { kind = "service", status = 400, code = "Rejected.Throttling" },
      { kind = "task", status = 200, code = "Throttling.User" },
      { kind = "protocol", status = 429 },
      { kind = "credentials", status = 400, code = "Throttling.User" },
    } do
      assert.same(ALL, retryable(with(err, false)))
    end
  end)

  it("is retryable after a possible effect only when it reads, or carries a ClientToken", function()
    for _, err in ipairs {
      LOST,
      { kind = "service", status = 500, code = "InternalError" },
      { kind = "service", status = 503, code = "ServiceUnavailable" },
      { kind = "service", status = 400, code = "SignatureNonceUsed" },
      { kind = "protocol", status = 502 }, { kind = "protocol", status = 504 },
      { kind = "protocol", status = 200 }, { kind = "protocol", code = "CURLE_WEIRD_SERVER_REPLY" },
      { kind = "timeout" }, { kind = "transport" },
    } do
      assert.same(SAFE, retryable(with(err, true)))
    end
  end)

  it("is not retryable when a retry would fail again", function()
    for _, err in ipairs {
      { kind = "service", status = 400, code = "Invalid.DI.Parameter" },
      { kind = "service", status = 403, code = "Forbidden.DI.NoPrivilege" },
      { kind = "service", status = 404, code = "InvalidAccessKeyId.NotFound" },
      { kind = "service", status = 501, code = "NotImplemented" },
      { kind = "service", status = 400, code = "Throttling.Day" },
      { kind = "service", status = 400, code = "InvalidTimeStamp.Expired", retry_after = 1 },
      { kind = "task", status = 200 }, { kind = "invalid" },
      { kind = "credentials" }, { kind = "cancelled" },
      { kind = "protocol", status = 414 }, { kind = "protocol", status = 302 },
      { kind = "transport", code = "CURLE_PEER_FAILED_VERIFICATION" },
      { kind = "transport", code = "PROXY_AUTHENTICATION" },
      { kind = "transport", code = "PROXY_REFUSED" },
      { kind = "transport", code = "CURLE_SSL_CACERT_BADFILE" },
      { kind = "protocol", code = "CURLE_FILESIZE_EXCEEDED" },
    } do
      assert.same(NONE, retryable(with(err, false)))
    end
  end)

  it("is retryable whatever its code when the refusal says how long to wait", function()
    assert.same(ALL, retryable { kind = "service", status = 400, code = "QpsLimit.Exceeded", may_have_acted = false, retry_after = 1 })
    assert.same(SAFE, retryable { kind = "service", status = 505, code = "Odd", may_have_acted = true, retry_after = 1 })
    assert.same(NONE, retryable { kind = "task", status = 200, may_have_acted = false, retry_after = 1 })
  end)
end)

describe("the backoff before a retry", function()
  local function longest(retries, err)
    return retry.backoff(retries, err, function() return 1 end)
  end

  it("is random below a bound that doubles from 100 ms to 20 s", function()
    assert.equal(0, retry.backoff(0, LOST, function() return 0 end))
    assert.near(0.05, retry.backoff(0, LOST, function() return 0.5 end), 1e-9)
    for retries, bound in pairs { [0] = 0.1, [1] = 0.2, [2] = 0.4, [7] = 12.8, [8] = 20, [49] = 20, [1999] = 20 } do
      assert.near(bound, longest(retries, LOST), 1e-9)
    end
  end)

  it("is random below one second after a throttle, since quotas count by the second", function()
    assert.near(1, longest(0, { kind = "service", status = 429, code = "Throttling.Api" }), 1e-9)
  end)

  it("is at least the wait that the service asks for, and at most 0.1 s longer", function()
    local err = { kind = "service", status = 429, code = "Throttling.Api", retry_after = 3 }
    assert.equal(3, retry.backoff(0, err, function() return 0 end))
    assert.near(3.1, longest(8, err), 1e-9)
  end)
end)

describe("the retry decision", function()
  local BUSY = { kind = "service", status = 503, retryable = true }

  local function decide(changes, err, cost)
    local call = { retries = 0, max_retries = 2, deadline = 130 }
    for name, value in pairs(changes) do call[name] = value end
    return retry.decide(call, err or BUSY, {
      clock = function() return 100 end, random = function() return 1 end,
      limit = { handles_throttling = function(_, failure) return failure.status == 429 end },
      retry_budget = { cost = function() return cost end },
    })
  end

  it("is a delay, and the cost that the budget takes", function()
    local decision = decide({ retries = 1 }, nil, 5)
    assert.near(0.2, decision.delay, 1e-9)
    assert.equal(5, decision.cost)
  end)

  it("names the bound that ends a retryable call", function()
    assert.same({ gave_up = "attempts" }, decide({ retries = 2 }, nil, 5))
    assert.same({ gave_up = "deadline" }, decide({ deadline = 100.1 }, nil, 5))
    assert.same({ gave_up = "budget" }, decide({}, nil, nil))
    assert.same({}, decide({}, { kind = "service", status = 400, retryable = false }, 5))
  end)

  it("costs nothing of the budget when the limit handles the throttling", function()
    assert.equal(0, decide({}, { kind = "service", status = 429, retryable = true }, nil).cost)
  end)
end)
