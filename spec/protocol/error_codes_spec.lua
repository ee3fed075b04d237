local error_codes = require "dataworks.protocol.error_codes"

describe("the code of an error", function()
  it("names the cause that the client can recover from: its clock or its keys", function()
    for code, cause in pairs {
      ["InvalidTimeStamp.Expired"] = "clock", ["InvalidTimeStamp.Format"] = "clock",
      ["InvalidSecurityToken.Expired"] = "credentials", ["InvalidSecurityToken.Malformed"] = "credentials",
      ["InvalidSecurityToken.MismatchWithAccessKey"] = "credentials", ["InvalidAccessKeyId.NotFound"] = "credentials",
      ["InvalidAccessKeyId.Inactive"] = "credentials",
    } do
      assert.equal(cause, error_codes.recoverable_cause { kind = "service", status = 400, code = code }, code)
      assert.is_nil(error_codes.recoverable_cause { kind = "service", status = 500, code = code })
      assert.is_nil(error_codes.recoverable_cause { kind = "task", status = 200, code = code })
    end
    for _, code in ipairs { "SignatureDoesNotMatch", "MissingSecurityToken", "Forbidden.RAM" } do
      assert.is_nil(error_codes.recoverable_cause { kind = "service", status = 400, code = code })
    end
    assert.is_nil(error_codes.recoverable_cause { kind = "transport", code = "CURLE_RECV_ERROR" })
    assert.is_nil(error_codes.recoverable_cause { kind = "service", status = 400 })
  end)

  it("says whether the service throttled the call", function()
    for _, err in ipairs {
      { kind = "service", status = 400, code = "Throttling" }, { kind = "service", status = 400, code = "Throttling.User" },
      { kind = "service", status = 400, code = "Rejected.Throttling" }, { kind = "service", status = 429, code = "X" },
      { kind = "protocol", status = 429 }, { kind = "task", status = 200, code = "Throttling.Api" },
      { kind = "credentials", status = 400, code = "Throttling.User" },
    } do
      assert.is_true(error_codes.is_throttled(err))
    end
    for _, err in ipairs {
      { kind = "transport", code = "Throttling" }, { kind = "service", status = 400, code = "NotThrottling" },
      { kind = "service", status = 503 },
    } do
      assert.is_false(error_codes.is_throttled(err))
    end
  end)

  it("is final when a retry cannot help", function()
    assert.is_true(error_codes.is_final { code = "Throttling.Day" })
    assert.is_true(error_codes.is_final { code = "CURLE_PEER_FAILED_VERIFICATION" })
    assert.is_false(error_codes.is_final { code = "Throttling.User" })
    assert.is_false(error_codes.is_final {})
  end)
end)
