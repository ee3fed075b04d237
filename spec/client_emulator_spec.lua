-- A client against the emulator, over real HTTP. Its sleeps take no time.

local cjson = require "cjson"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local ids = require "dataworks.util.ids"
local support = require "spec.support.emulator"

local PROJECT = 10000
local GENERATE, CREATE = "GenerateDISyncTaskConfigForCreating", "CreateDISyncTask"
local SCRIPTS = { "mysql_to_odps", "mysql_to_kafka", "mysql_to_holo", "mysql_to_odps_single_database" }

describe("a client over real HTTP", function()
  local emulator, clients

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    clients = {}
  end)
  after_each(function()
    for _, client in ipairs(clients) do client:close() end
  end)

  local function new(changes)
    local options = {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
      sleep = function() end, getenv = function() end,
    }
    for name, value in pairs(changes or {}) do options[name] = value or nil end
    clients[#clients + 1] = dataworks.new(options)
    return clients[#clients]
  end

  -- A client of a role that the key assumes.
  local function with_role(changes, id, secret)
    changes.access_key_id, changes.access_key_secret = false, false
    changes.credentials = { type = "ram_role_arn", role_arn = "acs:ram::1:role/dw-role", source = {
      type = "access_key", access_key_id = id or emulator.access_key_id, access_key_secret = secret or emulator.access_key_secret,
    } }
    changes.getenv = function(name) return name == "ALIBABA_CLOUD_STS_ENDPOINT" and emulator.endpoint or nil end
    return new(changes)
  end

  local function creating(name, file)
    return {
      ProjectId = PROJECT, TaskType = "DI_REALTIME", TaskName = name,
      TaskParam = files.json("spec/scripts/" .. (file or "mysql_to_odps") .. ".json"),
      FileFolderPath = "Business Flow/x/Data Integration", ResourceGroup = "S_res_group_1_2",
    }
  end

  -- How often the service acted.
  local function effects(action)
    local count = 0
    for _, entry in ipairs(emulator:journal(action)) do
      if entry.acted then count = count + 1 end
    end
    return count
  end

  for _, signature in ipairs { "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "HMAC-SHA1" } do
    it("creates the documented tasks, signed with " .. signature, function()
      local client = new { signature = signature }
      for i, file in ipairs(SCRIPTS) do
        local made = assert(client:create_sync_task(creating("task " .. i, file)))
        local found = assert(client:GetDISyncTask { ProjectId = PROJECT, TaskType = "DI_REALTIME", FileId = made.FileId })
        assert.equal(made.TaskContent, found.Data.Code)
      end
      assert.equal(#SCRIPTS, effects(CREATE))
    end)
  end

  it("works with temporary credentials", function()
    local client = new {
      access_key_id = emulator.sts.access_key_id, access_key_secret = emulator.sts.access_key_secret,
      security_token = emulator.sts.security_token,
    }
    assert(client:create_sync_task(creating "sts"))
  end)

  it("creates a solution and an offline task", function()
    local params = creating "solution"
    params.TaskType = "DI_SOLUTION"
    assert(new():create_sync_task(params))
    local made = assert(new():create_sync_task {
      ProjectId = PROJECT, TaskType = "DI_OFFLINE", TaskName = "offline",
      TaskContent = files.read "spec/scripts/task_content_offline.json",
    })
    assert.is_nil(made.ProcessId)
    assert.equal(2, effects(CREATE))
  end)

  it("polls through every form of a pending reply", function()
    for _, form in ipairs { "absent", "empty", "null", "processing", "no_content" } do
      emulator:reset()
      emulator:settings { pending_form = form, pending_calls = 3 }
      assert(new():create_sync_task(creating "task"))
      assert.equal(4, #emulator:journal "QueryDISyncTaskConfigProcessResult")
    end
  end)

  it("accepts the older form of success: Status \"true\" with a message", function()
    emulator:settings { success_status = "true", success_message = "XXX is invalid." }
    assert(new():create_sync_task(creating "task"))
  end)

  it("keeps ids above 2^53 exact", function()
    emulator:settings { first_id = "9007199254740993" }
    local client = new()
    local made = assert(client:create_sync_task(creating "task"))
    assert.same({ "9007199254740993", "9007199254740994" }, { ids.text(made.ProcessId), ids.text(made.FileId) })
    local found = assert(client:GetDISyncInstanceInfo { ProjectId = PROJECT, TaskType = "DI_REALTIME", FileId = made.FileId })
    assert.equal("NORUN", found.Data.Status)
  end)

  it("sends long parameters", function()
    local params = creating "long"
    local tables = {}
    for i = 1, 3000 do tables[i] = "a_table_with_a_long_name_" .. i end
    params.TaskParam = dataworks.task { from = { mysql = "m", tables = tables }, to = { holo = "h" }, resource_group = "g" }
    local made = assert(new():create_sync_task(params))
    assert(new():UpdateDISyncTask {
      ProjectId = PROJECT, TaskType = "DI_REALTIME", FileId = made.FileId, TaskContent = made.TaskContent,
    })
  end)

  it("updates the tables of a task", function()
    local client = new()
    local made = assert(client:create_sync_task(creating("task", "mysql_to_odps_single_database")))
    local changed = assert(client:update_sync_task {
      ProjectId = PROJECT, TaskType = "DI_REALTIME", FileId = made.FileId,
      TaskParam = { steps = { { parameter = { connection = { { table = { "other" } } } }, name = "Reader", category = "reader" } } },
    })
    assert.equal(made.FileId, changed.FileId)
    local found = assert(client:GetDISyncTask { ProjectId = PROJECT, TaskType = "DI_REALTIME", FileId = made.FileId })
    assert.equal(changed.TaskContent, found.Data.Code)
    assert.truthy(found.Data.Code:find('"other"', 1, true))
  end)

  it("runs a task through its states by single actions", function()
    local client = new()
    local task = { ProjectId = PROJECT, TaskType = "DI_REALTIME" }
    task.FileId = assert(client:create_sync_task(creating "task")).FileId
    local states = {}
    local function note()
      states[#states + 1] = assert(client:GetDISyncInstanceInfo(task)).Data.Status
    end
    for _, options in ipairs { {}, { wait = true } } do
      local _, err = client:start(task, options)
      assert.equal("task", err.kind)
      assert.matches("deployed before it is started (client:deploy)", err.advice, 1, true)
    end
    assert(client:DeployDISyncTask(task))
    assert(client:StartDISyncInstance(task))
    note()
    note()
    assert(client:StopDISyncInstance(task))
    note()
    note()
    assert(client:TerminateDISyncInstance(task))
    assert(client:DeleteDISyncTask(task))
    assert.same({ "WAIT", "RUN", "KILLING", "PAUSE" }, states)
    local _, err = client:GetDISyncInstanceInfo(task)
    assert.equal("task", err.kind)
  end)

  it("passes a result on to the next method", function()
    local client = new()
    local generated = assert(client:generate { ProjectId = PROJECT, TaskType = "DI_REALTIME", TaskParam = creating().TaskParam })
    assert.is_string(assert(client:wait(generated)).Data.TaskContent)
    local task = assert(client:create_sync_task(creating()))
    assert(client:deploy(task))
    assert.equal("NORUN", assert(client:status(task)).state)
    assert.equal("RUN", assert(client:start(task, { wait = true })).state)
  end)

  it("reads and sets project defaults, and lists tasks by data source", function()
    local client = new()
    assert(client:create_sync_task(creating "task"))
    assert(client:UpdateDIProjectConfig { ProjectId = PROJECT, DestinationType = "odps", ProjectConfig = { DROPTABLE = "IGNORE" } })
    assert.equal("string", type(assert(client:ListDIProjectConfig { ProjectId = PROJECT, DestinationType = "odps" }).Data.Config))
    local found = assert(client:ListRefDISyncTasks {
      ProjectId = PROJECT, TaskType = "DI_REALTIME", DatasourceName = "mysql_pub1", RefType = "from",
    })
    assert.equal("task", found.Data.DISyncTasks[1].NodeName)
  end)

  describe("with faults", function()
    it("creates one task, whatever happens to a request or a reply", function()
      for _, action in ipairs { GENERATE, "QueryDISyncTaskConfigProcessResult", CREATE } do
        for _, fault in ipairs {
          { fault = "reset" }, { fault = "reset", acts = true }, { fault = "internal_error", acts = true }, { fault = "unavailable" },
          { fault = "html" }, { fault = "html", acts = true }, { fault = "garbage", acts = true }, { fault = "truncate" },
          { fault = "throttle" }, { fault = "throttle_service", retry_after = 300 },
        } do
          emulator:reset()
          fault.action, fault.times = action, 2
          emulator:fault(fault)
          local made, err = new():create_sync_task(creating "task")
          assert.is_table(made, fault.fault .. ": " .. tostring(err))
          assert.equal(1, effects(GENERATE))
          assert.equal(1, effects(CREATE))
        end
      end
    end)

    it("resumes from a state in JSON, and still creates one task", function()
      for _, action in ipairs { GENERATE, "QueryDISyncTaskConfigProcessResult", CREATE } do
        for _, acts in ipairs { true, false } do
          emulator:reset()
          emulator:fault { action = action, fault = "reset", acts = acts, times = 1 }
          local made, err = new({ retries = 0 }):create_sync_task(creating "task")
          if not made then
            assert.is_table(err.state, tostring(err))
            assert(new():create_sync_task(creating "task", { resume = cjson.decode(cjson.encode(err.state)) }))
          end
          assert.equal(1, effects(GENERATE))
          assert.equal(1, effects(CREATE))
        end
      end
    end)

    it("creates one task when a failed flow is repeated with the ClientToken of its error", function()
      for _, action in ipairs { GENERATE, CREATE } do
        emulator:reset()
        emulator:fault { action = action, fault = "reset", acts = true }
        local params = creating()
        local _, err = new({ retries = 0 }):create_sync_task(params)
        params.ClientToken = err.client_token
        assert(new():create_sync_task(params))
        assert.same({ 1, 1 }, { effects(GENERATE), effects(CREATE) })
      end
    end)

    it("creates one task although the role's key changes between two runs", function()
      emulator:fault { action = CREATE, fault = "reset", acts = true }
      local _, err = with_role({ retries = 0 }):create_sync_task(creating())
      assert(with_role({}):create_sync_task({}, { resume = err.state }))
      local calls = emulator:journal(CREATE)
      assert.not_equal(calls[1].access_key_id, calls[2].access_key_id)
      assert.same({ "acted", "replayed" }, { calls[1].outcome, calls[2].outcome })
    end)

    it("does not retry a call without a token that may have acted", function()
      local client = new()
      local task = { ProjectId = PROJECT, TaskType = "DI_REALTIME" }
      task.FileId = assert(client:create_sync_task(creating "task")).FileId
      emulator:fault { action = "DeployDISyncTask", fault = "reset", acts = true }
      local _, err = client:DeployDISyncTask(task)
      assert.same({ "transport", false, 1 }, { err.kind, err.retryable, err.attempts })
      assert.not_equal(false, err.sent)
      assert.equal(1, #emulator:journal "DeployDISyncTask")
      emulator:fault { action = "DeployDISyncTask", fault = "throttle", times = 2 }
      assert(client:DeployDISyncTask(task))
    end)

    it("waits as long as the service asks", function()
      local slept = {}
      emulator:fault { action = "ListDIProjectConfig", fault = "throttle_service", retry_after = 300 }
      local client = new { sleep = function(seconds) slept[#slept + 1] = seconds end, random = function() return 0 end }
      assert(client:ListDIProjectConfig { ProjectId = PROJECT, DestinationType = "odps" })
      assert.same({ 0.3 }, slept)
    end)
  end)

  it("returns each refusal of the gateway with advice in one line", function()
    local function refusal(changes)
      local _, err = new(changes):ListDIProjectConfig { ProjectId = PROJECT, DestinationType = "odps" }
      assert.equal("service", err.kind)
      assert.is_nil(tostring(err):find "\n")
      assert.is_string(err.request_id)
      assert.is_string(err.advice)
      assert.is_string(err.recommend)
      return err.code
    end
    assert.equal("SignatureDoesNotMatch", refusal { access_key_secret = "wrong-secret" })
    assert.equal("SignatureDoesNotMatch", refusal { access_key_secret = "wrong-secret", signature = "HMAC-SHA1" })
    assert.equal("InvalidAccessKeyId.NotFound", refusal { access_key_id = "nobody" })
    assert.equal("InvalidAccessKeyId.Inactive",
      refusal { access_key_id = emulator.disabled.access_key_id, access_key_secret = emulator.disabled.access_key_secret })
    assert.equal("InvalidSecurityToken.Expired", refusal {
      access_key_id = emulator.expired.access_key_id, access_key_secret = emulator.expired.access_key_secret,
      security_token = emulator.expired.security_token,
    })
    local nonce = ("0"):rep(32)
    assert(new({ nonce = function() return nonce end }):ListDIProjectConfig { ProjectId = PROJECT, DestinationType = "odps" })
    assert.equal("SignatureNonceUsed", refusal { nonce = function() return nonce end })
  end)

  it("returns an error for a reused ClientToken and for a used name", function()
    local client = new()
    assert(client:create_sync_task(creating "task"))
    local _, err = client:create_sync_task(creating "task")
    assert.same({ CREATE, "Invalid.DI.Parameter.File.Existed" }, { err.action, err.code })
    local params = creating "other"
    params.ClientToken = "token-of-mine"
    local made = assert(client:create_sync_task(params))
    assert.equal(made.FileId, assert(client:create_sync_task(params)).FileId)
    params.TaskParam.setting.resourceGroup = "another"
    _, err = client:create_sync_task(params)
    assert.equal("IdempotentParameterMismatch", err.code)
  end)

  it("repeats the effect of a ClientToken for every key of an account, and for no other account", function()
    emulator:settings { credentials = {
      { access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret }, { bearer_token = "bearer" },
      { access_key_id = "other", access_key_secret = "s", account = "2" }, { bearer_token = "other-bearer", account = "2" },
    } }
    local function bearer(token)
      return new { access_key_id = false, access_key_secret = false, credentials = { type = "bearer", bearer_token = token } }
    end
    for account, list in ipairs {
      { new(), with_role {}, with_role {}, bearer "bearer" },
      { new { access_key_id = "other", access_key_secret = "s" }, with_role({}, "other", "s"), bearer "other-bearer" },
    } do
      for _, client in ipairs(list) do
        assert(client:CreateDISyncTask {
          ProjectId = PROJECT, TaskType = "DI_OFFLINE", TaskName = "of account " .. account, ClientToken = "t",
          TaskContent = files.read "spec/scripts/task_content_offline.json",
        })
      end
      assert.equal(account, effects(CREATE))
    end
  end)

  it("shows no secret of a temporary key in an error", function()
    local token = emulator.sts.security_token
    for _, signature in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
      local _, err = new({
        access_key_id = emulator.sts.access_key_id, access_key_secret = "not-the-secret", security_token = token, signature = signature,
      }):ListDIProjectConfig { ProjectId = PROJECT, DestinationType = "odps" }
      assert.equal("SignatureDoesNotMatch", err.code)
      local text = tostring(err)
      for name, value in pairs(err) do text = text .. name .. "=" .. tostring(value) .. "\n" end
      assert.is_nil(text:find(token, 1, true))
      assert.is_nil(text:find("not-the-secret", 1, true))
    end
  end)

  it("says that nothing was sent when no service listens", function()
    local client = new { endpoint = "http://127.0.0.1:1" }
    local _, err = client:generate(creating "task")
    assert.equal("invalid", err.kind) -- TaskName is not a parameter of generate
    _, err = client:create_sync_task(creating "task")
    assert.same({ "transport", false, 3, "127.0.0.1:1" }, { err.kind, err.sent, err.attempts, err.endpoint })
    assert.equal("begun", err.state.step)
  end)
end)

describe("a client over TLS", function()
  local emulator

  setup(function() emulator = support.start { tls = true } end)
  teardown(function() emulator:stop() end)

  it("trusts only the authority in ca_file or DATAWORKS_CA_FILE", function()
    local options = {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
    }
    local function call(changes)
      local all = { getenv = changes.getenv or function() end, ca_file = changes.ca_file, sleep = function() end }
      for name, value in pairs(options) do all[name] = value end
      local client = dataworks.new(all)
      local result, err = client:ListDIProjectConfig { ProjectId = PROJECT, DestinationType = "odps" }
      client:close()
      return result, err
    end
    assert(call { ca_file = emulator.ca_file })
    assert(call { getenv = function(name) return name == "DATAWORKS_CA_FILE" and emulator.ca_file or nil end })
    local _, err = call {}
    assert.same({ "transport", false, "CURLE_PEER_FAILED_VERIFICATION", 1, false },
      { err.kind, err.sent, err.code, err.attempts, err.retryable })
    assert.matches("ca_file", tostring(err))
  end)
end)
