-- The lists of the emulator's service: files of 2020-05-18, and jobs of 2024-05-18.

local catalog = require "dataworks.api.catalog"
local files = require "spec.support.files"
local json = require "dataworks.emulator.json"
local replies = require "dataworks.emulator.service.reply"
local service = require "dataworks.emulator.service"
local new_settings = require("dataworks.emulator.settings").defaults

local OFFLINE = files.read "spec/scripts/task_content_offline.json"

local function new(version, changes)
  local settings = new_settings()
  for name, value in pairs(changes or {}) do settings[name] = value end
  local made = service.new { settings = settings, now = function() return 1638859251 end }

  -- Returns the decoded reply; or nil, the code of the refusal and the detail.
  return function(action, params)
    local result = made:call(action, params, catalog.find(action, version), "key")
    if result.refusal then return nil, result.refusal.code, result.detail end
    return json.decode(replies.body(result, "R"))
  end
end

local function ids(list, name)
  local found = {}
  for i, one in ipairs(list) do found[i] = one[name] end
  return found
end

describe("ListFiles", function()
  local call

  before_each(function()
    call = new("2020-05-18")
    for _, task in ipairs { { "orders", "DI_OFFLINE" }, { "orders_live", "DI_REALTIME" }, { "all", "DI_SOLUTION" }, { "users", "DI_OFFLINE" } } do
      assert(call("CreateDISyncTask", { ProjectId = "1", TaskName = task[1], TaskType = task[2], TaskContent = OFFLINE }))
    end
    assert(call("CreateDISyncTask", { ProjectId = "2", TaskName = "other", TaskType = "DI_OFFLINE", TaskContent = OFFLINE }))
  end)

  it("shows the tasks of a project as files, oldest first, without solutions", function()
    local reply = call("ListFiles", { ProjectId = "1" })
    assert.is_true(reply.Success)
    assert.same({ 1000001, 1000002, 1000004 }, ids(reply.Data.Files, "FileId"))
    assert.same({ 1, 10, 3 }, { reply.Data.PageNumber, reply.Data.PageSize, reply.Data.TotalCount })
    assert.same({ FileId = 1000002, FileName = "orders_live", FileType = 900, UseType = "NORMAL", CreateUser = "emulator", Owner = "emulator",
      CreateTime = 1638859251000 }, reply.Data.Files[2])
  end)

  it("filters by name, type and id, and returns one page", function()
    for i, case in ipairs {
      { { Keyword = "orders" }, { 1000001, 1000002 } }, { { ExactFileName = "orders" }, { 1000001 } }, { { FileTypes = "10,23" }, { 1000001, 1000004 } },
      { { FileIdIn = "1000004,1000003" }, { 1000004 } }, { { PageNumber = "2", PageSize = "2" }, { 1000004 } }, { { PageNumber = "3" }, {} },
    } do
      case[1].ProjectId = "1"
      assert.same(case[2], ids(call("ListFiles", case[1]).Data.Files, "FileId"), i)
    end
    assert.equal(OFFLINE, call("ListFiles", { ProjectId = "1", NeedContent = "true" }).Data.Files[1].Content)
  end)

  it("needs a project, and a page number and size between 1 and 100", function()
    assert.equal("Param.Invalid", select(2, call("ListFiles", {})))
    for _, page in ipairs { { PageNumber = "0" }, { PageSize = "0" }, { PageSize = "101" }, { PageNumber = "101" } } do
      page.ProjectId = "1"
      assert.equal("Param.Invalid", select(2, call("ListFiles", page)))
    end
  end)
end)

describe("a job of 2024-05-18", function()
  local function creating(changes)
    local params = {
      ProjectId = "1", Name = "j", SourceDataSourceType = "MySQL", DestinationDataSourceType = "Hologres", MigrationType = "FullAndRealtimeIncremental",
      TableMappings = '[{"SourceObjectSelectionRules":[]}]', JobSettings = '{"ChannelSettings":"1"}',
    }
    for name, value in pairs(changes or {}) do params[name] = value or nil end
    return params
  end

  it("is created, shown, started, stopped and deleted", function()
    local call = new("2024-05-18", { kill_calls = 1 })
    assert.same({ RequestId = "R", Id = 1000001, DIJobId = 1000001 }, call("CreateDIJob", creating()))
    local seen = {}
    local function look() seen[#seen + 1] = call("GetDIJob", { Id = "1000001" }).PagingInfo.JobStatus end
    look()
    assert.same({ RequestId = "R", Success = true }, call("StartDIJob", { DIJobId = "1000001" }))
    look()
    assert.equal("Param.Invalid", select(2, call("DeleteDIJob", { Id = "1000001" })))
    assert.equal("Param.Invalid", select(2, call("StartDIJob", { Id = "1000001" })))
    assert(call("StopDIJob", { Id = "1000001" }))
    look()
    look()
    assert.same({ "Initialized", "Running", "Stopping", "Stopped" }, seen)
    assert.equal("Param.Invalid", select(2, call("StopDIJob", { Id = "1000001" })))
    assert(call("DeleteDIJob", { Id = "1000001" }))
    assert.equal("Param.Invalid", select(2, call("GetDIJob", { Id = "1000001" })))
  end)

  it("shows its settings as last changed when the call asks for details", function()
    local call = new "2024-05-18"
    call("CreateDIJob", creating { Description = "d" })
    assert.is_nil(call("GetDIJob", { Id = "1000001" }).PagingInfo.TableMappings)
    assert(call("UpdateDIJob", { Id = "1000001", JobSettings = '{"ChannelSettings":"2"}', Owner = "7" }))
    local job = call("GetDIJob", { Id = "1000001", WithDetails = "true" }).PagingInfo
    assert.same({ { ChannelSettings = "2" }, "d", "7", "j", 1 }, { job.JobSettings, job.Description, job.Owner, job.JobName, job.ProjectId })
    assert.equal(1, #job.TableMappings)
    assert.equal("Param.Invalid", select(2, call("UpdateDIJob", { Id = "1000001", JobSettings = "[]", Owner = "8" })))
    assert.equal("7", call("GetDIJob", { Id = "1000001" }).PagingInfo.Owner)
  end)

  it("needs the documented parameters or a FileSpec, and a unique name", function()
    local call = new "2024-05-18"
    for _, changes in ipairs {
      { Name = false }, { ProjectId = false }, { MigrationType = false }, { TableMappings = "{}" }, { JobSettings = "no JSON" },
    } do
      assert.equal("Param.Invalid", select(2, call("CreateDIJob", creating(changes))))
    end
    assert(call("CreateDIJob", { ProjectId = "1", JobName = "j", FileSpec = "{}" }))
    assert.equal("Invalid.DI.Parameter.File.Existed", select(2, call("CreateDIJob", creating())))
    assert(call("CreateDIJob", creating { ProjectId = "2" }))
    assert.equal("Param.Invalid", select(2, call("GetDIJob", { Id = "1000001", ProjectId = "2" })))
  end)

  it("is listed by project, name and page", function()
    local call = new "2024-05-18"
    for _, name in ipairs { "a1", "a2", "b1" } do call("CreateDIJob", creating { Name = name }) end
    call("CreateDIJob", creating { Name = "a3", ProjectId = "2" })
    local paging = call("ListDIJobs", { ProjectId = "1", Name = "a" }).PagingInfo
    assert.same({ { "a1", "a2" }, 2, 1, 10 }, { ids(paging.DIJobs, "JobName"), paging.TotalCount, paging.PageNumber, paging.PageSize })
    assert.same({ "b1" }, ids(call("ListDIJobs", { ProjectId = "1", PageNumber = "2", PageSize = "2" }).PagingInfo.DIJobs, "JobName"))
    assert.same({}, call("ListDIJobs", { ProjectId = "1", MigrationType = "Full" }).PagingInfo.DIJobs)
    assert.equal("Param.Invalid", select(2, call("ListDIJobs", { ProjectId = "1", PageSize = "0" })))
  end)
end)
