local outcome = require "dataworks.transport.ngx.outcome"

local LOST, MALFORMED = { why = "lost", error = "closed", message = "m" }, { why = "malformed", message = "m" }
local TIMEOUT, RESET = { why = "lost", error = "timeout", message = "m" }, { why = "lost", error = "reset", message = "m" }

describe("the outcome of an exchange inside nginx", function()
  it("is not sent while the connection opens", function()
    for _, failure in ipairs {
      outcome.deadline_passed(), outcome.connecting_failed("timeout", false, true), outcome.connecting_failed("refused", true, false),
      outcome.tunnel_refused(407), outcome.tunnel_failed "timeout", outcome.handshake_failed "closed",
      outcome.client_certificate_refused "no match",
    } do
      assert.is_false(failure.sent)
    end
  end)

  it("is not sent when nothing was written, and unknown after that", function()
    assert.is_false(outcome.writing_failed("closed", true, true).sent)
    assert.is_false(outcome.writing_failed("closed", false, false).sent)
    assert.equal("CURLE_PEER_FAILED_VERIFICATION", outcome.writing_failed("closed", false, true).code)
    assert.equal("unknown", outcome.writing_failed("timeout", false, true).sent)
    assert.equal("unknown", outcome.writing_failed("broken pipe", true, true).sent)
  end)

  it("is unknown until the final status line, and sent after that", function()
    for code, cause in pairs {
      CURLE_GOT_NOTHING = LOST, CURLE_WEIRD_SERVER_REPLY = MALFORMED, CURLE_OPERATION_TIMEDOUT = TIMEOUT,
      CURLE_RECV_ERROR = RESET,
    } do
      local failure = outcome.reading_failed(cause, false, false)
      assert.same({ code, "unknown" }, { failure.code, failure.sent })
      assert.is_true(outcome.reading_failed(cause, true, false).sent)
    end
    assert.equal("CURLE_PARTIAL_FILE", outcome.reading_failed(LOST, true, false).code)
    assert.is_true(outcome.decoding_failed("m").sent)
  end)

  it("names the limit when a reply is too large", function()
    local failure = outcome.decoding_failed "the reply is larger than 9 bytes"
    assert.same({ "CURLE_FILESIZE_EXCEEDED", "max_reply_bytes sets the limit" }, { failure.code, failure.advice })
  end)

  it("is a failure of the name server, also in the words of Kong", function()
    for _, err in ipairs {
      "x.test could not be resolved (3: Host not found)", "no resolver defined to resolve \"x.test\"",
      "DNS resolution failed: dns server error: 3 name error", "[cosocket] DNS resolution failed: timeout",
    } do
      assert.equal("CURLE_COULDNT_RESOLVE_HOST", outcome.connecting_failed(err, false, true).code, err)
      assert.equal("CURLE_COULDNT_RESOLVE_PROXY", outcome.connecting_failed(err, true, true).code, err)
    end
    assert.equal("CURLE_COULDNT_CONNECT", outcome.connecting_failed("connection refused", false, true).code)
  end)

  it("hints at the directive resolver when connecting to a name takes too long", function()
    assert.matches("directive resolver", outcome.connecting_failed("timeout", false, true).advice, 1, true)
    assert.matches("directive resolver", outcome.connecting_failed("timeout", true, true).advice, 1, true)
    assert.not_matches("directive resolver", outcome.connecting_failed("timeout", false, false).advice, 1, true)
  end)
end)
