-- Credentials over real HTTP: the emulator's STS, metadata service and credentials URI, up to a signed call.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local homes = require "spec.support.home"
local support = require "spec.support.emulator"

local ARN = "acs:ram::123:role/dw-role"
local FILE = { ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" }

describe("over HTTP, a client", function()
  local emulator, home, clients, events, time

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    home, clients, events, time = homes.new(), {}, {}, nil
  end)
  after_each(function()
    for _, client in ipairs(clients) do client:close() end
    home:remove()
  end)

  local function new(options, values)
    values = values or {}
    values.ALIBABA_CLOUD_STS_ENDPOINT = values.ALIBABA_CLOUD_STS_ENDPOINT or emulator.endpoint
    local all = {
      endpoint = emulator.endpoint, sleep = function() end, getenv = home:environment(values), random = function() return 0 end,
      on_event = function(event) events[#events + 1] = event.type == "refresh" and event or nil end,
    }
    if time then
      all.clock, all.now = function() return core.clock() + time end, function() return core.time() + time end
    end
    for name, value in pairs(options) do all[name] = value end
    clients[#clients + 1] = dataworks.new(all)
    return clients[#clients]
  end

  -- Does the gateway accept a call? The only error is then that the task does not exist.
  local function works(client, options)
    local _, err = client:GetDISyncTask(FILE, options)
    return err.code == "Param.Invalid", err
  end

  local function assert_works(client, options)
    local ok, err = works(client, options)
    if not ok then error(tostring(err), 2) end
  end

  local function count(action)
    return #emulator:journal(action)
  end

  local function keys()
    return { type = "access_key", access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret }
  end

  describe("with a role", function()
    local function role(more)
      local fields = { type = "ram_role_arn", role_arn = ARN, source = keys() }
      for name, value in pairs(more or {}) do fields[name] = value end
      return { credentials = fields }
    end

    it("assumes it once, and signs its calls with the new credentials", function()
      local client = new(role { role_session_name = "me", duration = 1800, external_id = "x 1", policy = { Version = "1", Statement = core.list {} } })
      for _ = 1, 10 do assert_works(client) end
      local calls = emulator:journal "AssumeRole"
      assert.equal(1, #calls)
      assert.same({ "2015-04-01", "HMAC-SHA1", "POST", "emulator", 0 }, {
        calls[1].version, calls[1].algorithm, calls[1].method, calls[1].access_key_id, calls[1].query_bytes })
      assert.same({ RoleArn = ARN, RoleSessionName = "me", DurationSeconds = "1800", ExternalId = "x 1",
        Policy = '{"Statement":[],"Version":"1"}' }, calls[1].params)
      assert.matches("^STS%.", emulator:journal "GetDISyncTask"[1].access_key_id)
      assert.equal(1, #events)
      assert.same({ "refresh", "ram_role_arn", nil }, { events[1].type, events[1].provider, events[1].error })
      assert.is_true(events[1].expires > 1790 and events[1].expires <= 1800)
    end)

    it("assumes it with the credentials of another role", function()
      assert_works(new(role { source = { type = "ram_role_arn", role_arn = ARN, source = keys() } }))
      local calls = emulator:journal "AssumeRole"
      assert.equal("emulator", calls[1].access_key_id)
      assert.matches("^STS%.", calls[2].access_key_id)
    end)

    it("takes its fields from the environment, and its keys from the chain", function()
      assert_works(new({ credentials = "ram_role_arn" }, {
        ALIBABA_CLOUD_ACCESS_KEY_ID = emulator.access_key_id, ALIBABA_CLOUD_ACCESS_KEY_SECRET = emulator.access_key_secret,
        ALIBABA_CLOUD_ROLE_ARN = ARN, ALIBABA_CLOUD_ROLE_SESSION_NAME = "from-environment", ALIBABA_CLOUD_EXTERNAL_ID = "e",
      }))
      local params = emulator:journal "AssumeRole"[1].params
      assert.same({ "from-environment", "e", "3600" }, { params.RoleSessionName, params.ExternalId, params.DurationSeconds })
    end)

    it("renews before the expiry, and keeps valid credentials when that fails", function()
      time = 0
      local client = new(role())
      assert_works(client)
      emulator:fault { action = "AssumeRole", fault = "unavailable", times = 2 }
      time = 3400
      emulator:settings { clock_offset = 3400 }
      assert_works(client)
      assert.equal(503, events[2].error.status)
      assert_works(client)
      assert.equal(3, count "AssumeRole")
      time = 3410
      assert_works(client)
      assert.equal(4, count "AssumeRole")
      assert.is_nil(events[3].error)
    end)

    it("retries a broken exchange once, with another nonce", function()
      for _, fault in ipairs { "reset", "html", "internal_error" } do
        emulator:reset()
        emulator:fault { action = "AssumeRole", fault = fault }
        assert_works(new(role()))
        local calls = emulator:journal "AssumeRole"
        assert.equal(2, #calls)
        assert.not_equal(calls[1].nonce, calls[2].nonce)
      end
    end)

    for fault, asked in pairs { unavailable = 2, throttle = 1 } do
      it("retries a call after STS was down or throttled, no earlier than the next fetch: " .. fault, function()
        time = 0
        emulator:fault { action = "AssumeRole", fault = fault, times = asked }
        local options = role()
        options.sleep = function(seconds) time = time + seconds end
        local client = new(options)
        assert_works(client)
        assert.equal(asked + 1, count "AssumeRole")
        assert.is_true(time >= 0.5)
      end)
    end

    it("assumes it again when the service calls the credentials expired", function()
      time = 0
      local client = new(role())
      assert_works(client)
      time = 10
      emulator:fault { action = "GetDISyncTask", fault = "error", status = 400, code = "InvalidSecurityToken.Expired" }
      assert_works(client)
      assert.equal(2, count "AssumeRole")
      local calls = emulator:journal "GetDISyncTask"
      assert.equal(3, #calls)
      assert.not_equal(calls[2].access_key_id, calls[3].access_key_id)
    end)

    it("adopts the clock of STS when its own is refused", function()
      emulator:settings { clock_offset = 7200 }
      local client = new(role())
      assert_works(client)
      assert.equal(2, count "AssumeRole")
      assert.is_true(events[1].expires > 3500 and events[1].expires < 3700)
      assert.equal(1, count "GetDISyncTask")
    end)

    it("returns the error of STS, and does not ask again for each call", function()
      local client = new(role { role_arn = "acs:ram::123:role/missing" })
      for _ = 1, 5 do
        local ok, err = works(client)
        assert.is_false(ok)
        assert.same({ "credentials", "EntityNotExist.Role", 404, false, false },
          { err.kind, err.code, err.status, err.sent, err.retryable })
        assert.matches("^ram_role_arn: AssumeRole: EntityNotExist.Role: The role not exists", err.message)
        assert.is_string(err.request_id)
      end
      assert.equal(1, count "AssumeRole")
    end)

    it("advises who must allow it when it is not allowed", function()
      emulator:fault { action = "AssumeRole", fault = "error", status = 403, code = "NoPermission" }
      local ok, err = works(new(role()))
      assert.is_false(ok)
      assert.matches("sts:AssumeRole", err.advice, 1, true)
    end)

    it("reports that its own keys are wrong", function()
      local ok, err = works(new(role { source = { type = "access_key", access_key_id = "emulator", access_key_secret = "wrong" } }))
      assert.is_false(ok)
      assert.equal("SignatureDoesNotMatch", err.code)
      assert.is_nil(err.message:find("server string", 1, true))
      assert.matches("AccessKey secret is wrong", err.advice)
    end)

    it("gets new credentials from its source when STS calls the old ones expired", function()
      local list = { emulator.expired, keys() }
      local source = function() return list[1] end
      local client = new(role { source = function()
        local found = source()
        table.remove(list, 1)
        return found
      end })
      assert_works(client)
      assert.equal(2, count "AssumeRole")
    end)
  end)

  it("sends the same request for a role as the official client, with the same signature", function()
    local vector
    for _, each in ipairs(files.json("spec/vectors/rpc.json").vectors) do
      if each.id == "sts-assumerole-sts" then vector = each end
    end
    local params, request = vector.params, nil
    local client = dataworks.new {
      endpoint = "example.com", getenv = home:environment(), nonce = function() return params.SignatureNonce end,
      now = function() return 1716019750 end,
      credentials = {
        type = "ram_role_arn", role_arn = params.RoleArn, role_session_name = params.RoleSessionName, policy = params.Policy,
        external_id = params.ExternalId, duration = tonumber(params.DurationSeconds), sts_region = "cn-shanghai",
        source = { type = "access_key", access_key_id = params.AccessKeyId, access_key_secret = vector.access_key_secret,
          security_token = params.SecurityToken },
      },
      transport = { sleep = function() end, send = function(_, sent)
        request = request or sent
        return nil, { kind = "transport", sent = false, message = "no" }
      end, close = function() end },
    }
    works(client)
    local sent = require("spec.support.fake").params(request)
    assert.equal(vector.signature, sent.Signature)
    sent.Signature = nil
    assert.same(params, sent)
    assert.equal("https://sts.cn-shanghai.aliyuncs.com/", request.url)
  end)

  it("finds STS by region and VPC, of its fields or the environment", function()
    local function url(fields, values)
      local sent
      fields.type, fields.role_arn, fields.source = "ram_role_arn", ARN, keys()
      local client = dataworks.new { endpoint = "example.com", getenv = home:environment(values), credentials = fields,
        transport = { sleep = function() end, send = function(_, request)
          sent = request.url
          return nil, { kind = "timeout", sent = false, message = "no" }
        end, close = function() end } }
      local _, err = works(client)
      return sent or err.message
    end
    assert.equal("https://sts.aliyuncs.com/", url {})
    assert.equal("https://sts.cn-beijing.aliyuncs.com/", url { sts_region = "cn-beijing" })
    assert.equal("https://sts-vpc.cn-beijing.aliyuncs.com/", url { sts_region = "cn-beijing", vpc = true })
    assert.equal("https://sts-vpc.cn-hangzhou.aliyuncs.com/", url({},
      { ALIBABA_CLOUD_STS_REGION = "cn-hangzhou", ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED = "true" }))
    assert.equal("https://sts.cn-hangzhou.aliyuncs.com/", url({ vpc = false },
      { ALIBABA_CLOUD_STS_REGION = "cn-hangzhou", ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED = "true" }))
    assert.equal("https://sts.example.com/", url({ sts_region = "cn-beijing" }, { ALIBABA_CLOUD_STS_ENDPOINT = "sts.example.com" }))
    assert.matches("the STS region is not a name such as cn%-shanghai$", url { sts_region = "evil.com/x" })
    assert.matches("the STS endpoint must be a host", url { sts_endpoint = "evil.com/x" })
  end)

  describe("with a token of an identity provider", function()
    local function values(token)
      return {
        ALIBABA_CLOUD_ROLE_ARN = ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN = "acs:ram::123:oidc-provider/ack",
        ALIBABA_CLOUD_OIDC_TOKEN_FILE = token, ALIBABA_CLOUD_ROLE_SESSION_NAME = "pod",
      }
    end

    it("exchanges it without a signature, and signs with the new credentials", function()
      local client = new({}, values(home:write("token", "emulator-oidc-token\n")))
      for _ = 1, 3 do assert_works(client) end
      local calls = emulator:journal "AssumeRoleWithOIDC"
      assert.equal(1, #calls)
      assert.is_nil(calls[1].access_key_id)
      assert.is_nil(calls[1].algorithm)
      assert.equal("emulator-oidc-token", calls[1].params.OIDCToken)
    end)

    it("reports the error of STS, an empty token and a missing file", function()
      local _, err = works(new({ credentials = "oidc" }, values(home:write("token", "another"))))
      assert.equal("oidc: AssumeRoleWithOIDC: AuthenticationFail.OIDCToken.Invalid: This JWT is invalid.", err.message)
      _, err = works(new({ credentials = "oidc" }, values(home:write("token", "\n"))))
      assert.matches("token is empty$", err.message)
      _, err = works(new({ credentials = "oidc" }, values(home.path .. "/none")))
      assert.matches("none does not exist$", err.message)
    end)
  end)

  describe("on an instance", function()
    local function instance(more)
      local fields = { type = "ecs_ram_role", endpoint = emulator.endpoint }
      for name, value in pairs(more or {}) do fields[name] = value end
      return { credentials = fields }
    end

    local ON = { ALIBABA_CLOUD_ECS_METADATA_DISABLED = false }

    local function environment(more)
      local all = {}
      for _, values in ipairs { ON, more or {} } do
        for name, value in pairs(values) do all[name] = value end
      end
      return all
    end

    local function asked()
      local list = {}
      for _, entry in ipairs(emulator:journal()) do
        if entry.action:find "^metadata" then list[#list + 1] = entry.action:match "%.(.*)" .. (entry.token and "+" or "") .. " " .. entry.status end
      end
      return table.concat(list, ", ")
    end

    it("asks for a token, the role and its credentials: three requests for ten calls", function()
      local client = new(instance(), environment())
      for _ = 1, 10 do assert_works(client) end
      assert.equal("token 200, role+ 200, credentials+ 200", asked())
    end)

    it("asks three times for ten calls also with fifty minutes of credentials left", function()
      emulator:settings { credential_seconds = 3000 }
      local client = new(instance(), environment())
      for _ = 1, 10 do assert_works(client) end
      assert.equal(3, count "metadata.token" + count "metadata.role" + count "metadata.credentials")
    end)

    it("renews with one request, using the token at hand", function()
      time = 0
      emulator:settings { credential_seconds = 1000 }
      local client = new(instance(), environment())
      assert_works(client)
      for _, later in ipairs { 900, 1800 } do
        time = later
        emulator:settings { clock_offset = later }
        assert_works(client)
      end
      assert.equal("token 200, role+ 200, credentials+ 200, credentials+ 200, credentials+ 200", asked())
    end)

    it("asks for a new token when the service refuses the old one", function()
      time = 0
      emulator:settings { credential_seconds = 1000 }
      local client = new(instance(), environment())
      assert_works(client)
      emulator:reset()
      emulator:settings { clock_offset = 900, credential_seconds = 1000 }
      time = 900
      assert_works(client)
      assert.equal("credentials+ 401, token 200, credentials+ 200", asked())
    end)

    it("takes the role's name from its field or the environment", function()
      assert_works(new(instance { role_name = "emulator-role" }, environment()))
      assert_works(new(instance(), environment { ALIBABA_CLOUD_ECS_METADATA = "emulator-role" }))
      assert.equal(0, count "metadata.role")
    end)

    it("finds a role that replaced the one it knew", function()
      time = 0
      emulator:settings { credential_seconds = 1000 }
      local client = new(instance(), environment())
      assert_works(client)
      emulator:settings { metadata_role = "another", clock_offset = 900 }
      time = 900
      assert_works(client)
      assert.matches("role 200, credentials 200$", asked())
    end)

    it("asks without a token when the service has none", function()
      emulator:settings { metadata_v2 = false }
      assert_works(new(instance(), environment()))
      assert.equal("token 404, role 200, credentials 200", asked())
    end)

    it("asks without a token when the service refuses a new one", function()
      emulator:fault { action = "metadata.role", fault = "error", status = 403 }
      assert_works(new(instance(), environment()))
      assert.equal("token 200, role+ 403, role 200, credentials 200", asked())
    end)

    it("never asks without a token when that is forbidden", function()
      for _, how in ipairs { { { disable_imdsv1 = true } }, { {}, { ALIBABA_CLOUD_IMDSV1_DISABLED = "true" } } } do
        emulator:reset()
        emulator:settings { metadata_v2 = false }
        local ok, err = works(new(instance(how[1]), environment(how[2])))
        assert.is_false(ok)
        assert.equal("ecs_ram_role: it gave no token (HTTP 404)", err.message)
        assert.equal("token 404", asked())
        emulator:reset()
        emulator:fault { action = "metadata.role", fault = "error", status = 403 }
        _, err = works(new(instance(how[1]), environment(how[2])))
        assert.equal("ecs_ram_role: it answered with HTTP 403", err.message)
        assert.equal("token 200, role+ 403", asked())
      end
    end)

    it("works where the service requires tokens", function()
      emulator:settings { metadata_v1 = false }
      assert_works(new(instance(), environment()))
    end)

    it("reports that the instance has no role, or another one", function()
      emulator:settings { metadata_role = "" }
      local _, err = works(new(instance(), environment()))
      assert.equal("ecs_ram_role: this instance has no RAM role", err.message)
      _, err = works(new(instance { role_name = "x" }, environment()))
      assert.equal("ecs_ram_role: this instance has no RAM role x", err.message)
    end)

    it("does not take an HTML page for the name of a role", function()
      emulator:fault { action = "metadata.role", fault = "html", status = 200 }
      local _, err = works(new(instance(), environment()))
      assert.equal("ecs_ram_role: the answer is not the name of a role", err.message)
    end)

    it("gives up within a second when the service hangs, and remembers that", function()
      emulator:fault { fault = "slow_head", seconds = 10, times = 20 }
      -- On the clock of this client only requests take time, each its whole timeout, so that a slow machine changes nothing.
      local transports, now, spent = require "dataworks.transport.choose", 0, {}
      local new_transport = transports.new
      finally(function() transports.new = new_transport end)
      transports.new = function(given)
        local transport = new_transport(given)
        local send = transport.send
        function transport:send(request, limits)
          now = now + limits.timeout
          return send(self, request, limits)
        end
        return transport
      end
      local options, began = instance(), core.clock()
      options.clock = function() return now end
      local client = new(options, environment())
      for i = 1, 5 do
        local before = now
        local ok, err = works(client)
        spent[i] = now - before
        assert.is_false(ok)
        assert.matches("no metadata service at 127.0.0.1:%d+: Operation timed out", err.message)
      end
      assert.is_true(spent[1] > 0.9 and spent[1] < 1.01, spent[1])
      assert.same({ 0, 0, 0, 0 }, { spent[2], spent[3], spent[4], spent[5] })
      assert.is_true(core.clock() - began < 8, "the requests did not keep their timeouts")
      assert.equal(1, #events)
      assert.equal("token 200, role 200", asked())
    end)

    it("asks the metadata service without a proxy, on a connection of its own, and STS through the proxy", function()
      local transport, seen = package.loaded["dataworks.transport.choose"], {}
      package.loaded["dataworks.transport.choose"] = { new = function(options)
        return { send = function(_, request, limits)
          seen[#seen + 1] = { request.url:match "//([^/]*)", options.allow_http or false, options.ca_file, options.min_tls, limits.proxy }
          return nil, { kind = "timeout", sent = false, message = "no, pass-word" }
        end, close = function() end }
      end }
      local options = { proxy = "http://user:pass-word@proxy.example.com", ca_file = "/ca.pem", min_tls = "1.3", credentials = "ecs_ram_role" }
      works(new(options, environment()))
      options.credentials = { type = "ram_role_arn", role_arn = ARN, source = keys(), sts_endpoint = "sts.example.com" }
      local _, err = works(new(options))
      options.no_proxy = "example.com"
      works(new(options))
      package.loaded["dataworks.transport.choose"] = transport
      assert.same({
        { "100.100.100.200", true, "/ca.pem", "1.3", "" },
        { "sts.example.com", false, "/ca.pem", "1.3", "http://user:pass-word@proxy.example.com:1080" },
        { "sts.example.com", false, "/ca.pem", "1.3", "" },
      }, seen)
      assert.equal("ram_role_arn: AssumeRole: https://sts.example.com: no, ***", err.message)
    end)
  end)

  describe("with a credentials URI", function()
    it("asks it once", function()
      local client = new({}, { ALIBABA_CLOUD_CREDENTIALS_URI = emulator.endpoint .. "/credentials" })
      for _ = 1, 5 do assert_works(client) end
      assert.equal(1, count "credentials_uri")
      assert_works(new { credentials = { type = "uri", uri = emulator.endpoint .. "/credentials" } })
    end)

    it("reports what went wrong and where, without secrets", function()
      local origin = emulator.endpoint:gsub("%p", "%%%0")
      local _, err = works(new { credentials = { type = "uri", uri = emulator.endpoint .. "/latest/nothing?token=hush" } })
      assert.matches("^uri: " .. origin .. " answered with HTTP 404$", err.message)
      _, err = works(new { credentials = { type = "uri", uri = "http://example.com/hush" } })
      assert.equal("uri: http://example.com would send the credentials unencrypted", err.message)
      assert.matches("allow_http", err.advice)
      for _, authority in ipairs { "localhost:x@example.com", "127.0.0.1@example.com", "localhost.example.com", "user@localhost" } do
        _, err = works(new { credentials = { type = "uri", uri = "http://" .. authority .. "/hush" } })
        assert.matches("would send the credentials unencrypted", err.message)
      end
      _, err = works(new { credentials = { type = "uri", uri = "file:///etc/passwd" } })
      assert.equal("uri: it is not an http:// or https:// URL", err.message)
    end)
  end)

  it("sends a bearer token instead of a signature", function()
    for _, signature in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
      emulator:reset()
      assert_works(new { signature = signature, credentials = { type = "bearer", bearer_token = "emulator-bearer-token" } })
      local entry = emulator:journal "GetDISyncTask"[1]
      assert.same({ "BEARERTOKEN", nil }, { entry.algorithm, entry.access_key_id })
      local _, err = works(new { signature = signature, credentials = { type = "bearer", bearer_token = "another-token" } })
      assert.same({ "service", "InvalidBearerToken" }, { err.kind, err.code })
    end
  end)

  it("needs nothing but a profile of the CLI", function()
    home:config("p", {
      p = { mode = "ChainableRamRoleArn", source_profile = "q", ram_role_arn = ARN, ram_session_name = "me", sts_endpoint = emulator.endpoint },
      q = { mode = "AK", access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret, region_id = "cn-beijing" },
    })
    assert_works(new({}))
    assert.equal("me", emulator:journal "AssumeRole"[1].params.RoleSessionName)
  end)

  it("adds the user agent of the environment to its own", function()
    assert_works(new({ credentials = keys() }, { ALIBABA_CLOUD_USER_AGENT = "my-program/1\r\nx: y" }))
    assert.matches("^dataworks%-lua/.* my%-program/1x: y$", emulator:journal "GetDISyncTask"[1].user_agent)
  end)

  it("fetches credentials within the deadline of its call", function()
    emulator:fault { action = "AssumeRole", fault = "slow_head", seconds = 3 }
    local client = new { credentials = { type = "ram_role_arn", role_arn = ARN, source = keys() }, timeout = 0.3 }
    local before = core.clock()
    local ok, err = works(client)
    assert.is_false(ok)
    assert.is_true(core.clock() - before < 2, "the deadline was passed by far")
    assert.equal("credentials", err.kind)
    assert_works(client, { timeout = 30 })
  end)
end)
