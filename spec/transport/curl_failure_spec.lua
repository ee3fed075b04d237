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

  it("names a file that cannot be read only if libcurl failed because of a file", function()
    local files = { ca_file = "/nowhere/ca.pem" }
    local err = curl_failure.explain({ kind = "transport", sent = false, code = "CURLE_COULDNT_CONNECT", message = "m" }, "", files)
    assert.same({ "transport", "m" }, { err.kind, err.message })
    err = curl_failure.explain({ kind = "transport", sent = false, code = "CURLE_SSL_CACERT_BADFILE", message = "m" }, "", files)
    assert.same({ "invalid", "ca_file" }, { err.kind, err.path })
  end)
end)
