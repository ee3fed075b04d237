local error_codes = require "dataworks.protocol.error_codes"
local files = require "spec.support.files"

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
    for _, code in ipairs { "Throttling.Day", "Throttling.Api.Risk", "Throttling.Resource", "Forbidden.Not.Server" } do
      assert.is_true(error_codes.is_final { code = code })
      assert.is_false(error_codes.is_throttled { kind = "service", status = 429, code = code })
    end
    assert.is_true(error_codes.is_final { code = "CURLE_PEER_FAILED_VERIFICATION" })
    assert.is_false(error_codes.is_final { code = "Throttling.User" })
    assert.is_false(error_codes.is_final {})
  end)

  it("has advice in sentences, whose fault it is, and a source", function()
    for code, row in pairs(error_codes.ROWS) do
      assert.matches("^%u.*%.$", row[3], code)
      assert.is_true(row[1] == "caller" or row[1] == "account" or row[1] == "service" or row[1] == "network", code)
      assert.is_string(row[2], code)
    end
  end)

  it("has the advice of its longest part that is known", function()
    assert.equal(error_codes.ROWS["InvalidTimeStamp"][3], error_codes.advice "InvalidTimeStamp.Format")
    assert.equal(error_codes.ROWS["Forbidden"][3], error_codes.advice "Forbidden.RAM")
    assert.equal(error_codes.ROWS["Forbidden.Not.Server"][3], error_codes.advice "Forbidden.Not.Server")
    assert.equal(error_codes.ROWS["MissingParameter"][3], error_codes.advice "MissingProjectId")
    assert.equal(error_codes.ROWS["MissingSecurityToken"][3], error_codes.advice "MissingSecurityToken")
    assert.is_nil(error_codes.advice "Unheard.Of")
    assert.is_nil(error_codes.advice(nil))
  end)

  it("stands with its advice on the page about errors", function()
    local FAULTS = { caller = "the caller", account = "the account", service = "the service", network = "the network" }
    local page = files.read "docs/errors.md"
    local count = 0
    for code, row in pairs(error_codes.ROWS) do
      local line = ("| `%s` | %s | %s | %s | %s |"):format(code, FAULTS[row[1]], row.final and "no" or "by the rules above", row[3],
        row[2]:find "^https" and ("[page](%s)"):format(row[2]) or row[2])
      assert.truthy(page:find(line, 1, true), line)
      count = count + 1
    end
    assert.equal(count, select(2, page:match("## Codes.*"):gsub("\n| `", "")))
  end)
end)
