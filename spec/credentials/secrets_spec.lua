-- Damaged files, replies and outputs cause errors without a secret in them.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local homes = require "spec.support.home"

-- Part of every secret, and of nothing else.
local HUSH = "HuShHuSh"

local ARN = "acs:ram::1:role/r"

local PROFILES = {
  { mode = "AK", access_key_id = "i", access_key_secret = HUSH .. "a" },
  { mode = "StsToken", access_key_id = "i", access_key_secret = HUSH .. "a", sts_token = HUSH .. "b" },
  { mode = "RamRoleArn", access_key_id = "i", access_key_secret = HUSH .. "a", ram_role_arn = ARN },
  { mode = "External", process_command = "no-such-program --password " .. HUSH },
  { mode = "External", process_command = HUSH .. "=x program" },
  { mode = "External", process_command = "sh -c 'echo " .. HUSH .. "; exit 1'" },
  { mode = "External", process_command = "sh -c 'echo " .. HUSH .. " >&2'" },
  { mode = "External", process_command = "sh -c 'echo " .. HUSH },
  { mode = "CredentialsURI", credentials_uri = "http://user:" .. HUSH .. "@127.0.0.1:1/" .. HUSH .. "?token=" .. HUSH },
  { mode = "CredentialsURI", credentials_uri = "http://example.com/" .. HUSH },
  { mode = "CredentialsURI", credentials_uri = HUSH },
  { mode = "CloudSSO", cloud_sso_sign_in_url = "https://x/" .. HUSH, cloud_sso_account_id = "1", cloud_sso_access_config = "c",
    access_token = HUSH, cloud_sso_access_token_expire = 4000000000 },
  { mode = "OAuth", oauth_site_type = "CN", oauth_refresh_token = HUSH .. "r", oauth_access_token = HUSH .. "x" },
  { mode = "OAuth", oauth_site_type = HUSH, oauth_refresh_token = HUSH },
  { mode = "BearerToken", bearer_token = HUSH .. "\n" },
  { mode = HUSH, access_key_id = "i" },
  { mode = "ChainableRamRoleArn", source_profile = HUSH, ram_role_arn = ARN },
  { mode = "AK", access_key_id = { HUSH }, access_key_secret = HUSH },
  { mode = { HUSH } },
  { mode = "AK", access_key_id = "i", access_key_secret = HUSH .. " with a blank" },
  { mode = "RamRoleArn", access_key_id = "i", access_key_secret = HUSH .. "\n", ram_role_arn = ARN },
  { mode = "RamRoleArn", access_key_id = "i", access_key_secret = "s", ram_role_arn = ARN, sts_endpoint = "http://" .. HUSH .. "/" .. HUSH },
  { mode = "RamRoleArn", access_key_id = "i", access_key_secret = "s", ram_role_arn = ARN, sts_region = HUSH },
}

-- A reply that suits all services, whole and damaged.
local ANSWER = assert(core.encode {
  Code = "Success", AccessKeyId = "i", AccessKeySecret = HUSH .. "1", SecurityToken = HUSH .. "2", Expiration = "2024-05-18T09:09:10Z",
  accessKeyId = "i", accessKeySecret = HUSH .. "3", securityToken = HUSH .. "4", expiration = "2024-05-18T09:09:10Z",
  access_key_id = "i", access_key_secret = HUSH .. "5", sts_token = HUSH .. "6",
  access_token = HUSH .. "7", refresh_token = HUSH .. "8", expires_in = 3600,
  Credentials = { AccessKeyId = "i", AccessKeySecret = HUSH .. "9", SecurityToken = HUSH .. "0", Expiration = HUSH },
  CloudCredential = { AccessKeyId = "i", AccessKeySecret = HUSH, SecurityToken = HUSH },
})

local ANSWERS = {
  { body = ANSWER }, { body = "" }, { body = HUSH }, { body = "<html>" .. HUSH .. "</html>" }, { body = "[\"" .. HUSH .. "\"]" },
  { body = ANSWER .. HUSH }, { body = (ANSWER:gsub(":", HUSH)) }, { body = (ANSWER:gsub('"2024', '"' .. HUSH)) },
  { status = 500, body = ANSWER }, { status = 302, body = HUSH, headers = { location = HUSH } },
  { lost = { kind = "transport", sent = "unknown", message = "the connection broke" } },
}
for i = 1, #ANSWER, 7 do ANSWERS[#ANSWERS + 1] = { body = ANSWER:sub(1, i) } end

describe("no error, event or tostring shows a secret", function()
  local home, shown, answer, values

  before_each(function()
    home = homes.new()
    shown, answer, values = {}, { status = 404 }, { ALIBABA_CLOUD_ECS_METADATA_DISABLED = false }
  end)
  after_each(function() home:remove() end)

  -- Makes a call, and notes all that the client shows: the error, its text, the events, and the client itself.
  local function try(options)
    options.endpoint, options.getenv = "example.com", home:environment(values)
    options.retries, options.now = 0, function() return 1716019750 end
    options.transport = {
      sleep = function() end,
      send = function(_, request)
        if request.url:find "example.com/%?" then return nil, { kind = "transport", sent = false, message = "not here" } end
        if answer.lost then return nil, answer.lost end
        return { status = answer.status or 200, headers = answer.headers or {}, body = answer.body or "" }
      end,
      close = function() end,
    }
    local function note(value)
      if type(value) == "table" then
        shown[#shown + 1] = tostring(value)
        for name, item in pairs(value) do
          shown[#shown + 1] = tostring(name)
          note(item)
        end
      else
        shown[#shown + 1] = tostring(value)
      end
    end
    options.on_event = note
    local client = dataworks.new(options)
    local _, err = client:GetDISyncTask { ProjectId = 1, FileId = 2, TaskType = "DI_OFFLINE" }
    note(err)
    note(tostring(client))
    client:close()
    return err
  end

  local function assert_no_secret()
    assert.is_true(#shown > 0)
    for _, text in ipairs(shown) do
      if text:find(HUSH, 1, true) then error("a secret was shown: " .. text, 2) end
    end
  end

  local function config(profile)
    profile.name = "p"
    return assert(core.encode { current = "p", profiles = core.list { profile } })
  end

  it("for any profile of the CLI and any reply to it", function()
    for _, profile in ipairs(PROFILES) do
      home:write(".aliyun/config.json", config(profile))
      for i = 1, #ANSWERS, profile.process_command and #ANSWERS or 1 do
        answer = ANSWERS[i]
        try { credentials = "cli_profile" }
        try {}
      end
    end
    assert_no_secret()
  end)

  it("for a file of the CLI that is cut off or damaged anywhere", function()
    local text = config { mode = "StsToken", access_key_id = "i", access_key_secret = HUSH .. "1", sts_token = HUSH .. "2", region_id = HUSH }
    for i = 0, #text do
      for _, spoilt in ipairs { text:sub(1, i), text:sub(i + 1), text:sub(1, i) .. "\0" .. text:sub(i + 2), text:sub(1, i) .. HUSH .. text:sub(i + 1) } do
        home:write(".aliyun/config.json", spoilt)
        try { credentials = "cli_profile" }
      end
    end
    for _, whole in ipairs {
      HUSH, '"' .. HUSH .. '"', '{"current":"' .. HUSH .. '","profiles":[]}', '{"profiles":"' .. HUSH .. '"}',
      '{"profiles":[{"name":"default","mode":"' .. HUSH .. '"}]}', '{"profiles":[null,5,"' .. HUSH .. '"]}', ("["):rep(1000) .. HUSH,
      '{"' .. HUSH .. '":{"' .. HUSH .. '":1', "\255\254" .. HUSH,
    } do
      home:write(".aliyun/config.json", whole)
      try { credentials = "cli_profile" }
      try {}
    end
    assert_no_secret()
  end)

  it("for a credentials file that is cut off or damaged anywhere", function()
    local text = ("[default]\ntype = access_key\naccess_key_id = i\naccess_key_secret = %s\nsecurity_token = %s # c\n[q]\n"):format(HUSH, HUSH)
    for i = 0, #text do
      for _, spoilt in ipairs { text:sub(1, i), text:sub(i + 1), text:sub(1, i) .. "\n" .. text:sub(i + 1), text:sub(1, i) .. "]" .. text:sub(i + 1) } do
        home:write(".alibabacloud/credentials", spoilt)
        try { credentials = "ini" }
      end
    end
    for _, whole in ipairs {
      HUSH, "[default]\n" .. HUSH, "[" .. HUSH .. "]\n", "[default]\ntype = " .. HUSH, "[default]\ntype = rsa_key_pair\nprivate_key_file = " .. HUSH,
      "[default]\ntype = ram_role_arn\naccess_key_id = i\naccess_key_secret = " .. HUSH .. "\nrole_arn = " .. ARN,
    } do
      home:write(".alibabacloud/credentials", whole)
      for _, one in ipairs(ANSWERS) do
        answer = one
        try { credentials = "ini" }
      end
    end
    assert_no_secret()
  end)

  it("for any reply of the metadata service, a URI or STS", function()
    values.ALIBABA_CLOUD_CREDENTIALS_URI = "http://127.0.0.1:1/" .. HUSH
    local token = home:write("token", HUSH .. ".jwt")
    for _, one in ipairs(ANSWERS) do
      answer = one
      for _, given in ipairs {
        "ecs_ram_role", "uri", { type = "ecs_ram_role", role_name = "r" },
        { type = "oidc", role_arn = ARN, oidc_provider_arn = "p", oidc_token_file = token },
        { type = "ram_role_arn", role_arn = ARN, source = { type = "access_key", access_key_id = "i", access_key_secret = HUSH, security_token = HUSH } },
        { type = "ram_role_arn", role_arn = ARN, policy = { [HUSH] = print }, source = function() error(HUSH) end },
        { type = "ram_role_arn", role_arn = ARN, source = { type = "bearer", bearer_token = HUSH } },
      } do
        try { credentials = given }
      end
    end
    assert_no_secret()
  end)

  it("when STS echoes the request", function()
    for _, code in ipairs { "SignatureDoesNotMatch", "InvalidParameter", "AuthenticationFail.OIDCToken.Invalid" } do
      answer = { status = 400, body = assert(core.encode { Code = code, Message = "got " .. HUSH .. "+/key, "
        .. HUSH .. "%2B%2Fkey and server string to sign is:POST&" .. HUSH, RequestId = "R" }) }
      local err = try { credentials = { type = "ram_role_arn", role_arn = ARN,
        source = { type = "access_key", access_key_id = "i", access_key_secret = HUSH .. "+/key" } } }
      assert.same({ "credentials", code, 400, "R", false }, { err.kind, err.code, err.status, err.request_id, err.sent })
      assert.matches("AssumeRole: " .. code:gsub("%p", "%%%0") .. ": got %*%*%*, %*%*%* and$", err.message)
      try { credentials = { type = "oidc", role_arn = ARN, oidc_provider_arn = "p", oidc_token_file = home:write("token", HUSH .. "+/key") } }
    end
    assert_no_secret()
  end)

  it("when the keys can't be used", function()
    for _, keys in ipairs {
      { access_key_id = HUSH, access_key_secret = "" }, { access_key_id = "i", access_key_secret = HUSH .. "\n" },
      { access_key_id = "i", access_key_secret = HUSH, security_token = HUSH .. "\0" }, { bearer_token = HUSH .. " " },
    } do
      try { credentials = function() return keys end }
    end
    assert_no_secret()
  end)
end)
