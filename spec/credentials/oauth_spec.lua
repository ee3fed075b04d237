-- Profiles of the CLI that are signed in, with the tokens of the sign-in in the file.

local cjson = require "cjson"
local fake = require "spec.support.fake"
local core = require "dataworks.core"
local files = require "spec.support.files"
local homes = require "spec.support.home"
local shell = require "spec.support.shell"

local NOW = 1716019750

-- As the CLI writes it: with tabs, and members that this library does not know.
local CONFIG = [[
{
	"current": "me",
	"profiles": [
		{
			"name": "other", "mode": "AK", "access_key_id": "i", "access_key_secret": "s", "future": [1, {"x": 12345678901234567890}]
		},
		{
			"name": "me",
			"mode": "OAuth",
			"oauth_site_type": "INTL",
			"oauth_access_token": "access-1",
			"oauth_refresh_token": "refresh-1",
			"oauth_access_token_expire": %d,%s
			"language": "en",
			"retry_count": 0
		}
	],
	"meta_path": ""
}
]]

describe("a profile of mode OAuth", function()
  local home, path, answers
  before_each(function()
    home = homes.new()
    answers = { token = {}, exchange = {} }
  end)
  after_each(function() home:remove() end)

  local function start(expires, more, file)
    path = home:write(file or ".aliyun/config.json", CONFIG:format(expires, more or ""))
    return homes.source({ credentials = { type = "cli_profile", file = path } }, home:environment(), function(request, _, world)
      local name = request.url:match "/v1/(%a+)$"
      local answer = table.remove(answers[name], 1) or {}
      if type(answer) == "function" then answer = answer(request) end
      if answer.lost or answer.status then return answer end
      local count = #world.sent + 1
      local body = name == "token" and { access_token = "access-" .. count, refresh_token = answer.keep == nil and "refresh-" .. count or nil, expires_in = 3600 }
        or { accessKeyId = "STS." .. count, accessKeySecret = "s-" .. count, securityToken = "t-" .. count,
          expiration = homes.date(world.time + 3600), requestId = "R" }
      return { body = assert(core.encode(body)) }
    end)
  end

  local function stored(name)
    for _, profile in ipairs(cjson.decode(files.read(path)).profiles) do
      if profile.name == "me" then return profile[name] end
    end
  end

  local function urls(world)
    local list = {}
    for _, request in ipairs(world.sent) do list[#list + 1] = request.url:match "/v1/(%a+)$" end
    return table.concat(list, " ")
  end

  it("uses stored credentials while they are valid, without a request", function()
    local more = ('"access_key_id": "STS.0", "access_key_secret": "s", "sts_token": "t", "sts_expiration": %d,'):format(NOW + 3600)
    local given, world = start(NOW + 10, more)
    assert.same({ access_key_id = "STS.0", access_key_secret = "s", security_token = "t", expiration = NOW + 3600 }, given:get())
    assert.equal(0, #world.sent)
  end)

  it("exchanges an access token that is still valid", function()
    local given, world = start(NOW + 3600)
    assert.equal("STS.2", given:get().access_key_id)
    assert.equal("exchange", urls(world))
    assert.equal("https://oauth.alibabacloud.com/v1/exchange", world.sent[1].url)
    assert.equal("Bearer access-1", world.sent[1].headers.authorization)
    assert.same({ "POST", "" }, { world.sent[1].method, world.sent[1].body })
  end)

  it("renews an access token that has expired or soon will", function()
    local given, world = start(NOW + 300)
    assert.equal("STS.3", given:get().access_key_id)
    assert.equal("token exchange", urls(world))
    assert.same({ grant_type = "refresh_token", refresh_token = "refresh-1", client_id = "4103531455503354461" },
      fake.params { url = "", body = world.sent[1].body })
    assert.equal("Bearer access-2", world.sent[2].headers.authorization)
  end)

  it("renews an access token that the service refuses, once", function()
    answers.exchange = { { status = 401 } }
    local given, world = start(NOW + 3600)
    assert.is_table(given:get())
    assert.equal("exchange token exchange", urls(world))
    answers.exchange = { { status = 401 }, { status = 401 } }
    given, world = start(NOW + 3600)
    local _, err = given:get()
    assert.equal("exchange token exchange", urls(world))
    assert.equal("cli_profile: profile me: https://oauth.alibabacloud.com answered with HTTP 401", err.message)
    assert.equal("run: aliyun configure --profile me --mode OAuth", err.advice)
  end)

  it("writes new tokens into the file, readable by its owner alone, and keeps every other byte", function()
    local given = start(NOW)
    shell.output("chmod 644 " .. path)
    given:get()
    local expected = CONFIG:format(NOW + 3600, "")
      :gsub("access%-1", "access-2"):gsub("refresh%-1", "refresh-2")
      :gsub('"name": "me"', ('"access_key_id": "STS.3",\n\t\t\t"access_key_secret": "s-3",\n\t\t\t"sts_expiration": %d,\n\t\t\t"sts_token": "t-3",\n\t\t\t%%0')
        :format(NOW + 3600))
    assert.equal(expected, files.read(path))
    assert.equal("600", shell.output("stat -c %a " .. path))
    assert.equal("config.json", shell.output(("ls -A %s/.aliyun"):format(home.path)))
  end)

  it("keeps a byte order mark", function()
    local given = start(NOW)
    home:write(".aliyun/config.json", "\239\187\191" .. files.read(path))
    given:get()
    local text = files.read(path)
    assert.equal("\239\187\191{", text:sub(1, 4))
    assert.equal("refresh-2", cjson.decode(text:sub(4)).profiles[2].oauth_refresh_token)
  end)

  it("keeps renewed tokens when the exchange after that fails", function()
    answers.exchange = { { status = 503 }, { status = 503 } }
    local given, world = start(NOW)
    assert.matches("HTTP 503", select(2, given:get()).message)
    assert.same({ "access-2", "refresh-2" }, { stored "oauth_access_token", stored "oauth_refresh_token" })
    world.time = world.time + 1
    assert.is_table(given:get())
    assert.equal("token exchange exchange exchange", urls(world))
  end)

  it("keeps a refresh token that the service does not replace", function()
    answers.token = { { keep = true } }
    start(NOW):get()
    assert.equal("refresh-1", stored "oauth_refresh_token")
  end)

  it("is not read again after its own writing, but after that of others", function()
    local given, world = start(NOW)
    given:get()
    given:get()
    assert.equal(2, #world.sent)
    local more = ('"access_key_id": "STS.cli", "access_key_secret": "s", "sts_token": "t", "sts_expiration": %d,'):format(NOW + 3600)
    home:write(".aliyun/config.json", CONFIG:format(NOW + 3600, more))
    assert.equal("STS.cli", given:get().access_key_id)
    assert.equal(2, #world.sent)
  end)

  it("does not overwrite tokens that another program has renewed meanwhile", function()
    answers.token = { function()
      home:write(".aliyun/config.json", (CONFIG:format(NOW + 7200, ""):gsub("refresh%-1", "of another")))
      return {}
    end }
    local given = start(NOW)
    assert.is_table(given:get())
    assert.equal("of another", stored "oauth_refresh_token")
    assert.is_nil(stored "access_key_id")
  end)

  it("reports a file that can't be written, and still returns credentials", function()
    -- So long a name that the temporary file beside it can't have a longer one.
    local name = ".aliyun/" .. ("x"):rep(250)
    local given, world = start(NOW, nil, name)
    assert.is_table(given:get())
    assert.equal("refresh-1", stored "oauth_refresh_token")
    local event = world.events[1]
    assert.matches("can't be written: File name too long$", event.error.message)
    assert.matches("^Sign in again", event.error.advice)
    assert.equal(3600, event.expires)
    world.time = world.time + 3500
    assert.is_table(given:get())
    assert.equal("refresh-2", fake.params { url = "", body = world.sent[3].body }.refresh_token)
  end)

  it("advises the command that signs in again when its tokens have expired", function()
    for reason, case in pairs {
      ["the refresh token has expired or was used elsewhere"] = function() answers.token = { { status = 400 } } return start(NOW) end,
      ["the access token has expired, and there is no refresh token"] = function()
        local given, world = start(NOW)
        home:write(".aliyun/config.json", (files.read(path):gsub('"oauth_refresh_token": "refresh%-1",', "")))
        return given, world
      end,
      ["its oauth_site_type is neither CN nor INTL"] = function()
        local given, world = start(NOW)
        home:write(".aliyun/config.json", (files.read(path):gsub("INTL", "MARS")))
        return given, world
      end,
    } do
      local _, err = case():get()
      assert.matches(reason .. "$", err.message)
      assert.equal("run: aliyun configure --profile me --mode OAuth", err.advice)
    end
  end)

  it("may be the source_profile of another profile", function()
    start(NOW + 3600)
    local text = files.read(path):gsub('"current": "me"', '"current": "role"'):gsub('"profiles": %[', [[%0
      { "name": "role", "mode": "ChainableRamRoleArn", "source_profile": "me", "ram_role_arn": "acs:ram::1:role/r" },]])
    home:write(".aliyun/config.json", text)
    local given, world = homes.source({ credentials = "cli_profile" }, home:environment(), function(request, _, here)
      if request.url:find "^https://sts" then return homes.assumed("role", here.time + 3600) end
      return { body = assert(core.encode { accessKeyId = "STS.x", accessKeySecret = "s", securityToken = "t",
        expiration = homes.date(here.time + 3600) }) }
    end)
    assert.equal("role", given:get().access_key_id)
    assert.equal("STS.x", stored "access_key_id")
    given:get()
    assert.equal(2, #world.sent)
  end)
end)

describe("a profile of mode CloudSSO", function()
  local home, status
  before_each(function()
    home, status = homes.new(), 200
  end)
  after_each(function() home:remove() end)

  local function start(more)
    local profile = {
      mode = "CloudSSO", cloud_sso_sign_in_url = "https://signin.example.com/start/login?x=1", cloud_sso_account_id = "123",
      cloud_sso_access_config = "ac-1", access_token = "sso-token", cloud_sso_access_token_expire = NOW + 3600,
    }
    for name, value in pairs(more or {}) do profile[name] = value end
    home:config("me", { me = profile })
    return homes.source({ credentials = "cli_profile" }, home:environment(), function(_, _, world)
      return { status = status, body = assert(core.encode { RequestId = "R", CloudCredential = {
        AccessKeyId = "STS.sso", AccessKeySecret = "s", SecurityToken = "t", Expiration = homes.date(world.time + 3600) } }) }
    end)
  end

  it("exchanges its access token for credentials", function()
    local given, world = start()
    assert.equal("STS.sso", given:get().access_key_id)
    given:get()
    assert.equal(1, #world.sent)
    local request = world.sent[1]
    assert.same({ "POST", "https://signin.example.com/cloud-credentials", "Bearer sso-token" },
      { request.method, request.url, request.headers.authorization })
    assert.same({ AccountId = "123", AccessConfigurationId = "ac-1" }, cjson.decode(request.body))
  end)

  it("uses credentials that the CLI has fetched, while they are valid", function()
    local given, world = start { access_key_id = "STS.cli", access_key_secret = "s", sts_token = "t", sts_expiration = NOW + 3600,
      cloud_sso_access_token_expire = NOW - 1 }
    assert.equal("STS.cli", given:get().access_key_id)
    assert.equal(0, #world.sent)
  end)

  it("advises the command that signs in again", function()
    local _, err = start { cloud_sso_access_token_expire = NOW }:get()
    assert.equal("cli_profile: profile me: the access token of CloudSSO has expired", err.message)
    assert.equal("run: aliyun configure --profile me --mode CloudSSO", err.advice)
    status = 401
    _, err = start():get()
    assert.equal("cli_profile: profile me: CloudSSO refused the access token (HTTP 401)", err.message)
    assert.equal("run: aliyun configure --profile me --mode CloudSSO", err.advice)
    status = 500
    assert.matches("CloudSSO: https://signin.example.com answered with HTTP 500$", select(2, start():get()).message)
  end)
end)
