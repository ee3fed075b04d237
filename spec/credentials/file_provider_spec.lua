-- Providers that the CLI's configuration and the credentials file describe.

local core = require "dataworks.core"
local fake = require "spec.support.fake"
local homes = require "spec.support.home"
local shell = require "spec.support.shell"

local ARN = "acs:ram::1:role/r"

describe("a profile of the CLI", function()
  local home
  before_each(function() home = homes.new() end)
  after_each(function() home:remove() end)

  local function source(profiles, values, answer, current)
    home:config(current or "p", profiles)
    return homes.source({ credentials = "cli_profile" }, home:environment(values), answer)
  end

  local function sts(request, _, world)
    return homes.assumed(fake.params(request).RoleSessionName or "none", world.time + 3600)
  end

  local function reason(profiles, values, answer)
    local found, err = source(profiles, values, answer):get()
    assert.is_nil(found)
    assert.equal("credentials", err.kind)
    return err.message:gsub("^cli_profile: ", ""):gsub("^" .. home.path:gsub("%p", "%%%0") .. "/.aliyun/config.json: ", ""), err.advice
  end

  it("in mode AK has a key pair, and ignores a token", function()
    assert.same({ access_key_id = "i", access_key_secret = "s" }, source {
      p = { mode = "AK", access_key_id = "i", access_key_secret = "s", sts_token = "old" } }:get())
  end)

  it("in mode StsToken has a token", function()
    assert.same({ access_key_id = "i", access_key_secret = "s", security_token = "t" }, source {
      p = { mode = "StsToken", access_key_id = "i", access_key_secret = "s", sts_token = "t" } }:get())
  end)

  it("accepts a mode in any case, and none beside a key", function()
    assert.equal("i", source { p = { mode = "ststoken", access_key_id = "i", access_key_secret = "s", sts_token = "t" } }:get().access_key_id)
    assert.equal("t", source { p = { access_key_id = "i", access_key_secret = "s", sts_token = "t" } }:get().security_token)
    assert.is_nil(source { p = { mode = "", access_key_id = "i", access_key_secret = "s" } }:get().security_token)
  end)

  it("in mode RamRoleArn assumes its role, with all of its fields", function()
    local given, world = source({ p = {
      mode = "RamRoleArn", access_key_id = "i", access_key_secret = "s", ram_role_arn = ARN, ram_session_name = "me",
      expired_seconds = 900, policy = '{"Version":"1"}', external_id = "x 1", sts_region = "cn-beijing", enable_vpc = true,
    } }, nil, sts)
    assert.equal("me", given:get().access_key_id)
    local request = world.sent[1]
    assert.matches("^https://sts%-vpc.cn%-beijing.aliyuncs.com/", request.url)
    local params = fake.params(request)
    assert.same({ "AssumeRole", "2015-04-01", "i", ARN, "me", "900", '{"Version":"1"}', "x 1", "HMAC-SHA1" }, {
      params.Action, params.Version, params.AccessKeyId, params.RoleArn, params.RoleSessionName, params.DurationSeconds,
      params.Policy, params.ExternalId, params.SignatureMethod,
    })
  end)

  it("in mode EcsRamRole asks the metadata service for its role", function()
    local given, world = source({ p = { mode = "EcsRamRole", ram_role_name = "r" } }, { ALIBABA_CLOUD_ECS_METADATA_DISABLED = false },
      function(request, _, world)
        if request.method == "PUT" then return { body = "tok" } end
        return { body = assert(core.encode { Code = "Success", AccessKeyId = "e", AccessKeySecret = "s", SecurityToken = "t",
          Expiration = homes.date(world.time + 3600) }) }
      end)
    assert.equal("e", given:get().access_key_id)
    assert.matches("/security%-credentials/r$", world.sent[2].url)
    assert.same({ "", "" }, { world.limits[1].proxy, world.limits[2].proxy })
  end)

  it("in mode RamRoleArnWithRoleName assumes its role with the role of the instance", function()
    local given, world = source({ p = { mode = "RamRoleArnWithRoleName", ram_role_name = "r", ram_role_arn = ARN, ram_session_name = "me" } },
      { ALIBABA_CLOUD_ECS_METADATA_DISABLED = false }, function(request, limits, world)
        if request.url:find "^https://sts" then return sts(request, limits, world) end
        if request.method == "PUT" then return { body = "tok" } end
        return { body = assert(core.encode { Code = "Success", AccessKeyId = "e", AccessKeySecret = "s", SecurityToken = "t+",
          Expiration = homes.date(world.time + 3600) }) }
      end)
    assert.equal("me", given:get().access_key_id)
    assert.same({ "e", "t+" }, { fake.params(world.sent[3]).AccessKeyId, fake.params(world.sent[3]).SecurityToken })
  end)

  it("in mode OIDC reads the token from its file for each exchange", function()
    local token = home:write("token", "jwt-1\n")
    local given, world = source({ p = {
      mode = "OIDC", oidc_provider_arn = "prov", oidc_token_file = token, ram_role_arn = ARN, ram_session_name = "me",
    } }, nil, sts)
    assert.equal("me", given:get().access_key_id)
    local params = fake.params(world.sent[1])
    assert.same({ "AssumeRoleWithOIDC", "jwt-1", "prov", ARN }, { params.Action, params.OIDCToken, params.OIDCProviderArn, params.RoleArn })
    assert.is_nil(params.Signature)
    assert.is_nil(params.AccessKeyId)
    home:write("token", "jwt-2")
    world.time = world.time + 3500
    given:get()
    assert.equal("jwt-2", fake.params(world.sent[2]).OIDCToken)
  end)

  it("in mode ChainableRamRoleArn assumes one role after the other", function()
    local given, world = source({
      p = { mode = "ChainableRamRoleArn", source_profile = "q", ram_role_arn = ARN, ram_session_name = "third" },
      q = { mode = "ChainableRamRoleArn", source_profile = "r", ram_role_arn = ARN, ram_session_name = "second" },
      r = { mode = "AK", access_key_id = "first", access_key_secret = "s" },
    }, nil, sts)
    assert.equal("third", given:get().access_key_id)
    assert.same({ "first", "second" }, { fake.params(world.sent[1]).AccessKeyId, fake.params(world.sent[2]).AccessKeyId })
    assert.equal("second-token", fake.params(world.sent[2]).SecurityToken)
    given:get()
    assert.equal(2, #world.sent)
  end)

  it("is refused when its source_profile leads back to it, directly or not", function()
    local function to(name) return { mode = "ChainableRamRoleArn", source_profile = name, ram_role_arn = ARN } end
    assert.matches("source_profile leads back to profile p$", (reason { p = to "p" }))
    assert.matches("^profile p: profile q: profile r: source_profile leads back to profile q$",
      (reason { p = to "q", q = to "r", r = to "q" }))
    assert.equal("profile p: its source_profile is not in the file", (reason { p = to "hush" }))
  end)

  it("in mode CredentialsURI asks its URI, or that of the environment", function()
    local function uri(request, limits, world)
      assert.equal("", limits.proxy)
      return { body = assert(core.encode { AccessKeyId = request.url:match "[^/]*$", AccessKeySecret = "s", SecurityToken = "t",
        Expiration = homes.date(world.time + 3600) }) }
    end
    assert.equal("a", source({ p = { mode = "CredentialsURI", credentials_uri = "http://127.0.0.1:1/a" } }, nil, uri):get().access_key_id)
    assert.equal("b", source({ p = { mode = "CredentialsURI" } },
      { ALIBABA_CLOUD_CREDENTIALS_URI = "http://localhost:1/b" }, uri):get().access_key_id)
  end)

  it("in mode External runs its program without a shell", function()
    local script = home:write("give me", [[
printf '{"mode":"StsToken","access_key_id":"%s","access_key_secret":"s","sts_token":"t","expiration":"2024-05-18T17:09:10+08:00"}' "$1"
echo run >>"$2"]])
    local given, world = source { p = { mode = "External", process_command = ([[sh "%s" 'a $b' %s/runs]]):format(script, home.path) } }
    assert.same({ access_key_id = "a $b", access_key_secret = "s", security_token = "t", expiration = 1716023350 }, given:get())
    given:get()
    assert.equal("run", shell.output("cat " .. home.path .. "/runs"))
    world.time = world.time + 3600
    assert.is_nil(given:get())
    assert.equal("run\nrun", shell.output("cat " .. home.path .. "/runs"))
  end)

  it("in mode External without an expiration runs its program again after some seconds", function()
    local command = ([[sh -c 'echo run >>%s/runs; echo "{\"access_key_id\":\"i\",\"access_key_secret\":\"s\"}"']]):format(home.path)
    local given, world = source { p = { mode = "External", process_command = command } }
    for _ = 1, 3 do assert.same({ access_key_id = "i", access_key_secret = "s" }, given:get()) end
    world.time = world.time + 5
    given:get()
    assert.equal("run\nrun", shell.output("cat " .. home.path .. "/runs"))
  end)

  it("runs no program and asks no URI when the environment forbids it", function()
    for _, value in ipairs { "1", "true", "TRUE" } do
      local forbidden = { ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS = value, ALIBABA_CLOUD_CREDENTIALS_URI = "http://127.0.0.1:1/" }
      for _, profile in ipairs { { mode = "External", process_command = "touch " .. home.path .. "/ran" }, { mode = "CredentialsURI" } } do
        assert.equal("profile p: ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS is set", (reason({ p = profile }, forbidden)))
      end
    end
    assert.is_nil(core.stamp(home.path .. "/ran"))
  end)

  it("in mode BearerToken has a bearer token and nothing else", function()
    assert.same({ bearer_token = "b" }, source { p = { mode = "BearerToken", bearer_token = "b" } }:get())
    assert.matches("bearer_token_header_key is for other services", (reason {
      p = { mode = "BearerToken", bearer_token = "b", bearer_token_header_key = "x" } }))
  end)

  it("names a missing field, and the command that sets it", function()
    for _, case in ipairs {
      { { mode = "AK", access_key_id = "i" }, "access_key_secret is missing", "AK" },
      { { mode = "AK", access_key_id = 5, access_key_secret = "s" }, "access_key_id is missing", "AK" },
      { { mode = "StsToken", access_key_id = "i", access_key_secret = "s" }, "sts_token is missing", "StsToken" },
      { { mode = "ramrolearn", access_key_id = "i", access_key_secret = "s" }, "ram_role_arn is missing", "RamRoleArn" },
      { { mode = "OIDC" }, "oidc_provider_arn is missing", "OIDC" },
      { { mode = "ChainableRamRoleArn" }, "source_profile is missing", "ChainableRamRoleArn" },
      { { mode = "RamRoleArnWithRoleName" }, "ram_role_arn is missing", "RamRoleArnWithRoleName" },
      { { mode = "External" }, "process_command is missing", "External" },
      { { mode = "CloudSSO" }, "cloud_sso_sign_in_url is missing", "CloudSSO" },
      { { mode = "BearerToken" }, "bearer_token is missing", "BearerToken" },
    } do
      local message, advice = reason { p = case[1] }
      assert.equal("profile p: " .. case[2], message)
      assert.equal("run: aliyun configure --profile p --mode " .. case[3], advice)
    end
  end)

  it("is refused in another mode, with a hint at a similar one", function()
    local message, advice = reason { p = { mode = "RsaKeyPair" } }
    assert.equal("profile p: mode RsaKeyPair is not supported", message)
    assert.matches("^use another profile, of one of the modes AK, BearerToken, .*, StsToken$", advice)
    assert.equal("profile p: mode Anonymous is not supported", (reason { p = { mode = "Anonymous" } }))
    assert.equal("profile p: its mode is not known; did you mean CloudSSO?", (reason { p = { mode = "CloudSO" } }))
    assert.matches("^the modes are AK, ", select(2, reason { p = { mode = "Foo" } }))
    assert.equal("profile p: it has no mode", (reason { p = {} }))
  end)

  it("is the one of the option, of the environment, or the current one", function()
    local profiles = { p = { mode = "AK", access_key_id = "p", access_key_secret = "s" }, q = { mode = "AK", access_key_id = "q", access_key_secret = "s" } }
    assert.equal("p", source(profiles):get().access_key_id)
    assert.equal("q", source(profiles, { ALIBABA_CLOUD_PROFILE = "q" }):get().access_key_id)
    local environment = home:environment { ALIBABA_CLOUD_PROFILE = "q" }
    assert.equal("p", homes.source({ credentials = { type = "cli_profile", profile = "p" } }, environment):get().access_key_id)
    assert.matches("there is no profile none$", (reason(profiles, { ALIBABA_CLOUD_PROFILE = "none" })))
    local _, err = source(profiles, nil, nil, "gone"):get()
    assert.matches("its current profile is not among its profiles$", err.message)
  end)

  it("may be in another file", function()
    local path = home:write("other.json", '{"profiles":[{"name":"default","mode":"AK","access_key_id":"o","access_key_secret":"s"}]}')
    assert.equal("o", homes.source({ credentials = { type = "cli_profile", file = path } }, home:environment()):get().access_key_id)
    assert.equal("o", homes.source({}, home:environment { ALIBABA_CLOUD_CONFIG_FILE = path }):get().access_key_id)
  end)

  it("is ignored when the environment says so", function()
    for _, name in ipairs { "ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_IGNORE_PROFILE", "ALIBABACLOUD_IGNORE_PROFILE" } do
      assert.equal(name .. " is set", (reason({ p = { mode = "AK" } }, { [name] = "TRUE" })))
    end
  end)

  it("may be in a file with a byte order mark", function()
    home:write(".aliyun/config.json", '\239\187\191{"profiles":[{"name":"default","mode":"AK","access_key_id":"o","access_key_secret":"s"}]}')
    assert.equal("o", homes.source({}, home:environment()):get().access_key_id)
  end)

  describe("in a file that changes", function()
    local function write(id) home:config("p", { p = { mode = "AK", access_key_id = id, access_key_secret = "s" } }) end

    it("is read again after a change only", function()
      write "a"
      local given = homes.source({ credentials = "cli_profile" }, home:environment())
      assert.equal(given:get(), given:get())
      write "longer"
      assert.equal("longer", given:get().access_key_id)
      os.remove(home.path .. "/.aliyun/config.json")
      assert.matches("does not exist", select(2, given:get()).message)
      write "back"
      assert.equal("back", given:get().access_key_id)
    end)

    it("stays as it was while the file can't be parsed", function()
      write "a"
      local given = homes.source({ credentials = "cli_profile" }, home:environment())
      given:get()
      for _, text in ipairs { "", "{", "[]", '{"profiles":5}' } do
        home:write(".aliyun/config.json", text)
        assert.equal("a", given:get().access_key_id)
      end
      write "b"
      assert.equal("b", given:get().access_key_id)
    end)

    it("gets other temporary credentials", function()
      local role = { mode = "RamRoleArn", access_key_id = "i", access_key_secret = "s", ram_role_arn = ARN, ram_session_name = "one" }
      local given, world = source({ p = role }, nil, sts)
      assert.equal("one", given:get().access_key_id)
      role.ram_session_name = "two"
      home:config("p", { p = role })
      assert.equal("two", given:get().access_key_id)
      assert.equal(2, #world.sent)
    end)
  end)

  it("reports a file that can't be read, is too large or is not JSON", function()
    shell.output(("mkdir -p %s/.aliyun/config.json"):format(home.path))
    local given = homes.source({ credentials = "cli_profile" }, home:environment())
    assert.matches("config.json: not a regular file$", select(2, given:get()).message)
    os.remove(home.path .. "/.aliyun/config.json")
    home:write(".aliyun/config.json", (" "):rep(1024 * 1024 + 1))
    assert.matches("config.json has more than 1048576 bytes$", select(2, given:get()).message)
    home:write(".aliyun/config.json", '{"current": "p",\n oops')
    assert.matches("config.json: it is not JSON: expected a key in quotes at line 2, column 2 %(byte 19%)$", select(2, given:get()).message)
  end)

  it("in a file that the user may not open is an error that names the file, and the default chain goes on", function()
    home:config("p", { p = { mode = "AK", access_key_id = "cli", access_key_secret = "s" } })
    home:write(".alibabacloud/credentials", "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = s\n")
    shell.output(("chmod 000 %s/.aliyun/config.json"):format(home.path))
    -- Root can read each file, unless it gives up this right.
    local drop = shell.output "id -u" == "0" and "setpriv --bounding-set=-dac_override,-dac_read_search " or ""
    local output = shell.output(drop .. shell.interpreter .. " -e " .. shell.quote(([[
      local homes = require "spec.support.home"
      for _, name in ipairs { "cli_profile", "default" } do
        local values = { HOME = %q, ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" }
        local found, err = homes.source({ credentials = name }, function(variable) return values[variable] end):get()
        print(found and found.access_key_id or err.kind .. " " .. err.message)
      end]]):format(home.path)))
    assert.equal(("credentials cli_profile: %s/.aliyun/config.json can't be read\nini"):format(home.path), output)
  end)
end)

describe("a section of the credentials file", function()
  local home
  before_each(function() home = homes.new() end)
  after_each(function() home:remove() end)

  local function source(text, values, answer, fields)
    home:write(".alibabacloud/credentials", text)
    fields = fields or {}
    fields.type = "ini"
    return homes.source({ credentials = fields }, home:environment(values), answer)
  end

  local function reason(text, values)
    local found, err = source(text, values):get()
    assert.is_nil(found)
    return (err.message:gsub("^ini: .-/%.alibabacloud/credentials: ", ""))
  end

  it("of type access_key has a key pair, without comments, quotes and blanks", function()
    assert.same({ access_key_id = "i", access_key_secret = "s#;x" }, source([=[
# a comment
; another
[other]
access_key_id = of another
[default]                    # the usual one
enable = true
type = access_key            # foo
access_key_id="i"
ACCESS_KEY_SECRET :  's#;x'  ; bar
]=]):get())
    assert.equal("i#1", source("[default]\r\ntype=access_key\r\naccess_key_id=i#1\r\naccess_key_secret=s # c\r\n"):get().access_key_id)
  end)

  it("may be of another type", function()
    assert.equal("t", source("[default]\ntype=sts\naccess_key_id=i\naccess_key_secret=s\nsecurity_token=t"):get().security_token)
    assert.equal("b", source("[default]\ntype=bearer\nbearer_token=b"):get().bearer_token)
    local function sts(request, _, world) return homes.assumed(fake.params(request).RoleSessionName, world.time + 3600) end
    assert.equal("me", source(('[default]\ntype=ram_role_arn\naccess_key_id=i\naccess_key_secret=s\nrole_arn=%s\nrole_session_name=me\npolicy={"a": "#b"}')
      :format(ARN), nil, function(request, limits, world)
        assert.equal('{"a": "#b"}', fake.params(request).Policy)
        return sts(request, limits, world)
      end):get().access_key_id)
    assert.equal("me", source(("[default]\ntype=oidc_role_arn\noidc_provider_arn=p\noidc_token_file_path=%s\nrole_arn=%s\nrole_session_name=me")
      :format(home:write("token", "jwt"), ARN), nil, sts):get().access_key_id)
    local given, world = source("[default]\ntype=ecs_ram_role\nrole_name=r", { ALIBABA_CLOUD_ECS_METADATA_DISABLED = false },
      function() return { status = 404 } end)
    given:get()
    assert.matches("/r$", world.sent[2].url)
  end)

  it("is the one of the option, of the environment, or the default one", function()
    local text = "[default]\ntype=bearer\nbearer_token=d\n[q]\ntype=bearer\nbearer_token=q\n"
    assert.equal("d", source(text):get().bearer_token)
    assert.equal("q", source(text, { ALIBABA_CLOUD_PROFILE = "q" }):get().bearer_token)
    assert.equal("d", source(text, { ALIBABA_CLOUD_PROFILE = "q" }, nil, { profile = "default" }):get().bearer_token)
    local path = home:write("elsewhere", "[default]\ntype=bearer\nbearer_token=e\n")
    assert.equal("e", source(text, { ALIBABA_CLOUD_CREDENTIALS_FILE = path }):get().bearer_token)
    assert.equal("e", source(text, nil, nil, { file = path }):get().bearer_token)
  end)

  it("is skipped when enable turns it off", function()
    local off = "[default]\nenable = %s\ntype = bearer\nbearer_token = b\n"
    for _, value in ipairs { "false", "False", "0", "no", "off" } do
      assert.equal("section default: it is turned off by enable = " .. value, reason(off:format(value)))
    end
    for _, value in ipairs { "true", "1", "yes", "on" } do
      assert.equal("b", source(off:format(value)):get().bearer_token)
    end
    home:write(".alibabacloud/credentials", off:format "false")
    local values = home:environment { ALIBABA_CLOUD_CREDENTIALS_URI = "http://127.0.0.1:1/uri" }
    local given, world = homes.source({}, values, function() return { status = 500 } end)
    assert.is_nil(given:get())
    assert.equal("http://127.0.0.1:1/uri", world.sent[1].url)
    assert.equal("b", source(off:format "false" .. "[q]\ntype=bearer\nbearer_token=b\n", { ALIBABA_CLOUD_PROFILE = "q" }):get()
      .bearer_token)
  end)

  it("reports what is wrong", function()
    assert.equal("it has no section default", reason "[other]\n")
    assert.equal("section default: type is missing", reason "[default]\naccess_key_id=i\n")
    assert.equal("section default: access_key_secret is missing", reason "[default]\ntype=access_key\naccess_key_id=i\naccess_key_secret=")
    assert.equal("section default: its type is not known; did you mean access_key?", reason "[default]\ntype=acess_key\n")
    assert.equal("ini: section default: /nonexistent does not exist",
      reason "[default]\ntype=oidc_role_arn\nrole_arn=r\noidc_provider_arn=p\noidc_token_file=/nonexistent\n")
    assert.equal("section default: type rsa_key_pair is not supported", reason "[default]\ntype=rsa_key_pair\n")
    assert.equal("line 2 is neither [name] nor key = value in a section", reason "[default]\njust words\n")
    assert.equal("line 1 is neither [name] nor key = value in a section", reason "type=access_key\n[default]\n")
  end)

  it("is read again when it changes", function()
    local given = source "[default]\ntype=bearer\nbearer_token=first\n"
    assert.equal("first", given:get().bearer_token)
    home:write(".alibabacloud/credentials", "[default]\ntype=bearer\nbearer_token=second\n")
    assert.equal("second", given:get().bearer_token)
  end)
end)
