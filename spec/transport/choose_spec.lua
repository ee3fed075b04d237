local shell = require "spec.support.shell"
local transport_module = require "dataworks.transport.choose"
local web_support = require "spec.support.web"

describe("the curl transport", function()
  local web, transport

  setup(function()
    web = web_support.start()
  end)

  teardown(function()
    if web then web:stop() end
  end)

  before_each(function()
    transport = transport_module.new { ca_file = web.ca_file, max_reply_bytes = 100000 }
  end)

  after_each(function()
    transport:close()
  end)

  local function request(url, body)
    return { method = body and "POST" or "GET", url = url, headers = { ["x-a"] = "b" }, body = body or "" }
  end

  it("returns the reply as one table", function()
    local reply = assert(transport:send(request(web:tls_url("tls", "/echo"), "body"), { timeout = 30 }))
    assert.equal(200, reply.status)
    assert.equal("application/octet-stream", reply.headers["content-type"])
    assert.matches("^POST /echo HTTP/1.1\r\n.*\r\nx%-a: b\r\n.*\r\n\r\nbody$", reply.body)
  end)

  it("returns a failure that says whether the request was sent, with advice", function()
    local reply, err = transport:send(request(web:tls_url("tls_expired", "/echo")), { timeout = 30 })
    assert.is_nil(reply)
    assert.same({ "transport", false, "CURLE_PEER_FAILED_VERIFICATION" }, { err.kind, err.sent, err.code })
    assert.matches("certificate", err.message)
    assert.matches("ca_file", err.advice)

    err = select(2, transport:send(request(web:url "/gzip/1"), { timeout = 30 }))
    assert.same({ "protocol", true }, { err.kind, err.sent })
    assert.matches("max_reply_bytes", err.advice)
  end)

  it("keeps the timeouts of the call and of connecting", function()
    local _, err = transport:send(request(web:url "/never"), { timeout = 1, connect_timeout = 30 }) -- enough to connect on a busy machine
    assert.same({ "timeout", "unknown" }, { err.kind, err.sent })
    _, err = transport:send(request(web:url "/echo"), { timeout = 30, connect_timeout = 0 })
    assert.same({ "timeout", false }, { err.kind, err.sent })
  end)

  it("sleeps, and has no latch, where no loop was ever loaded", function()
    local output = shell.output(([[%s -e '
      local transport = require("dataworks.transport.choose").new {}
      print(transport:sleep(0.001), transport:latch())
      for name in pairs(package.loaded) do
        if name:find "^dataworks.concurrency" then print(name) end
      end']]):format(shell.interpreter))
    assert.equal("nil\tnil", output)
  end)

  it("can be closed twice", function()
    transport:close()
    transport:close()
    assert.matches("closed", tostring(transport))
  end)
end)
