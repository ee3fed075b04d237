local refusal = require "dataworks.transport.refusal"

describe("a refusal", function()
  local PAGE = "<html><head><title>400 No required SSL certificate was sent</title></head></html>"

  it("by a proxy over plain http is a failure with advice", function()
    local failure = refusal.find({ url = "http://service.test/" }, "http://proxy.test:3128", 407, "")
    assert.same({ "transport", false, "PROXY_AUTHENTICATION" }, { failure.kind, failure.sent, failure.code })
    assert.matches("http://user:password@host:port", failure.advice, 1, true)
  end)

  it("by a server that wants a client certificate is a failure with advice", function()
    local failure = refusal.find({ url = "https://service.test/" }, "", 400, PAGE)
    assert.same({ "transport", false, "CURLE_SSL_CLIENTCERT" }, { failure.kind, failure.sent, failure.code })
    assert.equal("the server wants a client certificate", failure.message)
    assert.matches("client_certificate", failure.advice)
  end)

  it("is not seen in replies of the service", function()
    assert.is_nil(refusal.find({ url = "http://service.test/" }, "", 407, ""))
    assert.is_nil(refusal.find({ url = "https://service.test/" }, "http://proxy.test:3128", 407, ""))
    assert.is_nil(refusal.find({ url = "http://service.test/" }, "", 400, PAGE))
    assert.is_nil(refusal.find({ url = "https://service.test/" }, "", 200, PAGE))
  end)
end)
