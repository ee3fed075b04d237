-- Kills the process of a flow at every point, also on a network that loses requests and replies. A process that resumes
-- from the saved state must end with exactly one task. Tagged "install": the flows run in processes of their own.

local cjson = require "cjson"
local curl = require "dataworks.curl"
local dataworks = require "dataworks"
local files = require "spec.support.files"
local ids = require "dataworks.util.ids"
local shell = require "spec.support.shell"
local support = require "spec.support.emulator"

local PROJECT = 10000
local CREATE, UPDATE = "CreateDISyncTask", "UpdateDISyncTask"
local GENERATE = {
  create_sync_task = "GenerateDISyncTaskConfigForCreating", update_sync_task = "GenerateDISyncTaskConfigForUpdating",
}

local SCRIPT = files.json "spec/scripts/mysql_to_odps_single_database.json"
local SELECTION = { steps = { { parameter = { connection = { { table = { "other" } } } }, name = "Reader", category = "reader" } } }
local OFFLINE_SCRIPT = files.read "spec/scripts/task_content_offline.json"

local function creating(task_type)
  local offline = task_type == "DI_OFFLINE"
  return {
    ProjectId = PROJECT, TaskType = task_type, TaskName = "task", FileFolderPath = "Business Flow/x/Data Integration",
    TaskParam = not offline and SCRIPT or nil, TaskContent = offline and OFFLINE_SCRIPT or nil,
  }
end

local function updating(task_type, file)
  local offline = task_type == "DI_OFFLINE"
  return {
    ProjectId = PROJECT, TaskType = task_type, FileId = file, TaskParam = not offline and SELECTION or nil,
    TaskContent = offline and OFFLINE_SCRIPT:gsub("u_pk", "other") or nil,
  }
end

-- The faults of each action, in order, before the service answers normally.
local NETWORKS = {
  ["on a good network"] = {},
  ["on a network that loses requests and replies"] = {
    { fault = "reset" }, { fault = "reset", acts = true }, { fault = "truncate" },
  },
}
local RETRIES = 3

describe("a killed flow #install", function()
  local emulator, client, session, folder

  setup(function()
    emulator = support.start()
    session = curl.new { allow_http = true }
    folder = shell.output "mktemp -d"
    client = dataworks.new {
      endpoint = emulator.endpoint, access_key_id = emulator.access_key_id, access_key_secret = emulator.access_key_secret,
      getenv = function() end,
    }
  end)

  teardown(function()
    client:close()
    session:close()
    emulator:stop()
    shell.output("rm -r " .. shell.quote(folder))
  end)

  -- Over one connection, because there are thousands of these requests.
  local function control(method, path, body)
    local status, failure, text = session:send({ method = method, url = emulator.endpoint .. "/_emulator/" .. path, body = body and cjson.encode(body) or "" }, 10)
    assert.equal(200, status, text or failure.message)
    return cjson.decode(text)
  end

  local function write(name, text)
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    assert(file:write(text))
    file:close()
  end

  -- Resets the emulator and writes two jobs: one for the process that dies, one for the process that resumes.
  local function prepare(case, dies_at)
    os.remove(folder .. "/state")
    os.remove(folder .. "/kill")
    control("POST", "reset", {})
    control("POST", "settings", { pending_calls = 1 })
    local file
    if case.flow == "update_sync_task" then
      file = ids.text(assert(client:create_sync_task(creating(case.task_type), { delay = 0.001 })).FileId)
    end
    local job = {
      flow = case.flow, params = file and updating(case.task_type, file) or creating(case.task_type), retries = RETRIES,
      state = folder .. "/state", endpoint = emulator.endpoint, access_key_id = emulator.access_key_id,
      access_key_secret = emulator.access_key_secret,
    }
    write("second", cjson.encode(job))
    job.dies_at = dies_at
    write("first", cjson.encode(job))
    return #control("GET", "journal")
  end

  local function program(job)
    return ("%s spec/support/self_killing_flow.lua %s"):format(shell.interpreter, shell.quote(folder .. "/" .. job))
  end

  local function result_of(output)
    local text = output:match "result (%b{})\n$"
    assert.is_truthy(text, output)
    local result = cjson.decode(text)
    result.ClientToken = nil
    return result
  end

  local function run_uninterrupted(case)
    local before = prepare(case)
    local result = result_of(shell.run(program "first"))
    return result, #control("GET", "journal") - before
  end

  -- The content of each call of an action that took effect.
  local function effects(action)
    local list = {}
    for _, entry in ipairs(control("GET", "journal?action=" .. action)) do
      if entry.acted then list[#list + 1] = entry.params.TaskContent or "" end
    end
    return list
  end

  local function check(case, expected, output, where)
    local result = result_of(output)
    assert.same(expected, result, where)
    assert.equal(1, #effects(CREATE), where)
    if case.task_type ~= "DI_OFFLINE" then
      assert.equal(1, #effects(GENERATE[case.flow]), where)
      local found = assert(client:GetDISyncTask { ProjectId = PROJECT, TaskType = case.task_type, FileId = result.FileId })
      assert.equal(case.task_type == "DI_REALTIME" and expected.TaskContent or nil, found.Data.Code, where)
    end
    if case.task_type ~= "DI_SOLUTION" then
      local found = assert(client:ListRefDISyncTasks {
        ProjectId = PROJECT, TaskType = case.task_type, DatasourceName = "mysql_pub", RefType = "from",
      }).Data.DISyncTasks
      assert.same({ 1, result.FileId }, { #found, ids.text(found[1].NodeId) }, where)
    end
    -- An update may be repeated, always with the same content.
    local updates = effects(UPDATE)
    assert.is_true(case.flow == "create_sync_task" and #updates == 0 or #updates >= 1, where)
    for _, content in ipairs(updates) do assert.equal(expected.TaskContent, content, where) end
  end

  local function add_faults(case, faults)
    for _, action in ipairs { GENERATE[case.flow], "QueryDISyncTaskConfigProcessResult", CREATE, UPDATE } do
      for _, fault in ipairs(faults) do
        control("POST", "faults", { action = action, fault = fault.fault, acts = fault.acts })
      end
    end
  end

  local CASES = {}
  for _, flow in ipairs { "create_sync_task", "update_sync_task" } do
    for _, task_type in ipairs { "DI_REALTIME", "DI_SOLUTION", "DI_OFFLINE" } do
      CASES[#CASES + 1] = { flow = flow, task_type = task_type }
    end
  end

  for _, case in ipairs(CASES) do
    local name = ("(%s of %s) "):format(case.flow, case.task_type)

    for network, faults in pairs(NETWORKS) do
      it(name .. "leaves one task wherever it is killed " .. network, function()
        local expected = run_uninterrupted(case)
        local both = ("%s; echo \"ended $?\"; %s"):format(program "first", program "second")
        local points = 0
        local ended
        repeat
          prepare(case, points + 1)
          add_faults(case, faults)
          local output = shell.run(both)
          ended = output:match "ended (%d+)"
          local where = ("point %d\n%s"):format(points + 1, output)
          assert.is_truthy(ended == "0" or ended == "137" and output:find("^died "), where)
          check(case, expected, output, where)
          points = points + 1
        until ended == "0"
        -- Two points around each call, two around each state, and one at the end.
        local calls = case.task_type == "DI_OFFLINE" and 1 or 4
        local steps = case.task_type == "DI_OFFLINE" and 2 or 4
        assert.is_true(points > 2 * calls + 2 * steps, points)
      end)
    end

    it(name .. "leaves one task when it is killed during the wait for a reply", function()
      local expected, calls = run_uninterrupted(case)
      for call = 1, calls do
        local before = prepare(case)
        if call > 1 then control("POST", "faults", { fault = "slow_head", seconds = 0, times = call - 1 }) end
        control("POST", "faults", { fault = "slow_head", seconds = 600 })
        local pipe = io.popen(([[
          exec 2>&1
          %s & pid=$!
          i=0
          until [ -e %s ] || [ $i = 3000 ]; do sleep 0.01; i=$((i + 1)); done
          kill -9 $pid; wait $pid; echo "ended $?"
          %s]]):format(program "first", shell.quote(folder .. "/kill"), program "second"))
        local seen
        for _ = 1, 2000 do
          seen = #control("GET", "journal") - before
          if seen == call then break end
          curl.sleep(0.005)
        end
        write("kill", "")
        local output = pipe:read "*a"
        pipe:close()
        local where = ("call %d\n%s"):format(call, output)
        assert.equal(call, seen, where)
        assert.matches("ended 137", output)
        check(case, expected, output, where)
      end
    end)
  end
end)
