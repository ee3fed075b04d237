local curl = require "dataworks.curl"
local native_support = require "spec.support.native"
local shell = require "spec.support.shell"
local web_support = require "spec.support.web"

local PATIENCE = 30

describe("dataworks.curl over TLS", function()
  local web
  local strict = {}

  -- Refuses a client in the handshake, which nginx can't. It prints its port on a line that may be written in pieces.
  local function start_strict(version)
    local log = ("%s/strict%s.log"):format(web.directory, version)
    local output = shell.output(([[
      cd %s
      exec 3>%s
      timeout 1800 openssl s_server -accept 127.0.0.1:0 -cert good.pem -key key.pem -CAfile ca.pem \
        -Verify 1 -verify_return_error -www %s >&3 2>&1 </dev/null 3>&- &
      echo $!
      until [ "$(sed -n '/^ACCEPT/p' %s | wc -l)" = 1 ]; do kill -0 $! || exit 1; sleep 0.05; done
      sed -n '/^ACCEPT/p' %s]]):format(web.directory, log, version, log, log))
    local pid, port = output:match("^(%d+)\nACCEPT .*:(%d+)")
    assert(pid, output)
    return { pid = pid, port = tonumber(port) }
  end

  setup(function()
    web = web_support.start()
    strict.tls_12 = start_strict "-tls1_2"
    strict.tls_13 = start_strict "-tls1_3"
  end)

  teardown(function()
    for _, server in pairs(strict) do shell.run("kill " .. server.pid) end
    if web then web:stop() end
  end)

  local function file(name)
    return web.directory .. "/" .. name
  end

  local function try(port, options)
    options.ca_file = web.ca_file
    local session = curl.new(options)
    local status, headers, body = session:send({ method = "GET", url = ("https://localhost:%d/tls"):format(port) }, PATIENCE)
    session:close()
    return status, headers, body
  end

  local function refused(code, status, err)
    assert.is_nil(status)
    assert.same({ "transport", false, code }, { err.kind, err.sent, err.code })
    return err.message
  end

  it("accepts 1.2 and 1.3, and no version below min_tls", function()
    assert.equal("TLSv1.2 nobody", select(3, try(web.tls_12, {})))
    assert.equal("TLSv1.3 nobody", select(3, try(web.tls_13, {})))
    assert.equal("TLSv1.3 nobody", select(3, try(web.tls, {})))
    assert.equal("TLSv1.2 nobody", select(3, try(web.tls_12, { min_tls = "1.2" })))
    assert.equal("TLSv1.3 nobody", select(3, try(web.tls_13, { min_tls = "1.3" })))
    assert.matches("protocol version", refused("CURLE_SSL_CONNECT_ERROR", try(web.tls_12, { min_tls = "1.3" })))
    refused("CURLE_SSL_CONNECT_ERROR", try(web.tls_old, { min_tls = "1.2" }))
  end)

  it("sends a client certificate whose key is in a file, in the same file, or locked with a password", function()
    for _, options in ipairs {
      { client_certificate = file "client.pem", client_key = file "client.key" },
      { client_certificate = file "both.pem" },
      { client_certificate = file "client.pem", client_key = file "locked.key", client_key_password = "key-password" },
    } do
      assert.equal("TLSv1.3 CN=client", select(3, try(web.tls_client, options)))
      assert.equal(200, (try(strict.tls_12.port, options)))
      assert.equal(200, (try(strict.tls_13.port, options)))
    end
  end)

  it("reports a request as not sent when the server refuses the client certificate", function()
    local stranger = { client_certificate = file "stranger.pem", client_key = file "stranger.key" }
    assert.matches("certificate required", refused("CURLE_SSL_CLIENTCERT", try(strict.tls_13.port, {})))
    assert.matches("unknown ca", refused("CURLE_SSL_CLIENTCERT", try(strict.tls_13.port, stranger)))
    refused("CURLE_SSL_CONNECT_ERROR", try(strict.tls_12.port, {}))
    refused("CURLE_SSL_CONNECT_ERROR", try(strict.tls_12.port, stranger))
  end)

  it("sends nothing when the key doesn't fit, is locked or is missing", function()
    local certificate = file "client.pem"
    for _, options in ipairs {
      { client_certificate = certificate, client_key = file "stranger.key" },
      { client_certificate = certificate, client_key = file "locked.key" },
      { client_certificate = certificate, client_key = file "locked.key", client_key_password = "wrong-password" },
      { client_certificate = certificate, client_key = file "missing.key" },
      { client_certificate = certificate },
      { client_certificate = file "missing.pem", client_key = file "client.key" },
      { client_certificate = file "ca.key", client_key = file "client.key" },
    } do
      assert.not_matches("password", refused("CURLE_SSL_CERTPROBLEM", try(web.tls_client, options)))
    end
  end)

  it("never asks for a key's password at the terminal", function()
    local output = native_support.run(([[
      local session = require("dataworks.curl").new { client_certificate = %q, client_key = %q }
      print(select(2, session:send({ method = "GET", url = %q }, 30)).code)
      session:close()
    ]]):format(file "client.pem", file "locked.key", web:tls_url("tls_client", "/tls")))
    assert.equal("CURLE_SSL_CERTPROBLEM\n", output)
  end)
end)
