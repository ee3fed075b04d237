local credentials = require "dataworks.credentials.source"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local homes = require "spec.support.home"
local types = require "dataworks.credentials.types"

local ID, SECRET, TOKEN =
  "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"

describe("credentials", function()
  local home
  before_each(function() home = homes.new() end)
  after_each(function() home:remove() end)

  local function source(options, values, answer)
    return homes.source(options, home:environment(values), answer)
  end

  it("come from the options before everything else", function()
    local given = source({ access_key_id = "a", access_key_secret = "b", security_token = "c" }, { [ID] = "e", [SECRET] = "f" })
    assert.same({ access_key_id = "a", access_key_secret = "b", security_token = "c" }, given:get())
    assert.is_false(given:expire())
  end)

  it("come from the function before the environment, and the function is called each time", function()
    local calls = 0
    local given = source({ credentials = function()
      calls = calls + 1
      return { access_key_id = "f" .. calls, access_key_secret = "s" }
    end }, { [ID] = "e", [SECRET] = "f" })
    assert.equal("f1", given:get().access_key_id)
    assert.equal("f2", given:get().access_key_id)
    assert.is_true(given:expire())
  end)

  it("are missing with the reason of the function, in one line", function()
    local _, err = source({ credentials = function() return nil, "vault\nis sealed" end }):get()
    assert.equal([[the credentials function has none: vault\nis sealed]], err.message)
  end)

  it("are missing with at most 200 bytes of a reason", function()
    for given, quoted in pairs { [("x"):rep(200)] = ("x"):rep(200), [("x"):rep(201)] = ("x"):rep(200) .. "..." } do
      local _, err = source({ credentials = function() return nil, given end }):get()
      assert.equal("the credentials function has none: " .. quoted, err.message)
    end
  end)

  it("are missing without the text that the function raised, since that may quote a file of keys", function()
    local _, err = source({ credentials = function() error "can't parse {secret = hush}" end }):get()
    assert.equal("credentials", err.kind)
    assert.is_nil(err.message:find("hush", 1, true))
  end)

  it("are refused without a part, by its name and not its value", function()
    for _, case in ipairs {
      { "hush-hush", "a table was expected" }, { {}, "access_key_id is missing" },
      { { access_key_id = "hush-hush" }, "access_key_secret is missing" },
      { { access_key_id = "i", access_key_secret = "" }, "access_key_secret is missing" },
      { { access_key_id = "i", access_key_secret = "hush-hush", security_token = 5 }, "security_token must be text" },
      { { bearer_token = "" }, "access_key_id is missing" },
    } do
      local found, err = source({ credentials = function() return case[1] end }):get()
      assert.is_nil(found)
      assert.matches(case[2], err.message)
      assert.is_nil(err.message:find("hush", 1, true))
    end
  end)

  describe("from the environment", function()
    it("are read each time, so that later changes count", function()
      local values = { HOME = home.path, ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" }
      local given = homes.source({}, function(name) return values[name] end)
      assert.is_nil(given:get())
      values[ID], values[SECRET], values[TOKEN] = "i", "s", "t"
      assert.same({ access_key_id = "i", access_key_secret = "s", security_token = "t" }, given:get())
      assert.is_false(given:expire())
      values[ID], values[SECRET], values[TOKEN] = "i2", "s2", "t2"
      assert.is_true(given:expire())
      assert.equal("i2", given:get().access_key_id)
    end)

    it("are missing when their variables are empty", function()
      local values = { [ID] = "", [SECRET] = "s" }
      local client = dataworks.new { endpoint = "example.com", getenv = home:environment(values) }
      local params = { ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" }
      assert.matches("ACCESS_KEY_ID is not set", select(2, client:request("GetDISyncTask", params)).message)
      values[ID], values[TOKEN] = "i", ""
      client = dataworks.new { endpoint = "example.com", getenv = home:environment(values) }
      assert.is_nil(assert(client:request("GetDISyncTask", params)).headers["x-acs-security-token"])
    end)

    it("are refused with the cause when they are still in quotes", function()
      local client = dataworks.new { endpoint = "example.com", getenv = home:environment { [ID] = '"key"', [SECRET] = '"s"' } }
      local request, err = client:request("GetDISyncTask", { ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" })
      assert.is_nil(request)
      assert.equal("credentials", err.kind)
      assert.matches("access_key_id is in quotes", err.message)
      assert.matches("docker's %-%-env%-file", err.advice)
    end)

    it("are not those of other programs, which the error names if they are set", function()
      local values = { ALICLOUD_ACCESS_KEY = "k", ALICLOUD_SECRET_KEY = "s" }
      local found, err = source({}, values):get()
      assert.is_nil(found)
      assert.matches("ACCESS_KEY_ID is not set, and ALICLOUD_ACCESS_KEY, which Terraform and similar programs read, is not used;",
        err.message)
      values[ID], values[SECRET] = "i", "s"
      assert.equal("i", source({}, values):get().access_key_id)
    end)

    it("may have the other spellings of the CLI, which are not mixed", function()
      for _, prefix in ipairs { "ALIBABACLOUD_", "ALICLOUD_", "" } do
        local values = {
          [prefix .. "ACCESS_KEY_ID"] = "i", [prefix .. "ACCESS_KEY_SECRET"] = "s", [prefix .. "SECURITY_TOKEN"] = "t",
          SECURITY_TOKEN = prefix == "" and "t" or "of another",
        }
        assert.same({ access_key_id = "i", access_key_secret = "s", security_token = "t" }, source({}, values):get())
      end
      local _, err = source({ credentials = "environment" }, { [ID] = "i", ACCESS_KEY_SECRET = "of another" }):get()
      assert.equal("environment: ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set", err.message)
    end)

    it("may be a bearer token, after the keys", function()
      assert.same({ bearer_token = "b" }, source({}, { ALIBABA_CLOUD_BEARER_TOKEN = "b" }):get())
      assert.equal("i", source({}, { ALIBABA_CLOUD_BEARER_TOKEN = "b", [ID] = "i", [SECRET] = "s" }):get().access_key_id)
    end)
  end)

  describe("of the default chain", function()
    it("are missing with one error that lists what was tried, in order, and why each had none", function()
      local found, err = source({}):get()
      assert.is_nil(found)
      assert.same({ "credentials", false }, { err.kind, err.sent })
      assert.equal(("no credentials were found (environment: ALIBABA_CLOUD_ACCESS_KEY_ID is not set; "
        .. "oidc: ALIBABA_CLOUD_ROLE_ARN is not set; cli_profile: %s/.aliyun/config.json does not exist; "
        .. "ini: %s/.alibabacloud/credentials does not exist; ecs_ram_role: ALIBABA_CLOUD_ECS_METADATA_DISABLED is set; "
        .. "uri: ALIBABA_CLOUD_CREDENTIALS_URI is not set)"):format(home.path, home.path), err.message)
      assert.matches("ALIBABA_CLOUD_ACCESS_KEY_SECRET", err.advice)
      assert.matches("access_key_id", err.advice)
    end)

    -- Configures all providers, and removes one after the other.
    it("come in the official order", function()
      home:config("default", { default = { mode = "AK", access_key_id = "cli", access_key_secret = "s" } })
      home:write(".alibabacloud/credentials", "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = s\n")
      local token = home:write("token", "jwt")
      local values = {
        HOME = home.path, [ID] = "env", [SECRET] = "s", ALIBABA_CLOUD_ROLE_ARN = "acs:ram::1:role/r",
        ALIBABA_CLOUD_OIDC_PROVIDER_ARN = "p", ALIBABA_CLOUD_OIDC_TOKEN_FILE = token,
        ALIBABA_CLOUD_CREDENTIALS_URI = "http://127.0.0.1:1/uri",
      }
      local function answer(request, _, world)
        if request.url:find("AssumeRoleWithOIDC", 1, true) then return homes.assumed("oidc", world.time + 3600) end
        if request.url:find("/token", 1, true) then return { body = "metadata-token" } end
        if request.url:find "security%-credentials/$" then return { body = "role" } end
        local id = request.url:find("100.100.100.200", 1, true) and "ecs" or "uri"
        return { body = ('{"Code":"Success","AccessKeyId":"%s","AccessKeySecret":"s","SecurityToken":"t","Expiration":"%s"}')
          :format(id, homes.date(world.time + 3600)) }
      end
      local order = {}
      for _, gone in ipairs {
        {}, { ID }, { "ALIBABA_CLOUD_OIDC_TOKEN_FILE" }, { nil, "rm .aliyun/config.json" },
        { nil, "rm .alibabacloud/credentials" }, { nil, nil, { ALIBABA_CLOUD_ECS_METADATA_DISABLED = "TRUE" } },
      } do
        if gone[1] then values[gone[1]] = nil end
        if gone[2] then os.execute(("cd %s && %s"):format(home.path, gone[2])) end
        for name, value in pairs(gone[3] or {}) do values[name] = value end
        local given = homes.source({}, function(name) return values[name] end, answer)
        order[#order + 1] = assert(given:get()).access_key_id
      end
      assert.same({ "env", "oidc", "cli", "ini", "ecs", "uri" }, order)
    end)

    it("may come from a provider that failed before", function()
      local values = { HOME = home.path, ALIBABA_CLOUD_CREDENTIALS_URI = "http://127.0.0.1:1/", ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" }
      local working = false
      local given, world = homes.source({}, function(name) return values[name] end, function(_, _, world)
        if not working then return { lost = { kind = "transport", sent = false, message = "refused" } } end
        return { body = ('{"AccessKeyId":"i","AccessKeySecret":"s","SecurityToken":"t","Expiration":"%s"}')
          :format(homes.date(world.time + 3600)) }
      end)
      local _, err = given:get()
      assert.matches("uri: http://127.0.0.1:1: refused%)$", err.message)
      working = true
      assert.is_nil(given:get()) -- the failure still counts
      world.time = world.time + 1
      assert.equal("i", given:get().access_key_id)
    end)

    it("stay those of one identity when the provider that had them fails", function()
      local values = {
        HOME = home.path, ALIBABA_CLOUD_ROLE_ARN = "acs:ram::1:role/r", ALIBABA_CLOUD_OIDC_PROVIDER_ARN = "p",
        ALIBABA_CLOUD_OIDC_TOKEN_FILE = home:write("token", "jwt"),
      }
      home:write(".alibabacloud/credentials", "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = s\n")
      local fails = false
      local given, world = homes.source({}, function(name) return values[name] end, function(_, _, world)
        return fails and { status = 503 } or homes.assumed("oidc", world.time + 3600)
      end)
      assert.equal("oidc", given:get().access_key_id)
      fails, world.time = true, world.time + 3600
      local found, err = given:get()
      assert.is_nil(found)
      assert.equal("oidc: AssumeRoleWithOIDC: it answered with HTTP 503", err.message)
      fails, world.time = false, world.time + 60
      assert.equal("oidc", given:get().access_key_id)
      values.ALIBABA_CLOUD_ROLE_ARN = nil
      world.time = world.time + 3600
      assert.equal("ini", given:get().access_key_id)
    end)

    it("stay those of one identity when the call is cancelled meanwhile", function()
      for _, v1_disabled in ipairs { "true", "false" } do
        local values = {
          HOME = home.path, ALIBABA_CLOUD_CREDENTIALS_URI = "http://127.0.0.1:1/",
          ALIBABA_CLOUD_IMDSV1_DISABLED = v1_disabled,
        }
        local given, world = homes.source({}, function(name) return values[name] end, function()
          return { lost = { kind = "cancelled", sent = "unknown", message = "the task was cancelled" } }
        end)
        for _ = 1, 2 do -- the failure does not count for the next call
          local _, err = given:get()
          assert.same({ "cancelled", false }, { err.kind, err.sent })
          assert.matches("^ecs_ram_role: .*: the task was cancelled$", err.message)
        end
        for _, request in ipairs(world.sent) do assert.matches("/latest/", request.url) end
      end
    end)

    it("are missing with the advice of the provider that is configured and fails", function()
      home:config("me", { me = { mode = "OAuth", oauth_site_type = "CN" } })
      local _, err = source({}):get()
      assert.equal("run: aliyun configure --profile me --mode OAuth", err.advice)
      assert.matches("cli_profile: profile me: the access token has expired", err.message)
      assert.matches("uri: ALIBABA_CLOUD_CREDENTIALS_URI is not set%)$", err.message)
    end)
  end)

  describe("of a profile", function()
    before_each(function()
      home:config("a", {
        a = { mode = "AK", access_key_id = "of-a", access_key_secret = "s" },
        b = { mode = "AK", access_key_id = "of-b", access_key_secret = "s" },
      })
      home:write(".alibabacloud/credentials", "[c]\ntype = access_key\naccess_key_id = of-c\naccess_key_secret = s\n")
    end)

    it("come from either file when the option names it, and from nowhere else", function()
      local keys = { [ID] = "env", [SECRET] = "s" }
      assert.equal("of-b", source({ profile = "b" }, keys):get().access_key_id)
      assert.equal("of-c", source({ profile = "c" }, keys):get().access_key_id)
      local _, err = source({ profile = "d" }, keys):get()
      assert.matches("cli_profile: .*: there is no profile d; ini: .*: it has no section d%)$", err.message)
      assert.is_nil(err.message:find("environment", 1, true))
      assert.equal("run: aliyun configure --profile d", err.advice)
    end)

    it("come from either file of the chain when the environment names it", function()
      for _, prefix in ipairs { "ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_" } do
        assert.equal("of-b", source({}, { [prefix .. "PROFILE"] = "b" }):get().access_key_id)
        assert.equal("of-c", source({}, { [prefix .. "PROFILE"] = "c" }):get().access_key_id)
      end
      assert.equal("env", source({}, { ALIBABA_CLOUD_PROFILE = "b", [ID] = "env", [SECRET] = "s" }):get().access_key_id)
      assert.equal("of-a", source({}):get().access_key_id)
    end)
  end)

  describe("by name", function()
    it("come from that provider alone, as does the error", function()
      for name, reason in pairs {
        environment = "ALIBABA_CLOUD_ACCESS_KEY_ID is not set", oidc = "ALIBABA_CLOUD_ROLE_ARN is not set",
        cli_profile = home.path .. "/.aliyun/config.json does not exist",
        ini = home.path .. "/.alibabacloud/credentials does not exist",
        ecs_ram_role = "ALIBABA_CLOUD_ECS_METADATA_DISABLED is set", uri = "ALIBABA_CLOUD_CREDENTIALS_URI is not set",
        ram_role_arn = "ALIBABA_CLOUD_ROLE_ARN is not set",
      } do
        for _, given in ipairs { name, { type = name } } do
          local _, err = source({ credentials = given }):get()
          assert.equal(name .. ": " .. reason, err.message)
        end
      end
      assert.matches("^no credentials were found", select(2, source({ credentials = "default" }):get()).message)
    end)

    it("may be in the fields", function()
      assert.same({ access_key_id = "i", access_key_secret = "s", security_token = "t" }, source({
        credentials = { type = "access_key", access_key_id = "i", access_key_secret = "s", security_token = "t" } }):get())
      assert.same({ bearer_token = "b" }, source({ credentials = { type = "bearer", bearer_token = "b" } }):get())
    end)

    it("raise at the caller's line when the option is wrong", function()
      for message, value in pairs {
        ["there is no such type; did you mean oidc%?; the types are access_key, bearer, "] = "oicd",
        ["credentials: type is missing; the types are .*%. Pass a function without calling it"] = { role_arn = "x" },
        ["unknown option rol_arn; did you mean role_arn%?"] = { type = "ram_role_arn", rol_arn = "x" },
        ["unknown option role_arn%. The options are type$"] = { type = "environment", role_arn = "x" },
        ["duration must be a whole number of seconds above 0, got 0.5"] = { type = "oidc", duration = 0.5 },
        ["policy must be a table or JSON text, got a boolean"] = { type = "oidc", policy = true },
        ["credentials: type access_key needs access_key_secret"] = { type = "access_key", access_key_id = "x" },
        ["credentials: type external needs process_command"] = "external",
        ["credentials.source: type bearer needs bearer_token"] = { type = "ram_role_arn", source = { type = "bearer" } },
        ["source must be a function, a name or a table, got a number"] = { type = "ram_role_arn", source = 5 },
        ["credentials must be a function, a name or a table, got a number"] = 5,
      } do
        local ok, raised = pcall(function() dataworks.new { credentials = value } end)
        assert.is_false(ok)
        assert.matches("^spec/credentials/source_spec.lua:%d+: dataworks.new: ", raised)
        assert.matches(message, raised)
      end
    end)

    it("are all in the reference, with their fields", function()
      local _, raised = pcall(function() dataworks.new { credentials = "?" } end)
      local reference = files.read "docs/credentials.md"
      for name in raised:match("the types are (.*)$"):gmatch "[%w_]+" do
        assert.truthy(reference:find("| `" .. name .. "` |", 1, true), name)
        for field in pairs(types.FIELDS[name]) do
          assert.truthy(reference:find("`" .. field .. "`", 1, true), name .. "." .. field)
        end
      end
    end)

    it("show no key that is given as a name", function()
      local ok, raised = pcall(function() dataworks.new { credentials = "LTAIhushhush" } end)
      assert.is_false(ok)
      assert.is_nil(raised:find("hush", 1, true))
    end)
  end)
end)

describe("many calls at once", function()
  -- A transport whose requests suspend the coroutine, as those of an event loop do.
  local function transport(sent)
    return {
      send = function(_, request)
        local name = request.url:find "security%-credentials/$" and "role" or request.url:find "/token$" and "token"
          or request.url:find "security%-credentials/r$" and "credentials" or "call"
        sent[name] = (sent[name] or 0) + 1
        for _ = 1, 3 do coroutine.yield() end
        local bodies = {
          role = "r", token = "tok", call = '{"RequestId":"R","Success":true,"Data":{}}',
          credentials = ('{"Code":"Success","AccessKeyId":"i","AccessKeySecret":"secret","SecurityToken":"t","Expiration":"%s"}')
            :format(homes.date(os.time() + 3600)),
        }
        return { status = 200, headers = {}, body = bodies[name] }
      end,
      latch = function()
        local opened = false
        return {
          wait = function()
            while not opened do coroutine.yield() end
            return true
          end,
          open = function() opened = true end,
        }
      end,
      sleep = function() end,
      close = function() end,
    }
  end

  it("fetch their credentials once, wherever in the chain they are", function()
    local home, sent, done = homes.new(), {}, 0
    local client = dataworks.new {
      endpoint = "example.com", transport = transport(sent), clock = function() return 0 end,
      getenv = home:environment { ALIBABA_CLOUD_ECS_METADATA_DISABLED = false },
    }
    local threads = {}
    for i = 1, 50 do
      threads[i] = coroutine.create(function()
        assert(client:call("ListDIProjectConfig", { ProjectId = 1, DestinationType = "holo" }))
        done = done + 1
      end)
    end
    while done < 50 do
      for _, thread in ipairs(threads) do
        if coroutine.status(thread) ~= "dead" then assert(coroutine.resume(thread)) end
      end
    end
    home:remove()
    assert.same({ token = 1, role = 1, credentials = 1, call = 50 }, sent)
  end)
end)

describe("the region", function()
  local home
  before_each(function() home = homes.new() end)
  after_each(function() home:remove() end)

  local function endpoint(options, values)
    options.getenv = home:environment(values)
    local client = dataworks.new(options)
    return tostring(client):match("%((.-),")
  end

  it("comes from the option, the environment or the CLI's profile, in this order", function()
    home:config("a", {
      a = { mode = "AK", region_id = "cn-hangzhou" }, b = { mode = "AK", region_id = "cn-beijing" }, c = { region_id = "evil.com/" },
    })
    local host = "https://dataworks.%s.aliyuncs.com"
    assert.equal(host:format "cn-shenzhen", endpoint({ region = "cn-shenzhen" }, { ALIBABA_CLOUD_REGION_ID = "cn-shanghai" }))
    for _, name in ipairs { "ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID", "REGION_ID", "REGION" } do
      assert.equal(host:format "cn-shanghai", endpoint({}, { [name] = "cn-shanghai" }))
    end
    assert.equal(host:format "cn-hangzhou", endpoint({}, {}))
    assert.equal(host:format "cn-beijing", endpoint({}, { ALIBABA_CLOUD_PROFILE = "b" }))
    assert.equal(host:format "cn-beijing", endpoint({ profile = "b" }, {}))
    assert.equal(host:format "cn-beijing", endpoint({ credentials = { type = "cli_profile", profile = "b" } }, {}))
    assert.equal("no endpoint", endpoint({ profile = "c" }, {}))
    assert.equal("no endpoint", endpoint({}, { ALIBABA_CLOUD_CLI_PROFILE_DISABLED = "true" }))
  end)

  it("is not needed with an endpoint, and is missing when the file can't be parsed", function()
    home:write(".aliyun/config.json", "{")
    assert.equal("https://example.com", endpoint({ endpoint = "example.com" }, {}))
    assert.equal("no endpoint", endpoint({}, {}))
  end)

  it("is missing without a home directory", function()
    assert.is_nil(credentials.region({}, function() end))
  end)
end)
