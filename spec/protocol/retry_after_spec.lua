local retry_after = require "dataworks.protocol.retry_after"

describe("the wait that a reply asks for", function()
  local THROTTLED = { kind = "service", status = 400, code = "Throttling.User" }

  local function after(headers, err, now)
    return retry_after.find(headers, err or THROTTLED, function() return now or error "the clock was read" end)
  end

  it("is in milliseconds in headers of the provider, and in seconds in Retry-After", function()
    assert.equal(0.3, after { ["x-acs-retry-after"] = "300", ["retry-after"] = "9" })
    assert.equal(2, after { ["x-ratelimit-user-api"] = "Limit:1,Remain:0,TimeLeft:2000,Reset:1" })
    assert.equal(2, after { ["x-ratelimit-user"] = "Limit:1,Remain:0,TimeLeft:2000,Reset:1" })
    assert.equal(2, after { ["x-ratelimit-user"] = "TimeLeft:2000" })
    assert.equal(7, after { ["retry-after"] = "7" })
  end)

  it("is the longest time of the exhausted quotas", function()
    assert.equal(3, after {
      ["x-ratelimit-user-api"] = "Limit:5,Remain:0,TimeLeft:1000", ["x-ratelimit-user"] = "Limit:9,Remain:0,TimeLeft:3000",
      ["x-ratelimit-other"] = "Limit:9,Remain:4,TimeLeft:60000",
    })
  end)

  it("is taken from a quota only for a throttled call", function()
    local headers = { ["x-ratelimit-user"] = "Limit:1,Remain:0,TimeLeft:2000,Reset:1" }
    assert.is_nil(after(headers, { kind = "service", status = 400, code = "Invalid.DI.Parameter" }))
    assert.equal(2, after(headers, { kind = "protocol", status = 429 }))
  end)

  it("may be a date in any form of HTTP, relative to the Date of the reply", function()
    for _, text in ipairs { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" } do
      assert.equal(30, after { ["retry-after"] = text, date = "Sun, 06 Nov 1994 08:49:07 GMT" })
    end
  end)

  it("is relative to the clock when the reply has no Date", function()
    assert.equal(30, after({ ["retry-after"] = "Sun, 06 Nov 1994 08:49:37 GMT" }, nil, 784111747))
    assert.equal(30, after({ ["retry-after"] = "Sun, 06 Nov 1994 08:49:37 GMT", date = "now" }, nil, 784111747))
  end)

  it("is at most a day", function()
    assert.equal(86400, after { ["retry-after"] = "86401" })
    assert.equal(86400, after { ["retry-after"] = ("9"):rep(400) })
    assert.equal(86400, after { ["x-acs-retry-after"] = ("9"):rep(400) })
    assert.equal(86400, after({ ["retry-after"] = "Fri, 31 Dec 9999 23:59:59 GMT" }, nil, 0))
  end)

  it("is nil for zero, past and unreadable values", function()
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
