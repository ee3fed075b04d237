-- The issue of temporary credentials in the emulator, without nginx.

local issuers = require "dataworks.emulator.issuer"
local json = require "dataworks.emulator.json"
local metadata = require "dataworks.emulator.metadata"
local settings = require "dataworks.emulator.settings"
local sts = require "dataworks.emulator.sts"

local NOW = 1716019750
local ARN = "acs:ram::123:role/dw-role"
local ROLES = "/latest/meta-data/ram/security-credentials/"

describe("the emulator's", function()
  local time, set, accepted, issuer

  before_each(function()
    time, set, accepted = NOW, settings.defaults(), {}
    local count = 0
    issuer = issuers.new {
      settings = set, now = function() return time end,
      random = function(bytes)
        count = count + 1
        return string.char(count):rep(bytes)
      end,
      accept = function(entry) accepted[#accepted + 1] = entry end,
    }
  end)

  describe("STS", function()
    local function call(action, params)
      local all = { RoleArn = ARN, RoleSessionName = "me" }
      for name, value in pairs(params or {}) do all[name] = value end
      return sts.new({ settings = set, issuer = issuer }):call(action, all)
    end

    local function seconds(params)
      call("AssumeRole", params)
      return accepted[#accepted].expires - NOW
    end

    it("issues credentials for the duration asked for, or the one of the setting", function()
      assert.equal(3600, seconds())
      assert.equal(900, seconds { DurationSeconds = "900" })
      assert.equal(43200, seconds { DurationSeconds = "43200" })
      set.credential_seconds = 60
      assert.equal(60, seconds { DurationSeconds = "900" })
    end)

    it("answers in the documented form", function()
      local reply = json.decode(json.encode(call("AssumeRole").members))
      assert.same({ Arn = ARN .. "/me", AssumedRoleId = "30000000000000:me" }, reply.AssumedRoleUser)
      assert.same({ accepted[1].access_key_id, accepted[1].access_key_secret, accepted[1].security_token, "2024-05-18T09:09:10Z" },
        { reply.Credentials.AccessKeyId, reply.Credentials.AccessKeySecret, reply.Credentials.SecurityToken, reply.Credentials.Expiration })
    end)

    it("refuses wrong parameters with its own codes", function()
      for code, params in pairs {
        ["InvalidParameter.RoleArn"] = { RoleArn = "acs:ram::x:role/r" },
        ["EntityNotExist.Role"] = { RoleArn = "acs:ram::1:role/missing" },
        ["InvalidParameter.RoleSessionName"] = { RoleSessionName = "a b" },
        ["InvalidParameter.DurationSeconds"] = { DurationSeconds = "899" },
        ["InvalidParameter.PolicyGrammar"] = { Policy = "{" },
      } do
        assert.equal(code, call("AssumeRole", params).refusal.code)
      end
      assert.equal("InvalidParameter.DurationSeconds", call("AssumeRole", { DurationSeconds = "43201" }).refusal.code)
      assert.equal("AuthenticationFail.OIDCToken.Invalid", call("AssumeRoleWithOIDC", { OIDCToken = "x" }).refusal.code)
      assert.equal("acted", call("AssumeRoleWithOIDC", { OIDCToken = set.oidc_token }).outcome)
    end)
  end)

  describe("metadata service", function()
    local service
    before_each(function()
      local tokens = 0
      service = metadata.new { settings = set, issuer = issuer, now = function() return time end, new_token = function()
        tokens = tokens + 1
        return "token-" .. tokens
      end }
    end)

    local function answer(path, headers, method)
      return service:answer { method = method or "GET", path = path, headers = headers or {} }
    end

    local function with(token) return { ["x-aliyun-ecs-metadata-token"] = token } end

    local function new_token(ttl)
      return answer("/latest/api/token", { ["x-aliyun-ecs-metadata-token-ttl-seconds"] = ttl or "60" }, "PUT")
    end

    it("issues a token for its TTL, and refuses an unknown or expired token", function()
      assert.same({ 200, "token-1" }, { new_token() })
      assert.same({ 200, "emulator-role" }, { answer(ROLES, with "token-1") })
      time = time + 60
      assert.equal(401, (answer(ROLES, with "token-1")))
      assert.equal(401, (answer(ROLES, with "none")))
      for _, ttl in ipairs { "0", "21601", "x" } do assert.equal(400, (new_token(ttl))) end
      assert.equal(405, (answer("/latest/api/token")))
      assert.equal(405, (answer(ROLES, {}, "PUT")))
    end)

    it("can lack tokens, or require them", function()
      set.metadata_v2 = false
      assert.equal(404, (new_token()))
      assert.equal(200, (answer(ROLES)))
      set.metadata_v1, set.metadata_v2 = false, true
      assert.equal(403, (answer(ROLES)))
    end)

    it("repeats the role's credentials for the first half of their life", function()
      local status, body = answer(ROLES .. "emulator-role")
      assert.equal(200, status)
      local first = json.decode(body)
      assert.same({ "Success", "2024-05-18T14:09:10Z", "2024-05-18T08:09:10Z" }, { first.Code, first.Expiration, first.LastUpdated })
      time = time + 10800
      assert.equal(body, select(2, answer(ROLES .. "emulator-role")))
      time = time + 1
      assert.not_equal(body, select(2, answer(ROLES .. "emulator-role")))
      assert.equal(2, #accepted)
    end)

    it("answers 404 for another role, another path, or an instance without a role", function()
      assert.equal(404, (answer(ROLES .. "other")))
      assert.equal(404, (answer "/latest/meta-data/instance-id"))
      set.metadata_role = ""
      assert.equal(404, (answer(ROLES)))
      assert.equal(404, (answer(ROLES .. "emulator-role")))
    end)

    it("has a credentials URI that needs no role", function()
      set.metadata_role = ""
      local status, body = answer "/credentials"
      assert.same({ 200, "2024-05-18T09:09:10Z" }, { status, json.decode(body).Expiration })
    end)
  end)
end)
