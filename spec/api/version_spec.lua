-- The version of the API that an action belongs to.

local fake = require "spec.support.fake"
local files = require "spec.support.files"

local FILE = { ProjectId = 10, FileId = 5, TaskType = "DI_REALTIME" }

local function generating()
  return { ProjectId = 10, TaskType = "DI_REALTIME", TaskParam = files.read "spec/scripts/mysql_to_odps.json" }
end

-- Checks that run raises at its first line.
local function raised(pattern, run)
  local ok, message = pcall(run)
  assert.is_false(ok, pattern)
  assert.matches(pattern, message)
  assert.equal(debug.getinfo(run, "S").linedefined, tonumber(message:match "version_spec.lua:(%d+): "), message)
end

describe("the version of an action", function()
  it("is named by the error of a parameter that only the other version has", function()
    local client = fake.client {}
    local request, err = client:request("GetDIJob", { Id = 1 })
    assert.same({ nil, "Id", "is not a parameter of this action in version 2020-05-18; version 2024-05-18 has it" }, { request, err.path, err.message })
    err = select(2, client:request("ListFiles", { Keyworld = 1 }))
    assert.equal("is not a parameter of this action; did you mean Keyword?", err.message)
    err = select(2, client:request("ListFiles", { method = "GET" }))
    assert.equal("is not a parameter of this action; it is an option: put it into a second table, after the parameters", err.message)
  end)

  it("is the older one when both have the action", function()
    local client, world = fake.client { fake.good {}, fake.reply { RequestId = "R", Log = "l" } }
    assert(client:AbolishDataServiceApi { ApiId = 1, ProjectId = 2 })
    assert.equal("l", assert(client:GetDIJobLog { DIJobId = 1 }).Log)
    assert.same({ "2020-05-18", "2024-05-18" }, { world.sent[1].headers["x-acs-version"], world.sent[2].headers["x-acs-version"] })
  end)

  it("is that of the client, or of the call", function()
    local job = { DIJobId = 1 }
    local function version_of(options, changes)
      local client, world = fake.client({ fake.reply { RequestId = "R" } }, options)
      assert(client:GetDIJob(job, changes))
      return world.sent[1].headers["x-acs-version"]
    end
    assert.equal("2020-05-18", version_of())
    assert.equal("2024-05-18", version_of { version = "2024-05-18" })
    assert.equal("2024-05-18", version_of({}, { version = "2024-05-18" }))
    assert.equal("2020-05-18", version_of({ version = "2024-05-18" }, { version = "2020-05-18" }))
    local client = fake.client({}, { version = "2024-05-18" })
    assert.equal("GET", assert(client:request("GetDIJob", job)).method)
    assert.equal("POST", assert(client:request("GetDIJob", job, { version = "2020-05-18" })).method)
  end)

  it("is named in misuse together with the version that has the action; generate always has its own", function()
    local client, world = fake.client({ fake.good { Status = "success", ProcessId = 7 } }, { version = "2024-05-18" })
    local other = "unknown action GetDISyncTask of version 2024%-05%-18; it is an action of version 2020%-05%-18"
    raised(other, function() local r = client:GetDISyncTask(FILE) return r end)
    raised(other, function() local r = client:call("GetDISyncTask", FILE) return r end)
    raised(other, function() local r = client:request("GetDISyncTask", FILE) return r end)
    raised("unknown action GetDISyncTask of version", function() local r = client:each("GetDISyncTask", FILE) return r end)
    raised("unknown action GetDIJobb of version 2024%-05%-18; did you mean GetDIJob%?", function() local r = client:call("GetDIJobb", {}) return r end)
    raised("call: version must be one of", function() local r = client:call("GetDIJob", {}, { version = "1" }) return r end)
    raised("GetDIJob: version must be one of", function() local r = client:GetDIJob({}, { version = "1" }) return r end)
    raised("request: version must be one of", function() local r = client:request("GetDIJob", {}, { version = "1" }) return r end)
    raised("each: version must be one of", function() local r = client:each("ListDIJobs", {}, { version = "1" }) return r end)
    assert(client:generate(generating()))
    assert.equal("2020-05-18", world.sent[1].headers["x-acs-version"])
    raised("generate: version is an option of dataworks.new; the options here are retries, timeout, unchecked", function() local r = client:generate({}, { version = "2020-05-18" }) return r end)
  end)
end)
