local actions = require "dataworks.api.actions"
local core = require "dataworks.core"
local dataworks = require "dataworks"
local fake = require "spec.support.fake"

local GENERATE = "GenerateDISyncTaskConfigForCreating"

local function script()
  return dataworks.task { from = { mysql = "m", tables = { "t" } }, to = { odps = "o" }, resource_group = "g" }
end

local function generating()
  return { ProjectId = 10, TaskType = "DI_REALTIME", TaskParam = script() }
end

local FILE = { ProjectId = 10, FileId = 5, TaskType = "DI_REALTIME" }

-- Checks that `run` raises a message with the position of a line in `culprit`, or in `run` itself.
local function raised(pattern, run, culprit)
  local ok, message = pcall(run)
  assert.is_false(ok, pattern)
  assert.matches(pattern, tostring(message))
  local lines = debug.getinfo(culprit or run, "S")
  local line = tonumber(tostring(message):match("client_spec.lua:(%d+): "))
  assert.is_true(line ~= nil and line >= lines.linedefined and line <= lines.lastlinedefined, tostring(message))
end

describe("dataworks.new", function()
  it("raises for an unknown option and names the nearest", function()
    raised("unknown option regoin; did you mean region%?", function() local c = dataworks.new { regoin = "x" } return c end)
  end)

  it("raises for a wrong option and for a wrong combination", function()
    for pattern, options in pairs {
      ["timeout must be a number of seconds"] = { timeout = "30" }, ["retries must be a whole number"] = { retries = -1 },
      ["signature must be one of ACS3%-HMAC%-SHA256, ACS3%-HMAC%-SM3, HMAC%-SHA1"] = { signature = "MD5" },
      ["dataworks.new: version must be one of 2020%-05%-18, 2024%-05%-18"] = { version = "2024" }, ["version must be text"] = { version = 2024 },
      ["endpoint: expected a host"] = { endpoint = "https://a/b" }, ["region: expected a name"] = { region = "x/y" },
      ["belong together"] = { access_key_id = "a" }, ["security_token needs"] = { security_token = "t" },
      ["not both"] = { access_key_id = "a", access_key_secret = "b", credentials = print },
      ["options must be a table"] = "cn-shanghai", ["transport must be an object"] = { transport = {} },
    } do
      raised(pattern, function() local c = dataworks.new(options) return c end)
    end
  end)

  it("reads the environment once; an option overrides a variable, an endpoint a region", function()
    local values = {
      ALIBABA_CLOUD_REGION_ID = "cn-beijing", ALIBABA_CLOUD_ACCESS_KEY_ID = "i", ALIBABA_CLOUD_ACCESS_KEY_SECRET = "s",
    }
    local function getenv(name) return values[name] end
    local function url(options)
      options.getenv = getenv
      return (assert(dataworks.new(options):request("GetDISyncTask", FILE)).url:match("^(.-)/%?"))
    end
    assert.equal("https://dataworks.cn-beijing.aliyuncs.com", url {})
    assert.equal("https://dataworks.cn-shanghai.aliyuncs.com", url { region = "cn-shanghai" })
    values.ALIBABA_CLOUD_ENDPOINT = "http://127.0.0.1:8080"
    assert.equal("http://127.0.0.1:8080", url { region = "cn-shanghai" })
    assert.equal("https://example.com", url { endpoint = "example.com" })
    local early = dataworks.new { getenv = getenv }
    values.ALIBABA_CLOUD_ENDPOINT = "https://late.example.com"
    assert.matches("^http://127", assert(early:request("GetDISyncTask", FILE)).url)
  end)

  it("returns a client whose calls name the missing option when the environment is empty", function()
    local client = dataworks.new { getenv = function() end }
    local result, err = client:call("GetDISyncTask", FILE)
    assert.is_nil(result)
    assert.same({ "invalid", "region", false, 1 }, { err.kind, err.path, err.sent, err.attempts })
    client = dataworks.new {
      region = "cn-shanghai", getenv = function(name) return name == "ALIBABA_CLOUD_ECS_METADATA_DISABLED" and "true" or nil end,
    }
    result, err = client:call("GetDISyncTask", FILE)
    assert.is_nil(result)
    assert.same({ "credentials", false }, { err.kind, err.sent })
    assert.matches("ALIBABA_CLOUD_ACCESS_KEY_ID", tostring(err))
  end)

  it("opens no transport before the first call", function()
    local before = package.loaded["dataworks.transport.choose"]
    package.loaded["dataworks.transport.choose"] = { new = function() error "made" end }
    local client = dataworks.new { endpoint = "example.com", access_key_id = "i", access_key_secret = "s" }
    local request = client:request("GetDISyncTask", FILE)
    client:close()
    package.loaded["dataworks.transport.choose"] = before
    assert.is_table(request)
  end)
end)

describe("a client's methods", function()
  it("include every action", function()
    for name in pairs(actions) do
      local client = fake.client {}
      assert.is_function(client[name])
      assert.equal(client[name], client[name])
    end
    local client, world = fake.client { fake.good { Status = "RUN" } }
    assert.equal("RUN", assert(client:GetDISyncInstanceInfo(FILE)).Data.Status)
    assert.equal("GetDISyncInstanceInfo", world.sent[1].headers["x-acs-action"])
  end)

  it("raise when they do not exist, and name the nearest", function()
    local client = fake.client {}
    raised("no method CreateDiSyncTsk; did you mean CreateDISyncTask%?", function() return client.CreateDiSyncTsk ~= nil end)
    raised("no method genrate; did you mean generate%?", function() return client.genrate ~= nil end)
    raised("unknown action CreateDISyncTasks; did you mean CreateDISyncTask%?", function()
      local r = client:call("CreateDISyncTasks", {}) return r
    end)
    raised("call: action must be the name of an action.+, got nil", function() local r = client:call(nil, {}) return r end)
    assert.is_nil(client._anything)
    assert.is_nil(client[1])
  end)

  it("raise at the caller's line when they are misused", function()
    local client = fake.client {}
    for name, run in pairs {
      call = function(...) local r = client:call("GetDISyncTask", ...) return r end,
      GetDISyncTask = function(...) local r = client:GetDISyncTask(...) return r end,
      each = function(...) local r = client:each("ListFiles", ...) return r end,
      generate = function(...) local r = client:generate(...) return r end,
      wait = function(...) local r = client:wait(...) return r end,
      create_sync_task = function(...) local r = client:create_sync_task(...) return r end,
      update_sync_task = function(...) local r = client:update_sync_task(...) return r end,
    } do
      raised(name .. ": params must be a table of parameters.*, got nil", function() run() end, run)
      raised(name .. ": unknown option tiemout; did you mean timeout%?", function() run({}, { tiemout = 1 }) end, run)
      raised(name .. ": timeout must be", function() run({}, { timeout = 0 }) end, run)
    end
    raised("each: the reply of GetDISyncTask has no documented list; use client:call", function() local r = client:each("GetDISyncTask", FILE) return r end)
    raised("each: pages must be a boolean", function() local r = client:each("ListFiles", {}, { pages = 1 }) return r end)
    raised("request: params must be a table of parameters, as in { ProjectId = %.%.%., FileId = %.%.%., TaskType = %.%.%. }, got nil", function() local r = client:request("GetDISyncTask") return r end)
    raised("call it with a colon, as in client:GetDISyncTask", function() local r = client.GetDISyncTask(FILE) return r end)
    raised("call: region is an option of dataworks.new; the options here are location, method, retries, timeout, unchecked, version", function()
      local r = client:call("GetDISyncTask", FILE, { region = "x" }) return r
    end)
    raised("a client can't be changed: give timeout to dataworks.new", function() client.timeout = 60 end)
    client:close()
    raised("generate: the client is closed", function() local r = client:generate {} return r end)
    raised("request: the client is closed", function() local r = client:request("GetDISyncTask", FILE) return r end)
  end)
end)

describe("client:request", function()
  it("returns the signed request and sends nothing", function()
    local client, world = fake.client {}
    local request = assert(client:request("GetDISyncTask", FILE))
    assert.equal("POST", request.method)
    assert.equal("https://example.com/?FileId=5&ProjectId=10&TaskType=DI_REALTIME", request.url)
    assert.matches("^ACS3%-HMAC%-SHA256 Credential=spec%-key%-id,", request.headers.authorization)
    assert.matches("^dataworks%-lua/%d+%.%d+%.%d+ %(Lua", request.headers["user-agent"])
    assert.same({}, world.sent)
  end)

  it("returns a request whose tostring has no secret, with every signature", function()
    for _, signature in ipairs { "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "HMAC-SHA1" } do
      local client = fake.client({}, { signature = signature, security_token = fake.token })
      local request = assert(client:request(GENERATE, generating()))
      local text = tostring(request)
      assert.matches("^POST https://example.com/", text)
      local signed = (request.headers.authorization or request.body):match "Signature=([^&]*)"
      assert.is_nil(text:find(signed, 1, true))
      assert.is_nil(text:find("token==", 1, true) or text:find("token%3D", 1, true))
    end
  end)

  it("returns a request whose tostring has no bearer token", function()
    for _, signature in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
      local client = fake.client({}, { signature = signature, access_key_id = false, access_key_secret = false,
        credentials = { type = "bearer", bearer_token = "bearer-hush" } })
      local request = assert(client:request("GetDISyncTask", FILE))
      assert.is_nil(tostring(request):find("hush", 1, true))
    end
  end)

  it("refuses wrong parameters, and names the action and the field", function()
    local client = fake.client {}
    local request, err = client:request("GetDISyncTask", { ProjectId = 10, TaskType = "DI_REALTIME" })
    assert.is_nil(request)
    assert.same({ "invalid", "GetDISyncTask", "FileId", false }, { err.kind, err.action, err.path, err.sent })
    assert.equal("GetDISyncTask: FileId: is missing", tostring(err))
    err = select(2, client:request("GetDISyncTask", { ProjectId = 10, TaskType = "DI_REALTIME", FileID = 5 }))
    assert.matches("^GetDISyncTask: FileID: .+; did you mean FileId%?$", tostring(err))
    err = select(2, client:request(GENERATE, { Project = 10 }))
    assert.matches("^" .. GENERATE .. ": Project: .+; did you mean ProjectId%?$", tostring(err))
  end)
end)

describe("a call", function()
  it("returns the decoded reply", function()
    local client = fake.client { fake.good { Status = "success", Code = "{}" } }
    assert.same({ RequestId = "R-1", Success = true, Data = { Status = "success", Code = "{}" } }, client:call("GetDISyncTask", FILE))
  end)

  it("does not change its parameters, and adds a ClientToken when the action has one", function()
    local client, world = fake.client { fake.good { Status = "success", ProcessId = 7 } }
    local params = generating()
    local result = assert(client:generate(params))
    assert.same(generating(), params)
    assert.equal(fake.params(world.sent[1]).ClientToken, result.ClientToken)
    assert.matches("^nonce%-%d$", result.ClientToken)
  end)

  it("keeps a given ClientToken", function()
    local client, world = fake.client { fake.good { Status = "success", ProcessId = 7 } }
    local params = generating()
    params.ClientToken = "mine"
    assert.equal("mine", assert(client:generate(params)).ClientToken)
    assert.equal("mine", fake.params(world.sent[1]).ClientToken)
  end)

  it("is not sent when a parameter is invalid", function()
    local client, world = fake.client {}
    local params = generating()
    params.TaskParam.steps[1].stepType = nil
    local result, err = client:generate(params)
    assert.is_nil(result)
    assert.same({ "invalid", "TaskParam.steps[1].stepType", false, false }, { err.kind, err.path, err.sent, err.retryable })
    assert.same({}, world.sent)
  end)

  it("returns a refusal with all its details", function()
    local client = fake.client { fake.refused("Invalid.DI.Parameter") }
    local result, err = client:generate(generating())
    assert.is_nil(result)
    assert.is_true(dataworks.is_error(err))
    assert.same({ "service", GENERATE, "Invalid.DI.Parameter", 400, "R-2", 1, false, true, "example.com" },
      { err.kind, err.action, err.code, err.status, err.request_id, err.attempts, err.retryable, err.sent, err.endpoint })
    assert.is_string(err.client_token)
    assert.is_string(err.advice)
  end)

  it("returns a failed task as a task error", function()
    local client = fake.client { fake.good { Status = "fail", Message = "fileId:[5] is invalid." } }
    local _, err = client:DeleteDISyncTask(FILE)
    assert.same({ "task", "fileId:[5] is invalid.", "R-1" }, { err.kind, err.message, err.request_id })
    assert.is_nil(err.client_token)
  end)

  it("calls the credentials function before each attempt and signs with its keys", function()
    local n = 0
    local client, world = fake.client({ fake.lost(false), fake.good {}, fake.good {} }, {
      access_key_id = false, access_key_secret = false,
      credentials = function()
        n = n + 1
        return { access_key_id = "key-" .. n, access_key_secret = "secret", security_token = "token-" .. n }
      end,
    })
    assert(client:call("ListDIProjectConfig", { ProjectId = 1, DestinationType = "holo" }))
    assert.matches("Credential=key%-1,", world.sent[1].headers.authorization)
    assert.matches("Credential=key%-2,", world.sent[2].headers.authorization)
    assert.equal("token-2", world.sent[2].headers["x-acs-security-token"])
  end)

  it("accepts a reply without headers or body from a transport", function()
    local client = fake.client { { status = 204 } }
    local _, err = client:call("DeleteDISyncTask", FILE)
    assert.same({ "protocol", "the reply is empty" }, { err.kind, err.message })
  end)

  it("returns the error of a transport that cannot be opened", function()
    local before = package.loaded["dataworks.transport.choose"]
    package.loaded["dataworks.transport.choose"] = { new = function() return nil, { kind = "transport", sent = false, message = "none here" } end }
    local client = dataworks.new { endpoint = "example.com", access_key_id = "i", access_key_secret = "s", retries = 0 }
    local _, err = client:call("GetDISyncTask", FILE)
    package.loaded["dataworks.transport.choose"] = before
    assert.same({ "transport", false, "none here" }, { err.kind, err.sent, err.message })
  end)
end)

describe("a retried call", function()
  it("has a new nonce and the same ClientToken", function()
    local client, world = fake.client { fake.lost "unknown", fake.refused("ServiceUnavailable", 503), fake.good { Status = "success" } }
    assert(client:generate(generating()))
    local nonces, tokens = {}, {}
    for i, request in ipairs(world.sent) do
      nonces[request.headers["x-acs-signature-nonce"]] = true
      tokens[i] = fake.params(request).ClientToken
    end
    assert.same({ tokens[1], tokens[1], tokens[1] }, tokens)
    local count = 0
    for _ in pairs(nonces) do count = count + 1 end
    assert.equal(3, count)
  end)

  it("has three attempts at most, or as many as the options say, and counts them", function()
    for _, case in ipairs { { nil, nil, 3 }, { 0, nil, 1 }, { 4, nil, 5 }, { 4, 1, 2 }, { 0, 1, 2 } } do
      local answers = {}
      for i = 1, 9 do answers[i] = fake.refused("ServiceUnavailable", 503) end
      local client, world = fake.client(answers, { retries = case[1] })
      local _, err = client:call("GetDISyncTask", FILE, case[2] and { retries = case[2] })
      assert.equal(case[3], #world.sent)
      assert.equal(case[3], err.attempts)
      assert.is_true(err.retryable)
    end
  end)

  it("waits between attempts for the backoff or as long as the service asks", function()
    local client, world = fake.client { fake.lost(false), fake.refused("Throttling.Api", 429, { ["x-acs-retry-after"] = "300" }), fake.good {} }
    assert(client:call("DeleteDISyncTask", FILE))
    assert.near(0.05, world.slept[1], 1e-9)
    assert.near(0.35, world.slept[2], 1e-9)
  end)

  it("is never sent again when the service may have acted and a retry is not safe", function()
    for name, row in pairs(actions) do
      if row.repeatable == "unsent" then
        local client, world = fake.client { fake.lost "unknown" }
        local params = {}
        for _, param in ipairs(row.params) do
          if param.required then params[param[1]] = param.values and param.values[1] or param[2] == "json" and "{}" or 5 end
          if params[param[1]] and param[2] == "string" and not param.values then params[param[1]] = "x" end
        end
        local _, err = client:call(name, params)
        assert.equal(1, #world.sent, name)
        assert.same({ "transport", "unknown", false }, { err.kind, err.sent, err.retryable }, name)
        assert.matches("it may have been carried out", tostring(err))
      end
    end
  end)

  it("has sent = \"unknown\" when an earlier attempt may have acted and the last was not sent", function()
    local client = fake.client { fake.lost "unknown", fake.lost(false), fake.lost(false) }
    local _, err = client:generate(generating())
    assert.same({ "unknown", 3 }, { err.sent, err.attempts })
    client = fake.client { fake.refused("Throttling", 400), fake.lost(false), fake.lost(false) }
    _, err = client:generate(generating())
    assert.is_false(err.sent)
  end)

  it("has sent = \"unknown\" and its token when an earlier attempt may have acted and the last was refused", function()
    for _, refusal in ipairs { fake.refused("Throttling.User", 400), fake.refused("Forbidden.RAM", 403) } do
      local client = fake.client { fake.lost "unknown", refusal, refusal }
      local _, err = client:generate(generating())
      assert.same({ "service", "unknown" }, { err.kind, err.sent })
      assert.matches("it may have been carried out, ClientToken " .. err.client_token, tostring(err), 1, true)
    end
    local client = fake.client { fake.lost "unknown", fake.refused("Forbidden.RAM", 403) }
    local _, err = client:call("GetDISyncTask", { ProjectId = 10, FileId = 5, TaskType = "DI_REALTIME" })
    assert.is_true(err.sent)
  end)

  it("passes the time left to the transport, also as a bound of the connect timeout", function()
    local function slow(seconds, answer)
      return function(_, _, world)
        world.now = world.now + seconds
        return answer
      end
    end
    local client, world = fake.client({ slow(7, fake.lost(false)), slow(0, fake.good {}) }, { timeout = 10 })
    assert(client:call("GetDISyncTask", FILE))
    assert.same({ timeout = 10, connect_timeout = 5, proxy = "" }, world.limits[1])
    assert.near(2.95, world.limits[2].timeout, 1e-6)
    assert.near(2.95, world.limits[2].connect_timeout, 1e-6)
  end)

  it("ends without a wait when the wait would pass the deadline", function()
    local client, world = fake.client({ fake.refused("Throttling.Api", 429, { ["x-acs-retry-after"] = "60000" }) }, { timeout = 30 })
    local _, err = client:call("GetDISyncTask", FILE)
    assert.same({}, world.slept)
    assert.same({ "service", "Throttling.Api", 60, true, 1 }, { err.kind, err.code, err.retry_after, err.retryable, err.attempts })
    client, world = fake.client({ fake.lost(false) }, { timeout = 30 })
    _, err = client:call("GetDISyncTask", FILE, { timeout = 0.01 })
    assert.same({ 1, {} }, { err.attempts, world.slept })
  end)
end)

describe("on_event", function()
  it("is called for each request, response, retry and wait", function()
    local events = {}
    local client = fake.client({ fake.refused("ServiceUnavailable", 503), fake.good { Status = "success" } }, {
      on_event = function(event) events[#events + 1] = event end,
    })
    assert(client:generate(generating()))
    local types = {}
    for i, event in ipairs(events) do
      types[i] = event.type .. event.attempt
      assert.equal(GENERATE, event.action)
    end
    assert.same({ "request1", "response1", "retry2", "request2", "response2" }, types)
    assert.same({ "https://example.com", events[4].client_token }, { events[1].endpoint, events[1].client_token })
    assert.same({ 503, "R-2", "ServiceUnavailable" }, { events[2].status, events[2].request_id, events[2].error.code })
    assert.same({ 200, "R-1" }, { events[5].status, events[5].request_id })
    assert.is_nil(events[5].error)
    assert.near(0.05, events[3].delay, 1e-9)
  end)

  it("does not stop a call when it raises; tostring(client) shows the error", function()
    local client = fake.client({ fake.good { Status = "success", ProcessId = 7 } }, { on_event = function() error("oops\n", 0) end })
    assert.equal(7, assert(client:generate(generating())).Data.ProcessId)
    assert.equal([[dataworks.Client (https://example.com, open, on_event raised: oops\n)]], tostring(client))
  end)

  it("cancels the call when it closes the client", function()
    for closing, sent in pairs { request = 0, retry = 1 } do
      local client, world
      client, world = fake.client({ fake.lost "unknown", fake.good {} }, {
        on_event = function(event) if event.type == closing then client:close() end end,
      })
      local _, err = client:call("GetDISyncTask", FILE)
      assert.equal("cancelled", err.kind)
      assert.equal(sent, #world.sent)
      assert.equal(closing == "retry" and "unknown" or false, err.sent)
    end
  end)
end)

describe("close", function()
  it("may be called twice, and does not close the transport of the program", function()
    local client, world = fake.client {}
    assert.equal("dataworks.Client (https://example.com, open)", tostring(client))
    assert.is_true(client:close())
    assert.is_true(client:close())
    assert.equal("dataworks.Client (https://example.com, closed)", tostring(client))
    assert.equal(0, world.transport.closed)
  end)

  it("closes the transport that the client opened", function()
    local before = package.loaded["dataworks.transport.choose"]
    local closed = 0
    package.loaded["dataworks.transport.choose"] = { new = function()
      return { send = function() return fake.good {} end, close = function() closed = closed + 1 end }
    end }
    local client = dataworks.new { endpoint = "example.com", access_key_id = "i", access_key_secret = "secret" }
    local result = client:call("GetDISyncTask", FILE)
    client:close()
    client:close()
    package.loaded["dataworks.transport.choose"] = before
    assert.is_table(result)
    assert.equal(1, closed)
  end)
end)

describe("secrets", function()
  -- Everything that a program can print of a value, as one text.
  local function everything(value, seen)
    seen = seen or {}
    if type(value) ~= "table" then return tostring(value) end
    if seen[value] then return "" end
    seen[value] = true
    local parts = { tostring(value) }
    for name, item in next, value do parts[#parts + 1] = everything(name, seen) .. "=" .. everything(item, seen) end
    return table.concat(parts, " ")
  end

  local function percent(text)
    return (text:gsub("[^%w%-._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
  end

  local function unpercent(text)
    return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
  end

  -- An answer that echoes the whole request and the secret, in the form that `how` makes.
  local function echo(how)
    return function(request)
      local all = { request.url, request.body }
      for name, value in pairs(request.headers) do all[#all + 1] = name .. ": " .. value end
      all[#all + 1] = fake.secret
      return how(table.concat(all, "\n"))
    end
  end

  for _, signature in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
    it("appear in no error, event or tostring, even when the reply echoes the whole request, with " .. signature, function()
      for _, how in ipairs {
        function(text) return fake.reply({ Code = "SignatureDoesNotMatch", RequestId = text,
          Message = "x server StringToSign is [" .. text .. "]" }, 400) end,
        function(text) return fake.reply({ Code = text, Message = text, Recommend = text }, 400) end,
        function(text) return fake.reply("<html>" .. text .. percent(text), 502, { ["x-acs-request-id"] = text }) end,
        function(text) return fake.reply({ Code = "C", Message = unpercent(text) }, 400) end,
        function(text) return fake.reply({ Success = false, ErrorCode = text, Data = { Message = percent(text) } }) end,
        function(text) return { fails = { kind = "transport", sent = "unknown", message = text, code = text, advice = text } } end,
        function() return { fails = { kind = "transport", sent = false, message = "proxy http://user:proxy-pass@p failed" } } end,
      } do
        local seen = {}
        local client, world = fake.client({ echo(how), echo(how), echo(how) }, {
          signature = signature, security_token = fake.token, proxy = "http://user:proxy-pass@p:1",
          on_event = function(event) seen[#seen + 1] = event end,
        })
        local _, err = client:generate(generating())
        local text = everything { err, seen, tostring(client), tostring(client:request("GetDISyncTask", FILE)) }
        local secrets = { fake.secret, fake.token, percent(fake.secret), percent(fake.token), "proxy-pass" }
        for _, request in ipairs(world.sent) do
          secrets[#secrets + 1] = (request.headers.authorization or request.body):match "Signature=([^&]*)"
          secrets[#secrets + 1] = unpercent(secrets[#secrets])
        end
        for _, secret in ipairs(secrets) do assert.is_nil(text:find(secret, 1, true), secret) end
      end
    end)
  end

  it("are in no field of a client", function()
    local client = fake.client({ fake.good {} }, { security_token = fake.token })
    assert(client:call("GetDISyncTask", FILE))
    local text = everything(client)
    for _, secret in ipairs { fake.secret, fake.token } do assert.is_nil(text:find(secret, 1, true)) end
  end)
end)

describe("the module dataworks", function()
  it("encodes a script as the text that a call sends", function()
    assert.equal('{"a":[],"b":null}', dataworks.encode { a = dataworks.list {}, b = dataworks.null })
    local text, err = dataworks.encode { a = 0 / 0 }
    assert.is_nil(text)
    assert.is_true(dataworks.is_error(err))
    assert.matches("^TaskParam.a: ", tostring(err))
  end)

  it("signs, and returns a mistake in the fields as an error", function()
    local fields = { method = "POST", access_key_id = "i", access_key_secret = "s", headers = { host = "h" } }
    assert.same(core.sign(fields), dataworks.sign(fields))
    fields.headers["x-acs-a"], fields.headers["X-ACS-A"] = "1", "2"
    local signed, err = dataworks.sign(fields)
    assert.is_nil(signed)
    assert.is_true(dataworks.is_error(err))
  end)

  it("loads without reading the environment or opening a connection", function()
    local loaded = {}
    for name in pairs(package.loaded) do
      if name:find "^dataworks" and name ~= "dataworks.core" and name ~= "dataworks.curl" then loaded[#loaded + 1] = name end
    end
    local kept, getenv = {}, os.getenv
    for _, name in ipairs(loaded) do kept[name], package.loaded[name] = package.loaded[name], nil end
    os.getenv = function() error "environment" end -- luacheck: ignore 122
    local ok, module = pcall(require, "dataworks")
    os.getenv = getenv -- luacheck: ignore 122
    local transport = package.loaded["dataworks.transport.curl"]
    for name in pairs(package.loaded) do if name:find "^dataworks" and not name:find "core$" then package.loaded[name] = nil end end
    for name, value in pairs(kept) do package.loaded[name] = value end
    assert.is_true(ok, tostring(module))
    assert.is_nil(transport)
  end)
end)
