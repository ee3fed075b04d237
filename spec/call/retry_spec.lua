local retry = require "dataworks.call.retry"

local SERVICE_500 = { kind = "service", status = 500, code = "InternalError", sent = true }
local LOST = { kind = "transport", sent = "unknown", code = "CURLE_RECV_ERROR" }
local UNSENT = { kind = "transport", sent = false, code = "CURLE_COULDNT_CONNECT" }

describe("a failed call", function()
  local function allowed(err)
    return { retry.allowed(err, "always"), retry.allowed(err, "token", true), retry.allowed(err, "token", false),
      retry.allowed(err, "unsent") }
  end

  local ALL, NONE, SAFE = { true, true, true, true }, { false, false, false, false }, { true, true, false, false }

  it("that surely never arrived may always be repeated", function()
    assert.same(ALL, allowed(UNSENT))
    assert.same(ALL, allowed { kind = "timeout", sent = false, code = "CURLE_OPERATION_TIMEDOUT" })
  end)

  it("that was turned away by a throttle may always be repeated, on any status", function()
    for _, err in ipairs {
      { kind = "service", status = 400, code = "Throttling.User", sent = true },
      { kind = "service", status = 429, code = "Throttling.Api", sent = true },
      { kind = "service", status = 400, code = "Throttling", sent = true },
      { kind = "service", status = 503, code = "Throttling.System", sent = true },
      { kind = "service", status = 400, code = "Rejected.Throttling", sent = true },
      { kind = "task", status = 200, code = "Throttling.User", sent = true },
      { kind = "protocol", status = 429, sent = true },
      { kind = "credentials", status = 400, code = "Throttling.User", sent = false },
    } do
      assert.same(ALL, allowed(err))
    end
  end)

  it("that may have acted is repeated only when it reads, or carries a ClientToken", function()
    for _, err in ipairs {
      SERVICE_500, LOST,
      { kind = "service", status = 503, code = "ServiceUnavailable", sent = true },
      { kind = "service", status = 400, code = "SignatureNonceUsed", sent = true },
      { kind = "protocol", status = 502, sent = true }, { kind = "protocol", status = 504, sent = true },
      { kind = "protocol", status = 200, sent = true }, { kind = "protocol", sent = true, code = "CURLE_WEIRD_SERVER_REPLY" },
      { kind = "timeout", sent = "unknown" }, { kind = "transport" },
    } do
      assert.same(SAFE, allowed(err))
    end
  end)

  it("that would fail again is not repeated", function()
    for _, err in ipairs {
      { kind = "service", status = 400, code = "Invalid.DI.Parameter", sent = true },
      { kind = "service", status = 403, code = "Forbidden.DI.NoPrivilege", sent = true },
      { kind = "service", status = 404, code = "InvalidAccessKeyId.NotFound", sent = true },
      { kind = "service", status = 501, code = "NotImplemented", sent = true },
      { kind = "service", status = 400, code = "Throttling.Day", sent = true },
      { kind = "service", status = 400, code = "InvalidTimeStamp.Expired", sent = true, retry_after = 1 },
      { kind = "task", status = 200, sent = true }, { kind = "invalid", sent = false },
      { kind = "credentials", sent = false }, { kind = "cancelled", sent = "unknown" },
      { kind = "protocol", status = 414, sent = true }, { kind = "protocol", status = 302, sent = true },
      { kind = "transport", sent = false, code = "CURLE_PEER_FAILED_VERIFICATION" },
      { kind = "transport", sent = false, code = "PROXY_AUTHENTICATION" },
      { kind = "transport", sent = false, code = "PROXY_REFUSED" },
      { kind = "transport", sent = false, code = "CURLE_SSL_CACERT_BADFILE" },
      { kind = "protocol", sent = true, code = "CURLE_FILESIZE_EXCEEDED" },
    } do
      assert.same(NONE, allowed(err))
    end
  end)

  it("is repeated whatever its code when a refusal says when to come again", function()
    assert.same(ALL, allowed { kind = "service", status = 400, code = "QpsLimit.Exceeded", sent = true, retry_after = 1 })
    assert.same(SAFE, allowed { kind = "service", status = 505, code = "Odd", sent = true, retry_after = 1 })
    assert.same(NONE, allowed { kind = "task", status = 200, sent = true, retry_after = 1 })
  end)

  it("is put right at once when the gateway refused its date or its keys", function()
    for code, what in pairs {
      ["InvalidTimeStamp.Expired"] = "clock", ["InvalidTimeStamp.Format"] = "clock",
      ["InvalidSecurityToken.Expired"] = "credentials", ["InvalidSecurityToken.Malformed"] = "credentials",
      ["InvalidSecurityToken.MismatchWithAccessKey"] = "credentials", ["InvalidAccessKeyId.NotFound"] = "credentials",
      ["InvalidAccessKeyId.Inactive"] = "credentials",
    } do
      assert.equal(what, retry.to_put_right { kind = "service", status = 400, code = code }, code)
      assert.is_nil(retry.to_put_right { kind = "service", status = 500, code = code })
      assert.is_nil(retry.to_put_right { kind = "task", status = 200, code = code })
    end
    for _, code in ipairs { "SignatureDoesNotMatch", "MissingSecurityToken", "Forbidden.RAM" } do
      assert.is_nil(retry.to_put_right { kind = "service", status = 400, code = code })
    end
    assert.is_nil(retry.to_put_right(LOST))
    assert.is_nil(retry.to_put_right { kind = "service", status = 400 })
  end)

  it("is known to have done nothing when it was unsent, throttled or refused", function()
    assert.is_false(retry.may_have_acted(UNSENT))
    assert.is_false(retry.may_have_acted { kind = "service", status = 400, code = "X", sent = true })
    assert.is_false(retry.may_have_acted { kind = "service", status = 429, code = "Throttling.Api", sent = true })
    assert.is_true(retry.may_have_acted(SERVICE_500))
    assert.is_true(retry.may_have_acted(LOST))
    assert.is_true(retry.may_have_acted { kind = "service", status = 408, code = "X", sent = true })
  end)

  it("may have been done, whatever the last attempt met, after an attempt whose end nobody knows", function()
    assert.is_true(retry.may_have_acted { kind = "service", status = 429, code = "Throttling.Api", sent = "unknown" })
    assert.is_true(retry.may_have_acted { kind = "task", status = 200, sent = "unknown" })
  end)

  it("may have been done when its nonce was used before: it arrived twice", function()
    assert.is_true(retry.may_have_acted { kind = "service", status = 400, code = "SignatureNonceUsed", sent = true })
  end)
end)

describe("the delay before the next attempt", function()
  local function most(failed, err)
    return retry.delay(failed, err, function() return 1 end)
  end

  it("is anything up to a bound that doubles from 100 ms to 20 s", function()
    assert.equal(0, retry.delay(1, LOST, function() return 0 end))
    assert.near(0.05, retry.delay(1, LOST, function() return 0.5 end), 1e-9)
    for failed, bound in pairs { [1] = 0.1, [2] = 0.2, [3] = 0.4, [8] = 12.8, [9] = 20, [50] = 20, [2000] = 20 } do
      assert.near(bound, most(failed, LOST), 1e-9)
    end
  end)

  it("begins at a second after a throttle, whose quota is by the second", function()
    assert.near(1, most(1, { kind = "service", status = 429, code = "Throttling.Api" }), 1e-9)
  end)

  it("is never less than the service asks for, and hardly more", function()
    local err = { kind = "service", status = 429, code = "Throttling.Api", retry_after = 3 }
    assert.equal(3, retry.delay(1, err, function() return 0 end))
    assert.near(3.1, most(9, err), 1e-9)
  end)
end)

describe("what a reply asks to wait", function()
  local THROTTLED = { kind = "service", status = 400, code = "Throttling.User" }

  local function after(headers, err, now)
    return retry.after(headers, err or THROTTLED, function() return now or error "the clock was read" end)
  end

  it("is in milliseconds in the provider's headers and in seconds in HTTP's", function()
    assert.equal(0.3, after { ["x-acs-retry-after"] = "300", ["retry-after"] = "9" })
    assert.equal(2, after { ["x-ratelimit-user-api"] = "Limit:1,Remain:0,TimeLeft:2000,Reset:1" })
    assert.equal(2, after { ["x-ratelimit-user"] = "Limit:1,Remain:0,TimeLeft:2000,Reset:1" })
    assert.equal(2, after { ["x-ratelimit-user"] = "TimeLeft:2000" })
    assert.equal(7, after { ["retry-after"] = "7" })
  end)

  it("is the longest time of the quotas that are used up", function()
    assert.equal(3, after {
      ["x-ratelimit-user-api"] = "Limit:5,Remain:0,TimeLeft:1000", ["x-ratelimit-user"] = "Limit:9,Remain:0,TimeLeft:3000",
      ["x-ratelimit-other"] = "Limit:9,Remain:4,TimeLeft:60000",
    })
  end)

  it("is said by a quota only of a throttled call", function()
    local headers = { ["x-ratelimit-user"] = "Limit:1,Remain:0,TimeLeft:2000,Reset:1" }
    assert.is_nil(after(headers, { kind = "service", status = 400, code = "Invalid.DI.Parameter" }))
    assert.equal(2, after(headers, { kind = "protocol", status = 429 }))
  end)

  it("may be a date in any form of HTTP, held against the Date of the reply", function()
    for _, text in ipairs { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" } do
      assert.equal(30, after { ["retry-after"] = text, date = "Sun, 06 Nov 1994 08:49:07 GMT" })
    end
  end)

  it("is held against the clock when the reply has no Date", function()
    assert.equal(30, after({ ["retry-after"] = "Sun, 06 Nov 1994 08:49:37 GMT" }, nil, 784111747))
    assert.equal(30, after({ ["retry-after"] = "Sun, 06 Nov 1994 08:49:37 GMT", date = "now" }, nil, 784111747))
  end)

  it("is at the most a day", function()
    assert.equal(86400, after { ["retry-after"] = "86401" })
    assert.equal(86400, after { ["retry-after"] = ("9"):rep(400) })
    assert.equal(86400, after { ["x-acs-retry-after"] = ("9"):rep(400) })
    assert.equal(86400, after({ ["retry-after"] = "Fri, 31 Dec 9999 23:59:59 GMT" }, nil, 0))
  end)

  it("is nothing when there is nothing sensible", function()
    for _, headers in ipairs {
      {}, { ["x-acs-retry-after"] = "0" }, { ["x-acs-retry-after"] = "-5" }, { ["x-acs-retry-after"] = "soon" },
      { ["x-acs-retry-after"] = "nan" }, { ["x-acs-retry-after"] = "inf" }, { ["x-acs-retry-after"] = "0x10" },
      { ["retry-after"] = "-1" }, { ["retry-after"] = "1e9" }, { ["retry-after"] = "0" }, { ["retry-after"] = "" },
      { ["retry-after"] = "Sun, 06 Nov 1994 08:49:37 GMT", date = "Sun, 06 Nov 1994 08:49:37 GMT" },
      { ["retry-after"] = "Sun, 06 Nov 1994 08:49:37 GMT", date = "Sun, 06 Nov 1994 09:49:37 GMT" },
      { ["x-ratelimit-user"] = "Limit:1,Remain:0" }, { ["x-ratelimit-user"] = "Limit:1,Remain:0,TimeLeft:0" },
    } do
      assert.is_nil(after(headers))
    end
  end)
end)
