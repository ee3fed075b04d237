local curl_failure = require "dataworks.transport.curl_failure"

describe("a failure of libcurl", function()
  local function explain(fields) return curl_failure.explain(fields, "", {}) end

  it("says that a reply is not HTTP, where libcurl speaks of HTTP/0.9", function()
    local err = explain { kind = "protocol", sent = true, code = "CURLE_UNSUPPORTED_PROTOCOL", message = "Received HTTP/0.9 when not allowed" }
    assert.equal("the reply is not HTTP", err.message)
    assert.matches("something else than the service may listen", err.advice)
    err = explain { kind = "invalid", sent = false, code = "CURLE_UNSUPPORTED_PROTOCOL", message = "plain http is refused" }
    assert.equal("plain http is refused", err.message)
    assert.matches("use an https:// endpoint", err.advice)
  end)

  it("has advice that fits the size of a body, and the size of the headers", function()
    assert.matches("max_reply_bytes", explain({ kind = "protocol", sent = true, code = "CURLE_FILESIZE_EXCEEDED", message = "m" }).advice)
    assert.matches("check the endpoint", explain({ kind = "protocol", sent = true, code = "CURLE_WEIRD_SERVER_REPLY", message = "m" }).advice)
  end)
end)
