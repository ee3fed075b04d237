local dataworks = require "dataworks"
local emulator_support = require "spec.support.emulator"
local fake = require "spec.support.fake"
local native_support = require "spec.support.native"
local proxies_support = require "spec.support.proxies"
local web_support = require "spec.support.web"

local FILE = { ProjectId = 10000, FileId = 100, TaskType = "DI_REALTIME" }

local function environment(variables)
  return function(name) return variables[name] end
end

describe("a client's network", function()
  local function raises(expected, options)
    options.region = options.region or "cn-shanghai"
    local ok, message = pcall(function() return (dataworks.new(options)) end)
    assert.is_false(ok)
    assert.matches("dataworks.new: " .. expected, message, 1, true)
    assert.not_matches("secret", message)
  end

  it("raises for wrong options at the caller's line", function()
    raises("network must be one of public, vpc", { network = "intranet" })
    raises("network: region cn-qingdao has no VPC host", { network = "vpc", region = "cn-qingdao" })
    raises("min_tls must be one of 1.2, 1.3", { min_tls = "1.1" })
    raises("min_tls must be text", { min_tls = 1.2 })
    raises("proxy: the scheme of a proxy must be http, https, socks5 or socks5h", { proxy = "socks4://user:secret@p:1" })
    raises("proxy: the user and password of a proxy must be percent-encoded", { proxy = "http://user:se@cret@p:1" })
    raises("proxy: a proxy must be a URL", { proxy = "http://secret:0" })
    raises("client_key needs its client_certificate", { client_key = "key.pem" })
    raises("client_key_password needs a client_certificate", { client_key_password = "secret" })
    raises("no_proxy must be a string", { no_proxy = { "example.com" } })
    local line = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() dataworks.new { proxy = "ftp://p" } end)
    assert.matches(("network_spec.lua:%d:"):format(line), message, 1, true)
  end)

  it("is public or a VPC, by option or else environment", function()
    local function endpoint(options, variables)
      options.getenv = environment(variables or {})
      return tostring(dataworks.new(options)):match "%((.-),"
    end
    local vpc = { ALIBABA_CLOUD_ENDPOINT_TYPE = "vpc" }
    assert.equal("https://dataworks-vpc.cn-shanghai.aliyuncs.com", endpoint { region = "cn-shanghai", network = "vpc" })
    assert.equal("https://dataworks-vpc.cn-shanghai.aliyuncs.com", endpoint({ region = "cn-shanghai" }, vpc))
    assert.equal("https://dataworks.cn-shanghai.aliyuncs.com", endpoint({ region = "cn-shanghai", network = "public" }, vpc))
    assert.equal("https://example.com", endpoint({ endpoint = "example.com" }, vpc))
  end)

  it("fails each call when the environment is wrong, and sends nothing", function()
    for variables, path in pairs {
      [{ ALIBABA_CLOUD_REGION_ID = "cn-qingdao", ALIBABA_CLOUD_ENDPOINT_TYPE = "vpc" }] = "network",
      [{ ALIBABA_CLOUD_REGION_ID = "cn-shanghai", ALIBABA_CLOUD_ENDPOINT_TYPE = "intranet" }] = "network",
      [{ ALIBABA_CLOUD_REGION_ID = "cn-shanghai", https_proxy = "socks4://user:secret@p:1" }] = "https_proxy",
      [{ ALIBABA_CLOUD_REGION_ID = "cn-shanghai", ALL_PROXY = "http://user:secret@word@p:1" }] = "ALL_PROXY",
    } do
      local seen = {}
      local client, world = fake.client({}, {
        endpoint = false, getenv = environment(variables), on_event = function(event) seen[#seen + 1] = event.type end,
      })
      local result, err = client:call("GetDISyncTask", FILE)
      assert.is_nil(result)
      assert.same({ "invalid", path, false, false }, { err.kind, err.path, err.sent, err.retryable })
      assert.not_matches("secret", tostring(err))
      assert.same({ "response" }, seen)
      assert.same({}, world.sent)
    end
  end)

  it("stays as it was when the client was created", function()
    local variables = { https_proxy = "proxy.test:3128", no_proxy = "direct.test" }
    local answers = { fake.good {}, fake.good {} }
    local client, world = fake.client(answers, { getenv = environment(variables) })
    assert(client:call("GetDISyncTask", FILE))
    variables.https_proxy = "other.test:3128"
    assert(client:call("GetDISyncTask", FILE))
    assert.equal("http://proxy.test:3128", world.limits[1].proxy)
    assert.equal("http://proxy.test:3128", world.limits[2].proxy)
    for _, options in ipairs {
      { proxy = "" }, { endpoint = "https://direct.test" }, { no_proxy = "example.com" }, { endpoint = "https://127.0.0.1" },
    } do
      options.getenv = environment(variables)
      client, world = fake.client(answers, options)
      assert(client:call("GetDISyncTask", FILE))
      assert.equal("", world.limits[1].proxy)
    end
  end)

  -- A proxy may send parts of the request back; a transport may put anything into its messages.
  it("keeps the passwords of proxy and key out of errors and events", function()
    local forms = { "pr0xy p@ss", "pr0xy%20p%40ss", "dXNlcjpwcjB4eSBwQHNz", "key-password" }
    local all = table.concat(forms, " ")
    for _, answer in ipairs {
      fake.reply("<html>" .. all, 502), fake.reply({ Code = all, Message = all }, 400),
      { fails = { kind = "transport", sent = false, message = all, code = all, advice = all } },
    } do
      local seen = {}
      local client = fake.client({ answer, answer, answer }, {
        getenv = environment { all_proxy = "http://user:pr0xy%20p%40ss@proxy.test:1" },
        client_certificate = "cert.pem", client_key_password = "key-password",
        on_event = function(event) seen[#seen + 1] = tostring(event.error) end,
      })
      local _, err = client:call("GetDISyncTask", FILE)
      local text = tostring(err) .. table.concat(seen) .. tostring(client)
      for _, value in pairs(err) do text = text .. tostring(value) end
      for _, secret in ipairs(forms) do assert.is_nil(text:find(secret, 1, true), secret) end
    end
  end)

  it("keeps both passwords out of its fields", function()
    local function everything(value, seen)
      if type(value) ~= "table" or seen[value] then return tostring(value) end
      seen[value] = true
      local parts = {}
      for name, item in next, value do parts[#parts + 1] = tostring(name) .. everything(item, seen) end
      return table.concat(parts, " ")
    end
    local client = dataworks.new {
      endpoint = "127.0.0.1:1", access_key_id = "id", access_key_secret = "key", retries = 0, client_certificate = "c.pem",
      proxy = "http://user:proxy-password@proxy.test:1", no_proxy = "x", client_key_password = "key-password",
    }
    client:call("GetDISyncTask", FILE)
    assert.not_matches("password", everything(client, {}))
    client:close()
  end)
end)

describe("a client through a proxy", function()
  local web, emulator, proxies, native

  setup(function()
    native = native_support.load()
    web = web_support.start()
    emulator = emulator_support.start()
    proxies = proxies_support.start(web.directory, emulator.port)
  end)

  teardown(function()
    if proxies then proxies:stop() end
    if emulator then emulator:stop() end
    if web then web:stop() end
  end)

  -- The emulator behind TLS, under a name that only the proxies resolve.
  local function client_of(changes)
    local options = {
      endpoint = ("https://service.test:%d"):format(proxies.service), ca_file = web.ca_file, sleep = function() end,
      access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret, getenv = function() end,
    }
    for name, value in pairs(changes) do options[name] = value end
    return dataworks.new(options)
  end

  local function call(changes)
    local client = client_of(changes)
    local result, err = client:call("ListDIProjectConfig", { ProjectId = 10000, DestinationType = "odps" })
    client:close()
    return result, err
  end

  local function fails(kind, code, changes)
    local result, err = call(changes)
    assert.is_nil(result)
    assert.same({ kind, false, code }, { err.kind, err.sent, err.code })
    assert.is_string(err.advice)
    assert.not_matches("password", err.message)
    return err
  end

  for _, kind in ipairs {
    { "http", "http_login" }, { "https", "https_login" }, { "socks5h", "socks_login" },
  } do
    it(("creates a task (%s)"):format(kind[1]), function()
      emulator:reset()
      local client = client_of { getenv = environment { https_proxy = proxies:url(kind[1], kind[2]) } }
      local task = assert(client:create_sync_task {
        ProjectId = 10000, TaskType = "DI_REALTIME", TaskName = "through_" .. kind[1],
        TaskParam = dataworks.task {
          from = { mysql = "mysql_pub1", tables = { mysql_db = { "orders" } } }, to = { odps = "odps_source" },
          resource_group = "S_res_group_280749521950784_1623033752022",
        },
      })
      client:close()
      assert.is_truthy(task.FileId)
      assert.is_true(#emulator:journal() >= 3)
    end)
  end

  it("goes direct when no_proxy exempts the host", function()
    local direct = {
      proxy = proxies:url("http", "http"), no_proxy = ".test", endpoint = "https://" .. native_support.UNRESOLVABLE .. ".test",
    }
    fails("transport", "CURLE_COULDNT_RESOLVE_HOST", direct)
    direct.no_proxy, direct.endpoint = "example.com", nil
    assert(call(direct))
  end)

  it("names the proxy when it refuses, and does not retry", function()
    local err = fails("transport", "PROXY_AUTHENTICATION", { proxy = proxies:url("http", "http_login", "wrong-password") })
    assert.equal("the proxy answered HTTP 401 when asked for a connection to the service", err.message)
    assert.same({ false, 1 }, { err.retryable, err.attempts })
    assert.is_nil(err.status)
    err = fails("transport", "PROXY_AUTHENTICATION", { proxy = proxies:url("http", "http_login"):gsub("//.*@", "//") })
    assert.matches("HTTP 407", err.message)
    assert.matches("user:password@host:port", err.advice)
    err = fails("transport", "PROXY_AUTHENTICATION", { proxy = proxies:url("socks5h", "socks_login", "wrong-password") })
    assert.same({ false, 1 }, { err.retryable, err.attempts })
    err = fails("transport", "PROXY_REFUSED", { proxy = proxies:url("https", "https"), endpoint = "https://forbidden.test" })
    assert.matches("HTTP 403", err.message)
    assert.matches("no_proxy", err.advice)
    assert.same({ false, 1 }, { err.retryable, err.attempts })
    assert.equal(0, #emulator:journal "GetDISyncTask")
  end)

  it("retries when the proxy can't reach the service", function()
    for _, kind in ipairs { { "http", "http" }, { "socks5h", "socks" } } do
      local err = fails("transport", "PROXY_FAILED", {
        proxy = proxies:url(kind[1], kind[2]), endpoint = ("https://service.test:%d"):format(native.closed_port()),
      })
      assert.same({ true, 3 }, { err.retryable, err.attempts })
    end
  end)

  it("names the proxy when it can't be reached or trusted", function()
    local closed = native.closed_port()
    for proxy, expected in pairs {
      [("http://127.0.0.1:%d"):format(closed)] = { "CURLE_COULDNT_CONNECT", "^the proxy: .*", "no_proxy" },
      [("socks5h://127.0.0.1:%d"):format(closed)] = { "CURLE_COULDNT_CONNECT", "^the proxy: .*", "no_proxy" },
      ["http://" .. native_support.UNRESOLVABLE] = { "CURLE_COULDNT_RESOLVE_PROXY", "proxy", "https_proxy" },
      [proxies:url("https", "https_expired")] = { "CURLE_PEER_FAILED_VERIFICATION", "^the proxy: .*expired", "proxy's host" },
      [proxies:url("http", "socks")] = { "CURLE_RECV_ERROR", "^the proxy: ", "scheme" },
    } do
      local err = fails("transport", expected[1], { proxy = proxy, retries = 0 })
      assert.matches(expected[2], err.message)
      assert.matches(expected[3], err.advice)
    end
    local err = fails("transport", "CURLE_SSL_CONNECT_ERROR",
      { proxy = proxies:url("https", "https_12"), min_tls = "1.3", retries = 0 })
    assert.matches("^the proxy: ", err.message)
    err = fails("timeout", "CURLE_OPERATION_TIMEDOUT",
      { proxy = ("http://127.0.0.1:%d"):format(native.silent_port()), connect_timeout = 0.2, retries = 0 })
    assert.matches("^the proxy: ", err.message)
  end)

  it("does not name the proxy when the service's certificate is refused", function()
    for _, kind in ipairs { { "http", "http" }, { "https", "https" }, { "socks5h", "socks" } } do
      local err = fails("transport", "CURLE_PEER_FAILED_VERIFICATION", {
        proxy = proxies:url(kind[1], kind[2]), endpoint = ("https://other.test:%d"):format(proxies.service),
      })
      assert.not_matches("proxy", err.message)
      assert.matches("Check the endpoint", err.advice)
    end
  end)

  it("does not take a proxy's 407 over plain http for the service's reply", function()
    local err = fails("transport", "PROXY_AUTHENTICATION", {
      proxy = proxies:url("http", "http_login"):gsub("//.*@", "//"), allow_http = true,
      endpoint = ("http://service.test:%d"):format(emulator.port),
    })
    assert.equal("the proxy answered HTTP 407", err.message)
  end)
end)

describe("a client over TLS", function()
  local web

  setup(function() web = web_support.start() end)
  teardown(function() web:stop() end)

  local function call(server, changes)
    local options = {
      endpoint = web:tls_url(server, ""), ca_file = web.ca_file, access_key_id = "id", access_key_secret = "key",
      retries = 0, getenv = function() end,
    }
    for name, value in pairs(changes) do options[name] = value end
    local client = dataworks.new(options)
    local result, err = client:call("GetDISyncTask", FILE)
    client:close()
    assert.is_nil(result)
    return err
  end

  local function file(name)
    return web.directory .. "/" .. name
  end

  it("names option and path of a missing file", function()
    for name, changes in pairs {
      ca_file = { ca_file = "/missing/file.pem" },
      client_certificate = { client_certificate = "/missing/file.pem", client_key = file "client.key" },
      client_key = { client_certificate = file "client.pem", client_key = "/missing/file.pem" },
    } do
      local err = call("tls_client", changes)
      assert.same({ "invalid", false, name, false }, { err.kind, err.sent, err.path, err.retryable })
      assert.matches(name .. ": can't be read: /missing/file.pem: No such file", tostring(err), 1, true)
    end
  end)

  it("gives advice when certificate and key don't match", function()
    local err = call("tls_client", {
      client_certificate = file "client.pem", client_key = file "locked.key", client_key_password = "wrong-password",
    })
    assert.same({ "transport", false, "CURLE_SSL_CERTPROBLEM", false }, { err.kind, err.sent, err.code, err.retryable })
    assert.matches("client_key_password", err.advice)
    assert.not_matches("wrong", tostring(err))
  end)

  it("does not take a web server's page about certificates for the service's reply", function()
    local err = call("tls_client", {})
    assert.same({ "transport", false, "CURLE_SSL_CLIENTCERT", false }, { err.kind, err.sent, err.code, err.retryable })
    assert.equal("the server wants a client certificate", err.message)
    assert.matches("client_certificate and client_key", err.advice)
    err = call("tls_client", { client_certificate = file "stranger.pem", client_key = file "stranger.key" })
    assert.equal("the server refuses the client certificate", err.message)
  end)

  it("names min_tls when the server speaks only an older version", function()
    local err = call("tls_12", { min_tls = "1.3" })
    assert.same({ "transport", false, "CURLE_SSL_CONNECT_ERROR" }, { err.kind, err.sent, err.code })
    assert.matches("min_tls", err.advice)
  end)
end)
