local curl = require "dataworks.curl"
local native_support = require "spec.support.native"
local proxies_support = require "spec.support.proxies"
local web_support = require "spec.support.web"

-- Long enough for a slow machine.
local PATIENCE = 30
local SHORT = 0.2

describe("dataworks.curl through a proxy", function()
  local web, proxies, native, session

  setup(function()
    native = native_support.load()
    web = web_support.start()
    proxies = proxies_support.start(web.directory)
  end)

  teardown(function()
    if proxies then proxies:stop() end
    if web then web:stop() end
  end)

  before_each(function()
    session = curl.new { ca_file = web.ca_file, allow_http = true }
  end)

  after_each(function()
    session:close()
  end)

  local function get(url, proxy, using)
    local status, headers, body = (using or session):send({ method = "GET", url = url }, PATIENCE, nil, proxy)
    return status, status and curl.headers(headers) or headers, body
  end

  -- Only the proxies can resolve these names.
  local function service(path, port, host)
    return ("https://%s:%d%s"):format(host or "service.test", port or web.tls, path)
  end

  local function refused(code, status, err)
    assert.is_nil(status)
    assert.same({ "transport", false, code }, { err.kind, err.sent, err.code })
    assert.not_equal("", err.message)
    return err
  end

  local KINDS = {
    { "http", "http" }, { "http", "http_login" }, { "https", "https" }, { "https", "https_login" },
    { "socks5h", "socks" }, { "socks5h", "socks_login" },
  }

  for _, kind in ipairs(KINDS) do
    local scheme, name = kind[1], kind[2]

    it(("verifies the service's certificate and keeps the connection (%s, %s)"):format(scheme, name), function()
      local proxy = proxies:url(scheme, name)
      local status, _, body = get(service "/connection", proxy)
      assert.equal(200, status)
      assert.equal(body:match("^%d+") .. " 2", select(3, get(service "/connection", proxy)))
      refused("CURLE_PEER_FAILED_VERIFICATION", get(service("/connection", nil, "other.test"), proxy))
    end)

    it(("keeps a connection that requests of a multi share (%s, %s)"):format(scheme, name), function()
      local multi = curl.multi()
      local function get_shared(path)
        multi:add(session, { method = "GET", url = service(path) }, PATIENCE, nil, proxies:url(scheme, name))
        repeat until #multi:poll(PATIENCE) > 0
        return select(3, session:result())
      end
      local first = get_shared "/connection"
      for i = 2, 4 do assert.equal(first:match "^%d+" .. " " .. i, get_shared "/connection") end
      multi:close()
    end)

    it(("sends user and password only to the proxy (%s, %s)"):format(scheme, name), function()
      local proxy = proxies:url(scheme, name)
      for _, url in ipairs { service "/echo", ("http://service.test:%d/echo"):format(web.http) } do
        local status, _, body = get(url, proxy)
        assert.equal(200, status)
        assert.matches("^GET /echo ", body)
        assert.not_matches("authorization", body:lower())
        assert.not_matches("password", body)
      end
      -- A redirect is not followed.
      local status, headers = get(service "/location", proxy)
      assert.equal(302, status)
      assert.matches("/echo$", headers.location)
      assert.not_matches("authorization", select(3, get(service "/echo", proxy)):lower())
    end)
  end

  it("looks the name up here with socks5, at the proxy with socks5h", function()
    local output = native_support.run([[
      local session = require("dataworks.curl").new { ca_file = os.getenv "CA_FILE" }
      print((session:send({ method = "GET", url = os.getenv "SERVICE" }, 30, nil, os.getenv "PROXY")))
      session:close()]], {
      LD_PRELOAD = proxies.directory .. "/names.so", ASAN_OPTIONS = "verify_asan_link_order=0", CA_FILE = web.ca_file, SERVICE = service "/echo",
      PROXY = proxies:url("socks5", "socks"):gsub("localhost", "127.0.0.1"),
    })
    assert.equal("200\n", output)
    assert.matches("connected to 127%.0%.0%.1", proxies:log "socks")
    refused("CURLE_COULDNT_RESOLVE_HOST", get(service("/echo", nil, native_support.UNRESOLVABLE), proxies:url("socks5", "socks")))
    assert.equal(200, (get(service "/echo", proxies:url("socks5h", "socks"))))
    assert.matches("connected to service%.test", proxies:log "socks")
  end)

  it("reports a wrong user or password without reaching the service", function()
    for _, kind in ipairs { { "http", "http_login" }, { "https", "https_login" }, { "socks5h", "socks_login" } } do
      local err = refused("PROXY_AUTHENTICATION", get(service "/vanish", proxies:url(kind[1], kind[2], "wrong-password")))
      assert.not_matches("wrong", err.message)
    end
    local without = proxies:url("http", "http_login"):gsub("//.*@", "//")
    assert.equal(407, refused("PROXY_AUTHENTICATION", get(service "/vanish", without)).proxy_status)
    without = proxies:url("socks5h", "socks_login"):gsub("//.*@", "//")
    refused("PROXY_AUTHENTICATION", get(service "/vanish", without))
    refused("PROXY_AUTHENTICATION", get(service "/vanish", proxies:url("socks5h", "socks_login", ("x"):rep(256))))
    assert.equal("0", select(3, get(web:url "/count/vanish")))
  end)

  it("names hosts that the proxy forbids or can't reach", function()
    local err = refused("PROXY_REFUSED", get(service("/", nil, "forbidden.test"), proxies:url("http", "http")))
    assert.equal(403, err.proxy_status)
    local closed = native.closed_port()
    assert.equal(500, refused("PROXY_FAILED", get(service("/", closed), proxies:url("http", "http"))).proxy_status)
    refused("PROXY_FAILED", get(service("/", closed), proxies:url("socks5h", "socks")))
    refused("PROXY_FAILED", get(service("/", nil, native_support.UNRESOLVABLE), proxies:url("socks5h", "socks")))
    -- The error of the proxy before is not reported again.
    refused("CURLE_COULDNT_CONNECT", get(("https://127.0.0.1:%d/"):format(closed)))
  end)

  it("sends nothing when the proxy can't be reached or is of another kind", function()
    refused("CURLE_COULDNT_CONNECT", get(service "/", ("http://127.0.0.1:%d"):format(native.closed_port())))
    refused("CURLE_COULDNT_RESOLVE_PROXY", get(service "/", ("http://%s:1"):format(native_support.UNRESOLVABLE)))
    refused("CURLE_RECV_ERROR", get(service "/", proxies:url("http", "socks")))
    for _, scheme in ipairs { "http", "https", "socks5h" } do
      local mute = ("%s://127.0.0.1:%d"):format(scheme, native.silent_port())
      local _, err = session:send({ method = "GET", url = service "/" }, PATIENCE, SHORT, mute)
      assert.same({ "timeout", false }, { err.kind, err.sent })
    end
  end)

  it("verifies the certificate of a proxy that speaks TLS", function()
    refused("CURLE_PEER_FAILED_VERIFICATION", get(service "/", proxies:url("https", "https_expired")))
    local other_name = proxies:url("https", "https"):gsub("localhost", "127.0.0.1")
    refused("CURLE_PEER_FAILED_VERIFICATION", get(service "/", other_name))
    local stranger = curl.new {}
    refused("CURLE_PEER_FAILED_VERIFICATION", get(service "/", proxies:url("https", "https"), stranger))
    stranger:close()
    assert.equal(200, (get(service "/echo", proxies:url("https", "https_12"))))
    local modern = curl.new { ca_file = web.ca_file, min_tls = "1.3" }
    refused("CURLE_SSL_CONNECT_ERROR", get(service "/echo", proxies:url("https", "https_12"), modern))
    assert.equal(200, (get(service "/echo", proxies:url("https", "https"), modern)))
    modern:close()
  end)

  it("sends plain http to an http proxy with the whole URL, user and password", function()
    local proxy = ("http://us%%65r:p%%40ss@127.0.0.1:%d"):format(web.proxy)
    local status, headers, body = get("http://service.test/echo", proxy)
    assert.equal(200, status)
    assert.equal("proxy", headers["x-from"])
    assert.matches("^GET http://service.test/echo HTTP/1.1\r\n", body)
    assert.matches("\r\nProxy%-Authorization: Basic dXNlcjpwQHNz\r\n", body)
  end)

  it("hides https headers from the proxy, and the proxy's headers from the reply", function()
    local headers = { authorization = "secret", ["x-acs-security-token"] = "secret" }
    local status, received = session:send({ method = "GET", url = "https://service.test/echo", headers = headers }, PATIENCE, nil, ("http://127.0.0.1:%d"):format(web.proxy))
    assert.equal(200, status)
    assert.is_nil(curl.headers(received)["x-from"])
    local _, _, head = get(web:url "/count/connect")
    assert.matches("service.test", head)
    assert.not_matches("secret", head)
  end)

  it("does not repeat a request when the connection breaks after it was read", function()
    for _, kind in ipairs { { "http", "http" }, { "https", "https" }, { "socks5h", "socks" } } do
      local proxy = proxies:url(kind[1], kind[2])
      local before = tonumber((select(3, get(service "/count/vanish", proxy))))
      local status, err = session:send({ method = "POST", url = service "/vanish", body = "create" }, PATIENCE, nil, proxy)
      assert.is_nil(status)
      assert.same({ "transport", "unknown", "CURLE_GOT_NOTHING" }, { err.kind, err.sent, err.code })
      assert.equal(before + 1, tonumber((select(3, get(service "/count/vanish", proxy)))))
    end
  end)

  it("may change with each request", function()
    assert.equal(200, (get(service "/echo", proxies:url("http", "http"))))
    refused("PROXY_AUTHENTICATION", get(service "/echo", proxies:url("http", "http_login", "wrong-password")))
    refused("CURLE_COULDNT_RESOLVE_HOST", get(("https://%s/echo"):format(native_support.UNRESOLVABLE)))
    assert.equal(200, (get(service "/echo", proxies:url("socks5h", "socks"))))
  end)

  it("reaches loopback directly", function()
    local proxy = ("http://127.0.0.1:%d"):format(web.proxy_refusing)
    assert.equal(200, (get(web:url "/echo", proxy)))
    assert.equal(200, (get(web:tls_url("tls", "/echo"), proxy)))
  end)

  it("ignores the proxy variables of the environment", function()
    local proxy = ("http://127.0.0.1:%d"):format(web.proxy)
    local output = native_support.run([[
      local session = require("dataworks.curl").new { allow_http = true }
      for _, given in ipairs { "none", "", os.getenv "PROXY" } do
        local status, err = session:send({ method = "GET", url = os.getenv "URL" }, 30, nil, given ~= "none" and given or nil)
        print(status or err.code)
      end
      session:close()
    ]], { URL = ("http://%s/echo"):format(native_support.UNRESOLVABLE), PROXY = proxy, http_proxy = proxy, all_proxy = proxy, https_proxy = proxy, no_proxy = "*", NO_PROXY = "*" })
    assert.equal("CURLE_COULDNT_RESOLVE_HOST\nCURLE_COULDNT_RESOLVE_HOST\n200\n", output)
  end)
end)
