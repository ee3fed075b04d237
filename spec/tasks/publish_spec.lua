local dataworks = require "dataworks"
local fake = require "spec.support.fake"
local files = require "spec.support.files"
local support = require "spec.support.emulator"

local PROJECT = 10000
local CHANGING = { "UpdateFile", "SubmitFile", "DeployFile" }

describe("client:publish against the emulator", function()
  local emulator, client, task

  setup(function() emulator = support.start() end)
  teardown(function() emulator:stop() end)
  before_each(function()
    emulator:reset()
    client = dataworks.new {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
      sleep = function() end, getenv = function() end,
    }
    task = assert(client:create_sync_task {
      ProjectId = PROJECT, TaskType = "DI_OFFLINE", TaskName = "nightly",
      TaskContent = files.read "spec/scripts/task_content_offline.json",
    })
  end)
  after_each(function() client:close() end)

  local function publish(more, options)
    local params = { Schedule = "0 2 * * *", RerunMode = "ALL_ALLOWED", AutoRerunTimes = 3, Stop = false }
    for name, value in pairs(task) do params[name] = value end
    for name, value in pairs(more or {}) do params[name] = value end
    return client:publish(params, options)
  end

  local function calls()
    local counts = {}
    for i, action in ipairs(CHANGING) do counts[i] = #emulator:journal(action) end
    return counts
  end

  local function node() return assert(client:GetFile { ProjectId = PROJECT, FileId = task.FileId }).Data.NodeConfiguration end

  it("sets the schedule, submits the file and deploys it", function()
    local steps = {}
    local result = assert(publish(nil, { on_progress = function(event) steps[#steps + 1] = event.step end }))
    assert.same({ PROJECT, task.FileId, 1, "00 00 02 * * ?" },
      { result.ProjectId, result.FileId, result.FileVersion, result.CronExpress })
    assert.same({ "scheduled", "polling", "polling", "submitted", "polling", "polling", "deployed" }, steps)
    assert.same({ "00 00 02 * * ?", "DAY", "ALL_ALLOWED", 3 },
      { node().CronExpress, node().CycleType, node().RerunMode, node().AutoRerunTimes })
    local version = assert(client:ListFileVersions { ProjectId = PROJECT, FileId = task.FileId, PageNumber = 1, PageSize = 10 })
    assert.is_true(version.Data.FileVersions[1].IsCurrentProd)
  end)

  it("changes nothing when everything is done already", function()
    assert(publish())
    local result = assert(publish())
    assert.same({ 1, nil }, { result.FileVersion, result.DeploymentId })
    assert.same({ 1, 1, 1 }, calls())
  end)

  it("publishes a new version when the schedule changes", function()
    assert(publish())
    assert.equal(2, assert(publish { Schedule = "*/30 * * * *" }).FileVersion)
    assert.equal("NOT_DAY", node().CycleType)
    assert.same({ 2, 2, 2 }, calls())
  end)

  for i, action in ipairs(CHANGING) do
    it("makes the call once in all when the reply of " .. action .. " was lost", function()
      emulator:fault { action = action, fault = "truncate" }
      local result, err = publish()
      assert.is_nil(result)
      assert.is_true(err.may_have_acted)
      assert.matches("Call publish again with the same parameters", err.advice, 1, true)
      assert.equal(1, assert(publish()).FileVersion)
      assert.equal(1, calls()[i])
    end)
  end

  it("publishes without a schedule", function()
    local result = assert(client:publish { ProjectId = PROJECT, FileId = task.FileId })
    assert.equal(1, result.FileVersion)
    assert.same({ 0, 1, 1 }, calls())
  end)

  it("ends when on_progress raises an error", function()
    local _, err = publish(nil, { on_progress = function() error("stop", 0) end })
    assert.same({ "cancelled", "on_progress raised: stop" }, { err.kind, err.message })
    assert.same({ 1, 0, 0 }, calls())
  end)

  for message, params in pairs {
    ["Schedule: the shortest interval of the service is 5 minutes, and this is 1"] = { Schedule = "* * * * *" },
    ["Schedule: expected a cron expression as text"] = { Schedule = 5 },
    ["Shedule: is not a parameter of publish; did you mean Schedule?"] = { Shedule = "0 2 * * *" },
    ["TaskType: publish is for offline tasks; the others are deployed with client:deploy"] = { TaskType = "DI_REALTIME" },
    ["AutoRerunTimes: expected a whole number"] = { AutoRerunTimes = "often" },
  } do
    it("refuses a call: " .. message, function()
      local _, err = publish(params)
      assert.same({ "invalid", { 0, 0, 0 } }, { err.kind, calls() })
      assert.matches(message, tostring(err), 1, true)
    end)
  end
end)

describe("client:publish", function()
  local file = fake.good { File = { CommitStatus = 0, CurrentVersion = 0 } }

  for status, word in pairs { [2] = "failed", [6] = "was rejected" } do
    it("says that a deployment " .. word .. ", and that no call may have acted unseen", function()
      local client = fake.client { file, fake.good(77), fake.good { Deployment = { Name = "d", Status = status, ErrorMessage = "no rule" } } }
      local _, err = client:publish { ProjectId = 1, FileId = 2 }
      assert.same({ "task", false, ("the deployment d %s: no rule"):format(word) }, { err.kind, err.may_have_acted, err.message })
    end)
  end

  it("ends at its deadline, and says how to go on", function()
    local pending = fake.good { Deployment = { Name = "d", Status = 0 } }
    local answers = { file, fake.good(77) }
    for i = 3, 40 do answers[i] = function(_, _, world) world.now = world.now + 5 return pending end end
    local _, err = fake.client(answers):publish({ ProjectId = 1, FileId = 2 }, { timeout = 20 })
    assert.equal("timeout", err.kind)
    assert.matches("deployment 77 is not finished after ", err.message, 1, true)
    assert.matches("Call publish again", err.advice, 1, true)
  end)

  it("refuses a reply without data", function()
    local _, err = fake.client({ fake.reply { RequestId = "R" } }):publish { ProjectId = 1, FileId = 2 }
    assert.same({ "protocol", "the reply has no Data", "GetFile", "R", true, false },
      { err.kind, err.message, err.action, err.request_id, err.sent, err.may_have_acted })
  end)
end)
