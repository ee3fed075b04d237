-- The library inside nginx, which has its own LuaJIT: one run is enough, whatever interpreter runs the specs.
if not rawget(_G, "jit") then return end

local core = require "dataworks.core"
local emulators = require "spec.support.emulator"
local files = require "spec.support.files"
local hosts = require "spec.support.host"
local proxies_support = require "spec.support.proxies"
local web_support = require "spec.support.web"

describe("inside nginx", function()
  local web, host, emulator

  setup(function()
    web = web_support.start()
    host = hosts.start { ca_file = web.ca_file }
    emulator = emulators.start()
  end)

  teardown(function()
    for _, server in pairs { web = web, host = host, emulator = emulator } do server:stop() end
  end)

  -- A chunk that shows the result of a transport's send in one line.
  local SEND = [[
    local transport = require("dataworks.transport.choose").new { %s }
    local function show(reply, err)
      if reply then return ("%%d %%s"):format(reply.status, reply.body) end
      return ("%%s %%s %%s / %%s"):format(err.kind, tostring(err.sent), err.message, err.advice)
    end
    local function send(url, limits, body)
      limits = limits or {}
      limits.timeout = limits.timeout or 30
      return show(transport:send({ method = body and "POST" or "GET", url = url, headers = { ["x-a"] = "b" }, body = body or "" }, limits))
    end
    ]]

  local function with(options, chunk, ...)
    return host:run(SEND:format(options) .. (select("#", ...) > 0 and chunk:format(...) or chunk))
  end

  local function send(url, options, limits)
    return with(options or "", "return send(%q, { %s })", url, limits or "")
  end

  --- Returns a counter of the web server.
  local function counter(name)
    return tonumber((select(3, host.session:send({ method = "GET", url = web:url("/count/" .. name) }, 30))))
  end

  it("creates a task without loading libcurl", function()
    local text = host:run(([[
      local dataworks = require "dataworks"
      local client = dataworks.new { endpoint = %q, access_key_id = %q, access_key_secret = %q }
      local task = assert(client:create_sync_task({
        ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = "in_nginx",
        TaskParam = dataworks.task {
          from = { mysql = "mysql_pub", tables = { "orders" } }, to = { odps = "odps_source" },
          resource_group = "S_res_group_280749521950784_1623033752022",
        },
      }, { delay = 0.01 }))
      return tostring(task.FileId):match "^%%d+$" and tostring(package.loaded["dataworks.curl"])
    ]]):format(emulator.endpoint, emulator.access_key_id, emulator.access_key_secret))
    assert.equal("nil", text)
    assert.equal(1, #emulator:journal "CreateDISyncTask")
  end)

  it("sends a request unchanged", function()
    local echoed = with("", "return send(%q, nil, 'body')", web:url "/echo?a=b")
    assert.matches("^200 POST /echo%?a=b HTTP/1.1\r\n", echoed)
    assert.matches("\r\nx%-a: b\r\n", echoed)
    assert.matches("\r\nHost: 127.0.0.1:%d+\r\n", echoed)
    assert.matches("\r\nContent%-Length: 4\r\n", echoed)
    assert.matches("\r\n\r\nbody$", echoed)
  end)

  it("reads replies with a length, in chunks, compressed, and without a length", function()
    assert.equal("200 one two three", send(web:url "/chunked"))
    assert.equal("200 " .. ("x"):rep(100000), send(web:url "/bytes/100000"))
    assert.equal("200 " .. ("\0"):rep(1024 * 1024), send(web:url "/gzip/1"))
    assert.equal("200 ", send(web:url "/raw/bare"))
    assert.equal("200 ok", send(web:url "/raw/trailer"))
    assert.equal("200 ", send(web:url "/raw/early"))
    assert.equal("200 ", send(web:url "/raw/headers_128"))
  end)

  it("keeps a connection, and opens another after a reply that closes it", function()
    local text = with("", "return send(%q) .. ' ' .. send(%q) .. ' ' .. send(%q)", web:url "/connection", web:url "/connection",
      web:url "/connection")
    local first, one, second, two, third, three = text:match "^200 (%d+) (%d+) 200 (%d+) (%d+) 200 (%d+) (%d+)$"
    assert.same({ first, first, tonumber(one) + 1, tonumber(one) + 2 }, { second, third, tonumber(two), tonumber(three) })
    assert.equal("200 ", send(web:url "/raw/headers_128"))
    assert.matches("^200 %d+ %d+$", send(web:url "/connection"))
  end)

  it("gives the codes that libcurl gives", function()
    local function code(url, options, limits)
      return with(options or "", [[
        local function only_code(reply, err) return reply and "none" or err.code end
        return only_code(transport:send({ method = "GET", url = %q, headers = {}, body = "" }, { timeout = 30, %s }))
      ]], url, limits or "")
    end
    for expected, actual in pairs {
      CURLE_PEER_FAILED_VERIFICATION = code(web:tls_url("tls_expired", "/echo")),
      CURLE_SSL_CONNECT_ERROR = code((web:url("/echo"):gsub("^http", "https"):gsub("127.0.0.1", "localhost"))),
      CURLE_COULDNT_CONNECT = code "http://127.0.0.1:1/", CURLE_COULDNT_RESOLVE_HOST = code "https://example.com/",
      CURLE_OPERATION_TIMEDOUT = code(web:url "/never", "", "timeout = 0.1"), CURLE_GOT_NOTHING = code(web:url "/raw/nothing"),
      CURLE_PARTIAL_FILE = code(web:url "/raw/truncated"), CURLE_WEIRD_SERVER_REPLY = code(web:url "/raw/bad_chunk"),
      CURLE_FILESIZE_EXCEEDED = code(web:url "/bytes/2", "max_reply_bytes = 1"), CURLE_URL_MALFORMAT = code "ftp://127.0.0.1/",
      CURLE_BAD_CONTENT_ENCODING = code(web:url "/raw/bad_gzip"), CURLE_UNSUPPORTED_PROTOCOL = code "http://192.0.2.1/",
      CURLE_SSL_CERTPROBLEM = code(web:tls_url("tls_client", "/tls"), "client_certificate = '/nowhere.pem'"),
      CURLE_SSL_CLIENTCERT = code(web:tls_url("tls_client", "/tls")),
    } do assert.equal(expected, actual) end
  end)

  it("fails on a malformed reply", function()
    for name, message in pairs {
      no_http = "the reply is not HTTP/1", bad_chunk = "a chunk of the reply has no valid size",
      bad_header = "a header of the reply contains a control character",
      headers_129 = "the reply has more than 128 headers", header_64k = "the reply's headers are larger than 65536 bytes",
      early_forever = "the reply's headers are larger than 65536 bytes", bad_gzip = "the reply's gzip is damaged or incomplete",
      bad_encoding = "the reply has a Content-Encoding that was not asked for",
    } do
      local sent = (name == "no_http" or name == "early_forever") and "unknown" or "true"
      assert.equal(("protocol %s %s / "):format(sent, message), (send(web:url("/raw/" .. name)):gsub("/ .*", "/ ")), name)
    end
  end)

  it("never takes stray bytes for the next reply", function()
    for name, first in pairs {
      at_once = "200 ok", large = "200 ok", without_body = "204 ", bad_gzip = "protocol true the reply's gzip is damaged",
      malformed = "protocol true the reply's Content-Length is not a length",
    } do
      local result = with("", "local first = send(%q) ngx.sleep(0) return first .. ' then ' .. send(%q)", web:url("/stray/" .. name),
        web:url "/chunked")
      assert.equal(first, result:sub(1, #first), name)
      assert.matches(" then 200 one two three$", result, 1, false, name)
    end
  end)

  it("never takes stray bytes that arrive while a connection is kept for the next reply", function()
    local before, deadline = counter "stray_later", core.clock() + 30
    assert.equal("200 ok", send(web:url "/stray/later"))
    repeat assert(core.clock() < deadline) until counter "stray_later" > before -- The server has sent the stray bytes.
    assert.equal("200 one two three", send(web:url "/chunked"))
  end)

  it("limits the size of a reply, compressed or not", function()
    local result = "protocol true the reply is larger than 1000 bytes / max_reply_bytes sets the limit"
    assert.equal(result, send(web:url "/bytes/1001", "max_reply_bytes = 1000"))
    assert.equal(result, send(web:url "/gzip/1", "max_reply_bytes = 1000"))
    assert.equal("200 " .. ("x"):rep(1000), send(web:url "/bytes/1000", "max_reply_bytes = 1000"))
  end)

  it("says whether the service may have acted when a reply breaks off", function()
    assert.matches("^transport unknown the connection ended without a reply", send(web:url "/vanish"))
    assert.matches("^transport unknown the connection ended without a reply", send(web:url "/raw/nothing"))
    assert.matches("^transport true the reply ends after 10 of 100 bytes", send(web:url "/raw/truncated"))
    assert.matches("^transport true the reply ends after %d+ of 102 bytes", send(web:url "/raw/truncated_chunk"))
    assert.matches("^transport true the reply ends within its headers", send(web:url "/raw/truncated_head"))
    assert.matches("^transport true ", send(web:url "/reset"))
    assert.matches("^transport false connection refused / check the endpoint", send "http://127.0.0.1:1/")
  end)

  it("keeps the deadline while the server reads slowly", function()
    local result = with("", "return send(%q, { timeout = 0.5 }, ('x'):rep(16000000))", web:url "/sip")
    assert.equal("timeout unknown the deadline passed while the request was sent / nil", result)
    assert.equal("200 sipped", with("", "return send(%q, nil, ('x'):rep(300000))", web:url "/sip"))
  end)

  it("keeps the deadline while it waits for head and body", function()
    -- A second is enough to connect, and to get the beginning of a reply, on a busy machine.
    assert.equal("timeout unknown the deadline passed before the whole reply arrived / nil", send(web:url "/never", "", "timeout = 1"))
    assert.equal("timeout true the deadline passed before the whole reply arrived / nil", send(web:url "/half", "", "timeout = 1"))
    assert.matches("^timeout false the deadline passed before the request was sent", send(web:url "/echo", "", "connect_timeout = 0"))
  end)

  it("verifies certificates and names, and names the directives", function()
    assert.matches("^200 TLSv1.3 nobody$", send(web:tls_url("tls_13", "/tls")))
    for server, reason in pairs { tls_other_name = "host mismatch", tls_expired = "has expired", tls_self_signed = "self.signed" } do
      -- nginx always refuses, but sometimes loses the reason.
      local result = send(web:tls_url(server, "/echo"))
      assert.matches("^transport false the certificate ", result)
      assert.is_true(result:find("the certificate is not valid: .*" .. reason) ~= nil or result:find("the certificate was refused", 1, true) ~= nil, result)
      assert.matches("lua_ssl_trusted_certificate", result)
    end
    assert.matches("^transport false the TLS handshake failed", send(web:url("/echo"):gsub("^http", "https"):gsub("127.0.0.1", "localhost"), ""))
  end)

  it("shows a client certificate, and shares its connections with no other", function()
    local url, dir = web:tls_url("tls_client", "/tls"), web.directory
    assert.matches("^transport false the server wants a client certificate", send(url))
    assert.matches("^200 TLSv1.3 CN=client$", send(url, ("client_certificate = %q, client_key = %q"):format(dir .. "/client.pem", dir .. "/client.key")))
    assert.matches("^200 TLSv1.3 CN=client$", send(url, ("client_certificate = %q"):format(dir .. "/both.pem")))
    assert.matches("^transport false the server wants a client certificate", send(url))
    local renewed = host.directory .. "/renewed.pem"
    files.write(renewed, files.read(dir .. "/both.pem"))
    assert.matches("^200 TLSv1.3 CN=client$", send(url, ("client_certificate = %q"):format(renewed)))
    files.write(renewed, files.read(dir .. "/good.pem") .. files.read(dir .. "/key.pem"))
    assert.not_matches("CN=client", send(url, ("client_certificate = %q"):format(renewed)))
    assert.matches("^invalid false can't be read: .*No such file", send(url, "client_certificate = '/nowhere.pem'"))
    assert.matches("^invalid false has no PEM private key", send(url, ("client_certificate = %q"):format(dir .. "/client.pem")))
    assert.matches("^invalid false the client certificate can't be used: .* belong together$",
      send(url, ("client_certificate = %q, client_key = %q"):format(dir .. "/client.pem", dir .. "/stranger.key")))
    assert.matches("^invalid false inside nginx a key can't be protected by a password",
      send(url, ("client_certificate = %q, client_key = %q, client_key_password = 'x'"):format(dir .. "/client.pem", dir .. "/locked.key")))
  end)

  it("names the directive for an option that nginx can't apply", function()
    assert.matches("^invalid false inside nginx this is set by the directive lua_ssl_trusted_certificate", send(web:url "/echo", "ca_file = '/x'"))
    assert.matches("^invalid false inside nginx this is set by the directive lua_ssl_protocols", send(web:url "/echo", "min_tls = '1.3'"))
    assert.matches("^200", send(web:url "/echo", "min_tls = '1.2'"))
  end)

  it("refuses malformed URLs, plain http to other hosts, and headers with line breaks", function()
    for _, url in ipairs { "ftp://127.0.0.1/", "http://user@127.0.0.1/", "http://", "http://a b/", "http://127.0.0.1:0/", "http://127.0.0.1:70000/" } do
      assert.matches("^invalid false the URL must be", send(url), url)
    end
    assert.matches("^200 .*invalid false the URL must be", with("", "return send(%q) .. send(%q)", web:url "/echo", web:url "/echo HTTP/1.1\r\nX: y"))
    assert.matches("^invalid false plain http is refused: the host is not loopback", send "http://192.0.2.1/")
    assert.matches("^invalid false a header value has a CR, LF or NUL in it", with("",
      "return show(transport:send({ method = 'GET', url = %q, headers = { a = 'b\\r\\nc: d' }, body = '' }, { timeout = 1 }))", web:url "/echo"))
  end)

  it("resolves names, sends them to the server, and keeps the deadline when a name server is silent", function()
    local function named(url, limits)
      return host:run(SEND:format "" .. ("return send(%q, { %s })"):format(url, limits or ""), "named")
    end
    local url = ("https://service.test:%d/"):format(web.tls_13)
    assert.equal("200 service.test", named(url .. "sni"))
    assert.matches("^200 %d+ 2$", (named(url .. "connection"):gsub("1$", "2")))
    assert.matches("^transport false unknown.nothing could not be resolved.*directive resolver", named "https://unknown.nothing/")
    assert.matches("^timeout false connecting took too long / .*; also check that the name server of the directive resolver answers$",
      named("https://silent.test/", "connect_timeout = 0.2"))
    assert.matches("^transport false the certificate .*lua_ssl_trusted_certificate",
      named(("https://other.test:%d/"):format(web.tls_13)))
  end)

  it("leaves no thread to wait for once a name is resolved, or the deadline has passed", function()
    for url, timeout in pairs { [("https://service.test:%d/sni"):format(web.tls_13)] = 30, ["https://silent.test/"] = 0.2 } do
      local began = core.clock()
      host:run(SEND:format "" .. ("return send(%q, { connect_timeout = %g })"):format(url, timeout), "named")
      assert.is_true(core.clock() - began < 20, url)
    end
  end)

  it("says that nginx has no name server", function()
    assert.matches("^transport false nginx has no name server.*directive resolver", send "https://dataworks.example.com/")
  end)

  it("works in phases that can wait, and names the phase and a remedy in the others", function()
    for _, phase in ipairs { "rewrite", "access", "content", "timer" } do
      assert.matches("^200 GET /echo", host:run(SEND:format "" .. ("return send(%q)"):format(web:url "/echo"), phase), 1, false)
    end
    host:run(([[ngx.shared.notes:set("chunk", %q)]]):format(SEND:format "" .. ("return send(%q)"):format(web:url "/echo")))
    assert.equal(200, (host.session:send({ method = "GET", url = ("https://localhost:%d/"):format(host.tls) }, 30)))
    assert.matches("^200 GET /echo", host:note "result")
    host:run("", "late")
    for _, phase in ipairs { "init_worker", "header_filter", "body_filter", "log" } do
      assert.equal(("invalid GetDISyncTask: nginx can't wait for a reply in its phase %s. "):format(phase)
        .. "Make the call in a timer: ngx.timer.at(0, function() ... end).", host:note(phase))
    end
  end)

  describe("the credentials of a long-lived client", function()
    local CALL = [[
      local params = { DestinationType = "odps", SourceType = "mysql", ProjectId = 10000 }
      local client = package.loaded["spec.client"]
      local _, err = client:%s("ListDIProjectConfig", params)
      return err and err.kind .. " " .. tostring(err) or "ok"]]

    local function new_client()
      host:run(([[
        package.loaded["spec.client"] = require("dataworks").new {
          endpoint = %q, credentials = { type = "uri", uri = %q }, timeout = 10,
        }]]):format(emulator.endpoint, emulator.endpoint .. "/credentials"))
    end

    it("arrive though the request that fetches them is aborted", function()
      new_client()
      emulator:fault { fault = "slow_head", action = "credentials_uri", seconds = 1.5 }
      assert.is_nil((host.session:send({ method = "POST", url = host:url "left", body = CALL:format "call" }, 0.2)))
      -- These requests reuse the stack of the aborted one.
      for _ = 1, 10 do
        assert.equal("3", host:run "local function deep(n) return n == 0 and 3 or (deep(n - 1)) end ngx.sleep(0.001) return deep(50)")
      end
      assert.equal("ok", host:run(CALL:format "call"))
      assert.equal(1, #emulator:journal "credentials_uri")
      assert.is_nil(host:log():find("lua entry thread aborted", 1, true))
    end)

    it("are available after a call in a phase that can't wait", function()
      for _, method in ipairs { "call", "request" } do
        new_client()
        host:run(("ngx.shared.notes:set('chunk', %q)"):format(CALL:format(method)))
        host:run("", "logged")
        assert.matches("^invalid ListDIProjectConfig: .*nginx can't wait for a reply in its phase log", host:note "result")
        assert.equal("ok", host:run(CALL:format "call"))
      end
    end)
  end)

  it("answers other requests while a reply is pending", function()
    local text = host:run(SEND:format "" .. ([[
      local held = ngx.thread.spawn(function() return send(%q, { timeout = 2 }) end)
      local pong = send(%q)
      return pong .. coroutine.status(held)
    ]]):format(web:url "/never", host:url "ping"))
    assert.equal("200 pongrunning", text)
  end)

  it("sleeps at least as long as asked, without blocking others", function()
    assert.equal("true 200 pong false", with("", [[
      local core = require "dataworks.core"
      local began, woken = core.clock(), false
      transport:sleep(0.05)
      local slept = core.clock() - began
      local sleeper = ngx.thread.spawn(function() transport:sleep(50) woken = true end)
      local pong = send(%q)
      assert(ngx.thread.kill(sleeper))
      return tostring(slept >= 0.05) .. " " .. pong .. " " .. tostring(woken)
    ]], host:url "ping"))
  end)

  it("wakes every waiter when a latch opens", function()
    assert.equal("true true true false", with("", [[
      local latch, closed = transport:latch(), transport:latch()
      local passed = {}
      local function pass(i) passed[i] = tostring(latch.wait(10)) end
      local a, b = ngx.thread.spawn(pass, 1), ngx.thread.spawn(pass, 2)
      latch.open()
      ngx.thread.wait(a)
      ngx.thread.wait(b)
      pass(3)
      return table.concat(passed, " ") .. " " .. tostring(closed.wait(0.01))
    ]]))
  end)

  it("fails with cancelled after close", function()
    assert.equal("cancelled false the transport is closed / nil", with("", "transport:close() transport:close() return send(%q)", web:url "/echo"))
  end)

  describe("behind a proxy", function()
    local proxies

    setup(function() proxies = proxies_support.start(web.directory) end)
    teardown(function() if proxies then proxies:stop() end end)

    it("opens a tunnel, and never shows the proxy's login to the service", function()
      local result = with("", "return send(%q, { proxy = %q })", ("https://service.test:%d/echo"):format(web.tls), proxies:url("http", "http_login"))
      assert.matches("^200 GET /echo", result)
      assert.is_nil(result:lower():find("proxy-authorization", 1, true))
    end)

    it("distinguishes a proxy that wants a login from one that refuses", function()
      local url = ("https://service.test:%d/echo"):format(web.tls)
      assert.matches("^transport false the proxy answered HTTP 407", send(url, "", ("proxy = %q"):format((proxies:url("http", "http_login"):gsub("//.*@", "//")))))
      assert.matches("^transport false the proxy answered HTTP 403.*allow this endpoint",
        send("https://forbidden.test/", "", ("proxy = %q"):format(proxies:url("http", "http"))))
    end)

    it("keeps the deadline while a proxy's reply trickles in", function()
      assert.matches("^timeout false the proxy: timeout", send("https://service.test/", "",
        ("connect_timeout = 0.2, proxy = 'http://127.0.0.1:%s'"):format(host.port)))
    end)

    it("sends plain http with the absolute URL", function()
      assert.matches("^200 GET http://service.test/echo HTTP/1.1", send("http://service.test/echo", "allow_http = true",
        ("proxy = 'http://127.0.0.1:%d'"):format(web.proxy)))
    end)

    it("refuses other kinds of proxy", function()
      for _, scheme in ipairs { "https", "socks5", "socks5h" } do
        assert.matches("^invalid false inside nginx a proxy must be http://, not " .. scheme,
          send("https://service.test/", "", ("proxy = '%s://127.0.0.1:1'"):format(scheme)))
      end
    end)
  end)
end)
