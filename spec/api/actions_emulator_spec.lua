-- Actions outside the DISync family, and pagination, over HTTP.

local dataworks = require "dataworks"
local files = require "spec.support.files"
local ids = require "dataworks.util.ids"
local support = require "spec.support.emulator"

local PROJECT = 10000
local V2024 = "2024-05-18"

describe("a client of the emulator", function()
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
    for name, value in pairs(changes or {}) do options[name] = value end
    clients[#clients + 1] = dataworks.new(options)
    return clients[#clients]
  end

  local function create_tasks(client, count)
    local content = files.read "spec/scripts/task_content_offline.json"
    local made = {}
    for i = 1, count do
      local task = assert(client:CreateDISyncTask {
        ProjectId = PROJECT, TaskType = "DI_OFFLINE", TaskName = "task_" .. i, TaskContent = content,
      })
      made[i] = ids.text(task.Data.FileId)
    end
    return made
  end

  local function collect(client, action, params, options, name)
    local found, failure = {}, nil
    for _, item, err in client:each(action, params, options) do
      if err then failure = err else found[#found + 1] = ids.text(item[name]) end
    end
    return found, failure
  end

  for _, signature in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
    it("gets all files page after page, signed with " .. signature, function()
      local client = new { signature = signature }
      local made = create_tasks(client, 7)
      assert.same(made, (collect(client, "ListFiles", { ProjectId = PROJECT, PageSize = 3 }, nil, "FileId")))
      local pages = emulator:journal "ListFiles"
      assert.equal(3, #pages)
      for i, call in ipairs(pages) do assert.same({ tostring(i), "3", "POST" }, { call.params.PageNumber, call.params.PageSize, call.method }) end
      assert.same({}, (collect(client, "ListFiles", { ProjectId = 1 }, nil, "FileId")))
    end)
  end

  it("gets references page after page without a total", function()
    local client = new()
    local made = create_tasks(client, 5)
    local params = { ProjectId = PROJECT, DatasourceName = "mysql_pub", TaskType = "DI_OFFLINE", RefType = "from", PageSize = 2 }
    assert.same(made, (collect(client, "ListRefDISyncTasks", params, nil, "NodeId")))
    assert.equal(4, #emulator:journal "ListRefDISyncTasks")
  end)

  it("keeps ids above 2^53 exact in items", function()
    emulator:settings { first_id = "9007199254740993" }
    local client = new()
    assert.same({ "9007199254740993", "9007199254740994" }, create_tasks(client, 2))
    local found = collect(client, "ListFiles", { ProjectId = PROJECT }, nil, "FileId")
    assert.same({ "9007199254740993", "9007199254740994" }, found)
    assert.same({ "9007199254740994" }, (collect(client, "ListFiles", { ProjectId = PROJECT, FileIdIn = found[2] }, nil, "FileId")))
  end)

  it("retries a page that fails, and ends the loop when the page keeps failing", function()
    local client = new()
    local made = create_tasks(client, 4)
    emulator:fault { fault = "reset", action = "ListFiles" }
    emulator:fault { fault = "throttle_service", action = "ListFiles" }
    assert.same(made, (collect(client, "ListFiles", { ProjectId = PROJECT, PageSize = 2 }, nil, "FileId")))
    assert.equal(4, #emulator:journal "ListFiles")
    local turns = {}
    for _, item, err in client:each("ListFiles", { ProjectId = PROJECT, PageSize = 2 }) do
      turns[#turns + 1] = err and err.code or ids.text(item.FileId)
      if #turns == 1 then emulator:fault { fault = "unavailable", action = "ListFiles", times = 9 } end
    end
    assert.same({ made[1], made[2], "ServiceUnavailable" }, turns)
  end)

  it("creates, starts, stops and deletes a job of 2024-05-18", function()
    local client = new { version = V2024 }
    local made = assert(client:CreateDIJob {
      ProjectId = PROJECT, Name = "mysql_to_holo", JobType = "DatabaseRealtimeMigration", MigrationType = "FullAndRealtimeIncremental",
      SourceDataSourceType = "MySQL", DestinationDataSourceType = "Hologres",
      SourceDataSourceSettings = { { DataSourceName = "m", DataSourceProperties = { Encoding = "utf-8" } } },
      DestinationDataSourceSettings = { { DataSourceName = "h" } },
      TableMappings = { { SourceObjectSelectionRules = { { ObjectType = "Table", Action = "Include", ExpressionType = "Exact", Expression = "t" } } } },
      ResourceSettings = { RealtimeResourceSettings = { RequestedCu = 0.5, ResourceGroupIdentifier = "g" } },
      Owner = 95279527,
    })
    local shown = assert(client:GetDIJob { Id = made.Id, WithDetails = true }).PagingInfo
    assert.same({ "mysql_to_holo", "Initialized", "95279527", 0.5, "t" }, { shown.JobName, shown.JobStatus, shown.Owner,
      shown.ResourceSettings.RealtimeResourceSettings.RequestedCu, shown.TableMappings[1].SourceObjectSelectionRules[1].Expression })
    assert.is_true(assert(client:StartDIJob { Id = made.Id, RealtimeStartSettings = { StartTime = 1 } }).Success)
    assert.equal("Running", assert(client:GetDIJob { Id = made.Id }).PagingInfo.JobStatus)
    assert(client:StopDIJob { Id = made.Id })
    assert(client:GetDIJob { Id = made.Id })
    assert.equal("Stopped", assert(client:GetDIJob { Id = made.Id }).PagingInfo.JobStatus)
    assert(client:DeleteDIJob { Id = made.Id })
    local result, err = client:GetDIJob { Id = made.Id }
    assert.is_nil(result)
    assert.same({ "service", "Param.Invalid", 400, "GetDIJob" }, { err.kind, err.code, err.status, err.action })
    local start = emulator:journal("StartDIJob")[1]
    assert.same({ "GET", V2024, 0 }, { start.method, start.version, start.body_bytes })
    assert.is_true(emulator:journal("CreateDIJob")[1].body_bytes > 0)
  end)

  it("gets jobs of 2024-05-18 page after page, with the version as an option of the call", function()
    local client, names = new(), {}
    for i = 1, 5 do
      names[i] = "job_" .. i
      assert(client:call("CreateDIJob", { ProjectId = PROJECT, Name = names[i], FileSpec = "{}" }, { version = V2024 }))
    end
    local found = {}
    for count, page, err in client:each("ListDIJobs", { ProjectId = PROJECT, PageSize = 2 }, { version = V2024, pages = true }) do
      assert.is_nil(err)
      for _, job in ipairs(page.PagingInfo.DIJobs) do found[#found + 1] = count .. " " .. job.JobName end
    end
    assert.same({ "1 job_1", "1 job_2", "2 job_3", "2 job_4", "3 job_5" }, found)
  end)

  it("gets a refusal that names an action that the emulator lacks", function()
    local client = new()
    local _, err = client:call("ListMetaDB", { ProjectId = PROJECT, DataSourceType = "odps" })
    assert.same({ "service", "NotServedByEmulator", 400 }, { err.kind, err.code, err.status })
    assert.matches("does not serve the action ListMetaDB of version 2020%-05%-18", err.message)
  end)
end)
